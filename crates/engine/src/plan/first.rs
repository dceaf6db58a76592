//! What plans delete, before everything else that they do.

use super::patch::{Mark, marks};

/// The lines of one plan: what it deletes, and all the rest.
pub fn apart(lines: &[String]) -> (Vec<String>, Vec<String>) {
    let marked = lines.iter().zip(marks(lines));
    let (deletions, rest): (Vec<_>, Vec<_>) =
        marked.partition(|(_, (mark, _))| *mark == Mark::Delete);
    let told = |(line, _): (&String, _)| line.clone();
    (
        deletions.into_iter().map(told).collect(),
        rest.into_iter().map(told).collect(),
    )
}

/// The lines of several plans, each below `application NAME: …`: what is deleted in any of them is
/// one group before everything else.
pub fn deletions_first(lines: Vec<String>) -> Vec<String> {
    let marked: Vec<Mark> = marks(&lines).into_iter().map(|(mark, _)| mark).collect();
    let (mut deletions, mut rest, mut application) = (Vec::new(), Vec::new(), String::new());
    for (line, mark) in lines.into_iter().zip(marked) {
        if let Some(named) = line.strip_prefix("application ") {
            let name = named.split([':', ' ']).next().unwrap_or_default();
            name.clone_into(&mut application);
        }
        match (mark, application.as_str()) {
            (Mark::Delete, "") => deletions.push(line),
            (Mark::Delete, name) => deletions.push(format!("{line} (application {name})")),
            _ => rest.push(line),
        }
    }
    let title = title(deletions.len()).into_iter();
    title.chain(deletions).chain(rest).collect()
}

/// What is above them; nothing where nothing is deleted.
pub fn title(deletions: usize) -> Option<String> {
    match deletions {
        0 => None,
        1 => Some("1 object is deleted".into()),
        many => Some(format!("{many} objects are deleted")),
    }
}

#[test]
fn what_is_deleted_comes_before_all_applications() {
    let check = |lines: &[&str], expected: &[&str]| {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        assert_eq!(deletions_first(lines), expected);
    };
    check(
        &[
            "application serving: 1 to change",
            "  ~ change  Deployment movies/serving",
            "      @@ spec @@",
            "      - replicas: 3",
            "      + replicas: 2",
            "application shop: 1 to delete",
            "  - delete  Service shop/api",
            "application ui: 1 to change",
            "  ~ change  Deployment movies/ui",
        ],
        &[
            "1 object is deleted",
            "  - delete  Service shop/api (application shop)",
            "application serving: 1 to change",
            "  ~ change  Deployment movies/serving",
            "      @@ spec @@",
            "      - replicas: 3",
            "      + replicas: 2",
            "application shop: 1 to delete",
            "application ui: 1 to change",
            "  ~ change  Deployment movies/ui",
        ],
    );
    check(
        &["nothing changes in the cluster"],
        &["nothing changes in the cluster"],
    );
}
