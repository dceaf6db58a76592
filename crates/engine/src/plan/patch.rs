//! A change as `git diff` shows it, for plans that are told line by line, and what each line of such a
//! plan is.

use api::Object;

use crate::diff::{self, FieldChange, Line, LineKind};

/// Lines that did not change, around those that did.
const CONTEXT: usize = 3;
/// Lines of one object that are told, and characters of one line.
const LINES: usize = 60;
const WIDTH: usize = 160;
/// How far a patch is to the right of the line of its change.
const INDENT: usize = 4;

/// The changes of an object as they may be shown, with what is around them in the object that they
/// lead to.
pub(super) fn indented(object: &Object, changes: &[FieldChange]) -> Vec<String> {
    let is_secret = diff::is_secret(object);
    let shown = changes.iter().map(|it| diff::shown(it, is_secret));
    let shown: Vec<FieldChange> = shown.collect();
    let lines = patch(Some(&diff::masked(object)), &shown).into_iter();
    let indent = " ".repeat(INDENT);
    lines.map(|line| format!("{indent}{line}")).collect()
}

/// The changes of an object, of which nothing is hidden here; with what is around them where the
/// object is at hand.
pub fn patch(object: Option<&Object>, changes: &[FieldChange]) -> Vec<String> {
    let mut lines = Vec::new();
    for part in diff::parts(object, changes) {
        lines.push(match part.path.as_str() {
            "" => "@@".to_owned(),
            path => format!("@@ {path} @@"),
        });
        for (at, hunk) in diff::patch(&part.old, &part.new, CONTEXT)
            .iter()
            .enumerate()
        {
            lines.extend((at > 0).then(|| " ⋮".to_owned()));
            lines.extend(hunk.iter().map(line));
        }
    }
    let more = lines.len().saturating_sub(LINES);
    if more > 0 {
        lines.truncate(LINES);
        lines.push(format!(
            "… and {more} lines more, which kedge diff and the page Diff show"
        ));
    }
    lines
}

fn line(line: &Line) -> String {
    let sign = match line.kind {
        LineKind::Same => ' ',
        LineKind::Removed => '-',
        LineKind::Added => '+',
    };
    let text = line.text();
    if text.chars().count() <= WIDTH {
        return format!("{sign}{text}");
    }
    let head: String = text.chars().take(WIDTH).collect();
    format!("{sign}{head}…")
}

/// What a line of a plan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Create,
    Change,
    Delete,
    /// It is deleted as soon as somebody says so.
    Asks,
    /// It left the commit and stays.
    Keep,
    /// Where in an object the lines that follow are.
    Place,
    Added,
    Removed,
    /// What is around them.
    Same,
    /// A sentence.
    Other,
}

impl Mark {
    /// Whether it is a part of a change.
    pub fn is_patch(self) -> bool {
        matches!(self, Self::Place | Self::Added | Self::Removed | Self::Same)
    }
}

/// What each line of a plan is, and where its own text begins. An indented plan is one as well.
pub fn marks(lines: &[String]) -> Vec<(Mark, usize)> {
    let mut inside = None;
    let mark = |line: &String| {
        let text = line.trim_start_matches(' ');
        let indent = line.len() - text.len();
        if let Some(at) = inside.filter(|at| indent >= *at) {
            let mark = match line.as_bytes().get(at) {
                Some(b'@') => Mark::Place,
                Some(b'+') => Mark::Added,
                Some(b'-') => Mark::Removed,
                Some(b' ') => Mark::Same,
                _ => Mark::Other,
            };
            return (mark, at);
        }
        let mark = match text.get(..2) {
            Some("+ ") => Mark::Create,
            Some("~ ") => Mark::Change,
            Some("- ") => Mark::Delete,
            Some("? ") => Mark::Asks,
            Some("= ") => Mark::Keep,
            _ => Mark::Other,
        };
        inside = (mark == Mark::Change).then_some(indent + INDENT);
        (mark, indent)
    };
    lines.iter().map(mark).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(path: &str, old: &str, new: &str) -> FieldChange {
        FieldChange {
            path: path.into(),
            old: Some(old.into()),
            new: Some(new.into()),
        }
    }

    #[test]
    fn each_line_is_what_it_is_however_far_it_is_indented() {
        let object: Object =
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"},
            "data": {"a": "1", "b": "- create  nothing", "c": "2"}})
            .into();
        let changes = [change("data.b", "+ create  more", "- create  nothing")];
        let mut lines = vec![
            "application web: 1 to change".to_owned(),
            "  - delete  Pod shop/a".into(),
            "  ? delete  Pod shop/c (only when asked: a)".into(),
            "  = keep    Pod shop/d (a)".into(),
            "  ~ change  ConfigMap shop/a".into(),
        ];
        let patch = indented(&object, &changes).into_iter();
        lines.extend(patch.map(|line| format!("  {line}")));
        lines.push("  + create  Pod shop/b".into());
        let told: Vec<(Mark, &str)> = marks(&lines)
            .into_iter()
            .zip(&lines)
            .map(|((mark, at), line)| (mark, &line[at..]))
            .collect();
        assert_eq!(
            told,
            [
                (Mark::Other, "application web: 1 to change"),
                (Mark::Delete, "- delete  Pod shop/a"),
                (Mark::Asks, "? delete  Pod shop/c (only when asked: a)"),
                (Mark::Keep, "= keep    Pod shop/d (a)"),
                (Mark::Change, "~ change  ConfigMap shop/a"),
                (Mark::Place, "@@ data @@"),
                (Mark::Same, " a: \"1\""),
                (Mark::Removed, "-b: + create  more"),
                (Mark::Added, "+b: \"- create  nothing\""),
                (Mark::Same, " c: \"2\""),
                (Mark::Create, "+ create  Pod shop/b"),
            ]
        );
        assert!(marks(&[]).is_empty());
    }

    #[test]
    fn what_is_long_is_cut_and_says_where_the_rest_is() {
        let text = |word: &str| -> String {
            let lines = (0..LINES).map(|line| format!("{word} {line}\n"));
            lines.collect()
        };
        let lines = patch(None, &[change("data.text", &text("a"), &text("b"))]);
        assert_eq!(lines.len(), LINES + 1);
        let more = LINES * 2 + 2 - LINES;
        let last = format!("… and {more} lines more, which kedge diff and the page Diff show");
        assert_eq!(lines.last(), Some(&last));
        let wide = patch(None, &[change("data.k", "a", &"b".repeat(WIDTH))]);
        assert_eq!(wide[2], format!("+k: {}…", "b".repeat(WIDTH - 3)));
    }

    #[test]
    fn a_secret_is_a_fingerprint_here_too() {
        let object: Object = json!({"apiVersion": "v1", "kind": "Secret",
            "data": {"a": "b25l", "b": "dHdv"}})
        .into();
        let lines = indented(&object, &[change("data.b", "b25l", "dHdv")]).join("\n");
        assert!(lines.contains("-b: (hidden, sha256 "), "{lines}");
        assert!(lines.contains(" a: (hidden, sha256 "), "{lines}");
        assert!(
            !lines.contains("b25l") && !lines.contains("dHdv"),
            "{lines}"
        );
    }
}
