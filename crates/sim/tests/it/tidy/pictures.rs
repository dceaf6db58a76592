//! The README's pictures: each is there for bright and for dark screens, and none is left over.

use std::collections::BTreeSet;

use super::{report, tree};

#[test]
fn every_picture_is_shown_in_both_themes() {
    let readme = std::fs::read_to_string(tree::root().join("README.md")).unwrap();
    let shown: BTreeSet<&str> = readme
        .split('"')
        .filter(|it| it.starts_with("docs/pictures/"))
        .collect();
    let mut wrong = Vec::new();
    for path in &shown {
        let themes = [("-light.png", "-dark.png"), ("-dark.png", "-light.png")];
        let other = themes.iter().find_map(|(theme, other)| {
            let name = path.strip_suffix(theme)?;
            Some(format!("{name}{other}"))
        });
        match other {
            Some(other) if shown.contains(other.as_str()) => {}
            _ => wrong.push(format!("README.md shows {path} in one theme only")),
        }
        if !tree::root().join(path).is_file() {
            wrong.push(format!("README.md shows {path}, which is not there"));
        }
    }
    let there = std::fs::read_dir(tree::root().join("docs/pictures")).unwrap();
    for file in there.flatten() {
        let path = format!("docs/pictures/{}", file.file_name().to_string_lossy());
        if !shown.contains(path.as_str()) {
            wrong.push(format!("{path} is shown nowhere"));
        }
    }
    assert!(shown.len() >= 6, "the README has no pictures: {shown:?}");
    report(
        "`make pictures` takes the pictures, the README shows them.",
        &wrong,
    );
}
