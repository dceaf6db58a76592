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
    let changes: Vec<_> = diff.iter_changes(op).collect();
    let of = |tag: ChangeTag| -> Vec<String> {
        let changes = changes.iter().filter(|it| it.tag() == tag);
        changes
            .map(|it| plain_line(it.value().trim_end_matches('\n')))
            .collect()
    };
    let (old, new) = (of(ChangeTag::Delete), of(ChangeTag::Insert));
    // Lines are compared with each other where each has one.
    let is_paired = old.len() == new.len();
    let marks: Vec<_> = old
        .iter()
        .zip(&new)
        .map(|(old, new)| words(old, new))
        .collect();
    let mark = |at: usize| {
        marks
            .get(at)
            .filter(|_| is_paired)
            .cloned()
            .unwrap_or_default()
    };
    let equal = of(ChangeTag::Equal).into_iter();
    let equal = equal.map(|line| colour(' ', &line, &[]));
    let old = old.iter().enumerate();
    let old = old.map(|(at, line)| colour('-', line, &mark(at).0));
    let new = new.iter().enumerate();
    let new = new.map(|(at, line)| colour('+', line, &mark(at).1));
    equal.chain(old).chain(new).collect()
}

/// Parts of a line, in bytes.
type Marks = Vec<(usize, usize)>;

/// What of the old line went and what of the new one came, in words; nothing where little is the same.
fn words(old: &str, new: &str) -> (Marks, Marks) {
    let (was, is) = (split_words(old), split_words(new));
    let diff = TextDiff::from_slices(&was, &is);
    let (mut gone, mut come) = (Marks::new(), Marks::new());
    let (mut old_at, mut new_at) = (0, 0);
    for change in diff.iter_all_changes() {
        let length = change.value().len();
        match change.tag() {
            ChangeTag::Delete => mark(&mut gone, old_at, old_at + length),
            ChangeTag::Insert => mark(&mut come, new_at, new_at + length),
            ChangeTag::Equal => {}
        }
        if change.tag() != ChangeTag::Insert {
            old_at += length;
        }
        if change.tag() != ChangeTag::Delete {
            new_at += length;
        }
    }
    let is_much = |marks: &Marks, line: &str| {
        let length: usize = marks.iter().map(|(from, to)| to - from).sum();
        length * 100 >= line.trim().len().max(1) * PERCENT
    };
    if is_much(&gone, old) || is_much(&come, new) {
        return (Marks::new(), Marks::new());
    }
    (gone, come)
}

/// Adds a mark; one that begins a character after the last one goes on with it.
fn mark(marks: &mut Marks, from: usize, to: usize) {
    match marks.last_mut() {
        Some(last) if from <= last.1 + 1 => last.1 = to,
        _ => marks.push((from, to)),
    }
}

/// Runs of letters and digits, and what is between them one by one.
fn split_words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut begin = 0;
    for (at, c) in line.char_indices() {
        if !(c.is_alphanumeric() || c == '_') {
            words.extend([&line[begin..at], &line[at..at + c.len_utf8()]]);
            begin = at + c.len_utf8();
        }
    }
    words.push(&line[begin..]);
    words.retain(|word| !word.is_empty());
    words
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
    fn words_are_marked_and_not_whole_lines() {
        let check = |old: &str, new: &str, expected: &str| {
            let (_, come) = words(old, new);
            let mut text = new.to_owned();
            for (from, to) in come.iter().rev() {
                text.insert(*to, ']');
                text.insert(*from, '[');
            }
            assert_eq!(text, expected, "{old} -> {new}");
        };
        check(
            "image: movies:1.0",
            "image: movies:9.9",
            "image: movies:[9.9]",
        );
        check("replicas: 2", "replicas: 3", "replicas: [3]");
        check("a: größer als", "a: größer wie", "a: größer [wie]");
        check("k: abc", "k: xyzxyzxyz", "k: xyzxyzxyz");
        check(
            "host: a.example.org",
            "host: b.example.org",
            "host: [b].example.org",
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
