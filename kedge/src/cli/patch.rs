//! What differs, as `git diff` shows it: hunks by field, the words that changed marked.

use api::codec::yaml;
use engine::diff::FieldChange;
use owo_colors::Style;
use serde::Deserialize;
use serde_json::{Value, json};
use similar::{ChangeTag, DiffOp, TextDiff};

use super::table::plain_line;
use super::tint;

/// Lines that did not change, around those that did.
const CONTEXT: usize = 3;
/// A line of which more than this share changed has no marked words: all of it is new.
const PERCENT: usize = 60;

/// An object that is not as the revision has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DiffObject {
    kind: String,
    namespace: String,
    name: String,
    action: String,
    place: String,
    changes: Vec<FieldChange>,
    object: Option<Value>,
}

/// All objects, one below the other.
pub(super) fn lines(objects: &[DiffObject]) -> Vec<String> {
    objects.iter().flat_map(object).collect()
}

fn object(object: &DiffObject) -> Vec<String> {
    let name = match object.namespace.as_str() {
        "" => object.name.clone(),
        namespace => format!("{namespace}/{}", object.name),
    };
    let sign = match object.action.as_str() {
        "delete" => '-',
        "create" => '+',
        _ => '~',
    };
    let title = format!("{sign} {:7} {} {name}", object.action, object.kind);
    let mut head = tint::change(&plain_line(title.trim_end()));
    if !object.place.is_empty() {
        head.push_str(&tint::faint(&format!("  {}", plain_line(&object.place))));
    }
    let mut lines = vec![head];
    if let Some(body) = &object.object {
        let text = yaml::to_string(body);
        let all = text.lines().map(|line| colour('+', line, &[]));
        lines.extend(all);
    }
    let mut last = None;
    for change in &object.changes {
        let (parent, leaf) = split(&change.path);
        if last != Some(parent) {
            let heading = if parent.is_empty() { "@@" } else { parent };
            lines.push(tint::hunk(&format!("@@ {} @@", plain_line(heading))));
            last = Some(parent);
        }
        lines.extend(hunk(
            &text(leaf, change.old.as_ref()),
            &text(leaf, change.new.as_ref()),
        ));
    }
    lines
}

/// `spec.replicas` is `replicas` in `spec`; what is in brackets is of the part before it.
fn split(path: &str) -> (&str, &str) {
    let mut depth = 0_usize;
    let mut at = None;
    for (index, c) in path.char_indices() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            '.' if depth == 0 => at = Some(index),
            _ => {}
        }
    }
    match at {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => ("", path),
    }
}

/// A field as a manifest would have it; nothing where it is not there.
fn text(leaf: &str, value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::String(long)) if long.contains('\n') => {
            let inside = long.lines().map(|line| format!("  {line}\n"));
            format!("{leaf}: |\n{}", inside.collect::<String>())
        }
        Some(value) => yaml::to_string(&json!({ leaf: value })),
    }
}

/// Old and new text with the lines around what changed.
fn hunk(old: &str, new: &str) -> Vec<String> {
    let diff = TextDiff::from_lines(old, new);
    let mut lines = Vec::new();
    for (at, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if at > 0 {
            lines.push(tint::faint(" ⋮"));
        }
        for op in group {
            lines.extend(operation(&diff, op));
        }
    }
    lines
}

fn operation(diff: &TextDiff<'_, '_, str>, op: &DiffOp) -> Vec<String> {
    let mut lines = Vec::new();
    for change in diff.iter_inline_changes(op) {
        let sign = match change.tag() {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => ' ',
        };
        let (mut line, mut marked, mut length) = (String::new(), Vec::new(), 0);
        for (emphasised, part) in change.iter_strings_lossy() {
            let part = plain_line(part.trim_end_matches('\n'));
            if emphasised && !part.is_empty() {
                marked.push((line.len(), line.len() + part.len()));
                length += part.len();
            }
            line.push_str(&part);
        }
        if length * 100 >= line.trim().len().max(1) * PERCENT {
            marked.clear();
        }
        lines.push(colour(sign, &line, &marked));
    }
    lines
}

/// A line in the colour of its sign, with parts of it marked.
fn colour(sign: char, line: &str, marked: &[(usize, usize)]) -> String {
    let style = match sign {
        '-' => Style::new().red(),
        '+' => Style::new().green(),
        _ => return format!(" {line}"),
    };
    let mark = style.reversed();
    let mut text = style.style(sign).to_string();
    let mut at = 0;
    let mut put = |part: &str, style: Style| {
        if !part.is_empty() {
            text.push_str(&style.style(part).to_string());
        }
    };
    for (from, to) in marked {
        put(&line[at..*from], style);
        put(&line[*from..*to], mark);
        at = *to;
    }
    put(&line[at..], style);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(object: Value) -> (Vec<String>, String) {
        let object: DiffObject = serde_json::from_value(object).unwrap();
        let lines = lines(&[object]);
        let plain = lines
            .iter()
            .map(|line| anstream::adapter::strip_str(line).to_string())
            .collect();
        (plain, lines.join("\n"))
    }

    #[test]
    fn fields_are_hunks_below_what_they_are_in() {
        let container = "spec.template.spec.containers[name=web,x.y]";
        let (plain, _) = shown(json!({
            "kind": "Deployment", "namespace": "shop", "name": "web", "action": "change", "place": "web.yaml:1",
            "changes": [
                {"path": format!("{container}.image"), "old": "app:1", "new": "app:2"},
                {"path": format!("{container}.args"), "old": null, "new": ["-v"]},
                {"path": "spec.replicas", "old": 2, "new": 3},
            ],
        }));
        assert_eq!(
            plain,
            [
                "~ change  Deployment shop/web  web.yaml:1",
                "@@ spec.template.spec.containers[name=web,x.y] @@",
                "-image: app:1",
                "+image: app:2",
                "+args:",
                "+- -v",
                "@@ spec @@",
                "-replicas: 2",
                "+replicas: 3",
            ]
        );
    }

    #[test]
    fn long_texts_show_what_changed_with_what_is_around_it() {
        let long = |word: &str| -> String {
            (1..=12)
                .map(|line| format!("line {line} {}\n", if line == 6 { word } else { "" }))
                .collect()
        };
        let (plain, coloured) = shown(json!({
            "kind": "ConfigMap", "name": "settings", "action": "change",
            "changes": [{"path": "data.text", "old": long("before it all"), "new": long("after it all")}],
        }));
        assert_eq!(plain[1], "@@ data @@");
        assert_eq!(plain.len(), 2 + CONTEXT * 2 + 2, "{plain:#?}");
        assert!(plain.contains(&"-  line 6 before it all".to_owned()));
        // Only the word that changed is marked.
        let marked = Style::new().red().reversed().style("before").to_string();
        assert!(coloured.contains(&marked), "{coloured:?}");
        // Where nearly all of a line is new, none of it is.
        let (_, coloured) = shown(json!({
            "kind": "ConfigMap", "name": "settings", "action": "change",
            "changes": [{"path": "data.k", "old": "aaaaaaaaaaaa", "new": "zzzzzzzzzzzz"}],
        }));
        assert!(
            !coloured.contains("\u{1b}[7m") && !coloured.contains(";7m"),
            "{coloured:?}"
        );
    }

    #[test]
    fn new_objects_are_shown_whole_and_deleted_ones_by_name() {
        let (plain, _) = shown(json!({
            "kind": "ConfigMap", "namespace": "shop", "name": "a", "action": "create",
            "object": {"kind": "ConfigMap", "data": {"k": "v"}},
        }));
        assert_eq!(
            plain,
            [
                "+ create  ConfigMap shop/a",
                "+kind: ConfigMap",
                "+data:",
                "+  k: v"
            ]
        );
        let (plain, _) = shown(json!({"kind": "Pod", "name": "a", "action": "delete"}));
        assert_eq!(plain, ["- delete  Pod a"]);
    }
}
