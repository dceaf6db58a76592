//! The commit that would mend it, as a patch of the one line.

use super::written::Written;

/// A patch that `git apply` takes, of the line that has `from`, which becomes `to`. `None` where the
/// line does not have it once: then nobody knows what to replace.
pub fn draft(written: &Written, from: &str, to: &str) -> Option<String> {
    let marked = written.lines.iter().position(|line| line.marked)?;
    let old = &written.lines[marked];
    if !written.exact {
        return None;
    }
    let new = replaced(&old.text, from, to)?;
    // Another repository's files are told with its name before them.
    let file = written.origin.file.rsplit("//").next()?;
    let (first, count) = (written.lines.first()?.number, written.lines.len());
    let mut patch =
        format!("--- a/{file}\n+++ b/{file}\n@@ -{first},{count} +{first},{count} @@\n");
    for (at, line) in written.lines.iter().enumerate() {
        if at == marked {
            patch += &["-", &line.text, "\n+", &new, "\n"].concat();
        } else {
            patch += &[" ", &line.text, "\n"].concat();
        }
    }
    Some(patch)
}

/// The line with another value behind its last colon, quoted as it was.
fn replaced(line: &str, from: &str, to: &str) -> Option<String> {
    let is_end =
        |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '.' | '_'));
    let mut places = line.match_indices(from).filter(|(at, _)| {
        let before = line[..*at].chars().next_back();
        let after = line[at + from.len()..].chars().next();
        is_end(before) && is_end(after) && line[..*at].contains(':')
    });
    let (at, _) = places.next()?;
    if places.next().is_some() || from.is_empty() {
        return None;
    }
    Some(format!("{}{to}{}", &line[..at], &line[at + from.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Origin;
    use crate::why::Line;

    #[test]
    fn a_value_is_replaced_where_it_is_once() {
        for (line, from, expected) in [
            ("            cpu: 64", "64", Some("            cpu: 1")),
            (
                "            cpu: \"64\"  # all of it",
                "64",
                Some("            cpu: \"1\"  # all of it"),
            ),
            (
                "    requests: {cpu: 64, memory: 64Mi}",
                "64",
                Some("    requests: {cpu: 1, memory: 64Mi}"),
            ),
            ("    requests: {cpu: 64, pods: 64}", "64", None),
            ("    cpu: 6400m", "64", None),
            ("    - 64", "64", None),
        ] {
            assert_eq!(replaced(line, from, "1").as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn a_draft_is_a_patch() {
        let line = |number, text: &str, marked| Line {
            number,
            text: text.into(),
            marked,
        };
        let mut written = Written {
            origin: Origin {
                file: "far//apps/web.yaml".into(),
                line: 41,
            },
            exact: true,
            lines: vec![
                line(40, "          requests:", false),
                line(41, "            cpu: 64", true),
                line(42, "            memory: 1Gi", false),
            ],
            ..Written::default()
        };
        assert_eq!(
            draft(&written, "64", "3900m").unwrap(),
            "--- a/apps/web.yaml\n+++ b/apps/web.yaml\n@@ -40,3 +40,3 @@\n           requests:\n\
             -            cpu: 64\n+            cpu: 3900m\n             memory: 1Gi\n"
        );
        written.exact = false;
        assert_eq!(draft(&written, "64", "3900m"), None);
    }
}
