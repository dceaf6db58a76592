//! What differs, as `git diff` shows it: hunks by field, the words that changed marked.

use api::Object;
use api::codec::yaml;
use engine::diff::{self, FieldChange, Line, LineKind};
use engine::plan::{Edit, Mark, marks};
use owo_colors::Style;
use serde::Deserialize;
use serde_json::Value;

use super::table::plain_line;
use super::tint;

/// Lines that did not change, around those that did.
const CONTEXT: usize = 3;

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
    reason: String,
    asks: bool,
}

impl DiffObject {
    /// What changed in it, for [`woven`].
    pub(super) fn edit(&self) -> Edit {
        Edit {
            object: format!("{} {}", self.kind, self.title()),
            changes: self.changes.clone(),
            after: self.object.clone(),
        }
    }

    /// `shop/web`
    fn title(&self) -> String {
        match self.namespace.as_str() {
            "" => self.name.clone(),
            namespace => format!("{namespace}/{}", self.name),
        }
    }
}

/// All objects, one below the other.
pub(super) fn lines(objects: &[DiffObject]) -> Vec<String> {
    objects.iter().flat_map(object).collect()
}

fn object(object: &DiffObject) -> Vec<String> {
    let name = object.title();
    let (sign, action) = match object.action.as_str() {
        "delete" => ('-', "delete"),
        "create" => ('+', "create"),
        "keep" if object.asks => ('?', "delete"),
        "keep" => ('=', "keep"),
        other => ('~', other),
    };
    let why = match sign {
        '?' => format!(" (only when asked: {})", object.reason),
        '=' => format!(" ({})", object.reason),
        _ => String::new(),
    };
    let title = format!("{sign} {action:7} {} {name}{why}", object.kind);
    let mut head = tint::change(&plain_line(title.trim_end()));
    if !object.place.is_empty() {
        head.push_str(&tint::faint(&format!("  {}", plain_line(&object.place))));
    }
    let mut lines = vec![head];
    let is_changed = !object.changes.is_empty();
    let whole = object.object.clone().map(Object::from);
    if let Some(body) = whole.as_ref().filter(|_| !is_changed) {
        let kind = match sign {
            '-' | '?' => LineKind::Removed,
            _ => LineKind::Added,
        };
        let text = yaml::to_string(&body.body);
        let all = text.lines().map(|text| line(&Line::whole(kind, text)));
        lines.extend(all);
    }
    lines.extend(fields(whole.as_ref(), &object.changes));
    lines
}

/// What changed, place by place, below the place's path; with what is around it where the object is
/// at hand.
pub(super) fn fields(object: Option<&Object>, changes: &[FieldChange]) -> Vec<String> {
    let parts = diff::parts(object, changes).into_iter();
    let told = parts.flat_map(|part| {
        let heading = match part.path.as_str() {
            "" => "@@".to_owned(),
            path => format!("@@ {} @@", plain_line(path)),
        };
        std::iter::once(tint::hunk(&heading)).chain(hunks(&part.old, &part.new))
    });
    told.collect()
}

/// Old and new text with the lines around what changed.
fn hunks(old: &str, new: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for (at, hunk) in diff::patch(old, new, CONTEXT).iter().enumerate() {
        if at > 0 {
            lines.push(tint::faint(" ⋮"));
        }
        lines.extend(hunk.iter().map(line));
    }
    lines
}

/// A line in the colour of its sign, with parts of it marked.
fn line(line: &Line) -> String {
    let (sign, style) = match line.kind {
        LineKind::Same => return format!(" {}", plain_line(&line.text())),
        LineKind::Removed => ("-", Style::new().red()),
        LineKind::Added => ("+", Style::new().green()),
    };
    let mark = style.reversed();
    let mut text = style.style(sign).to_string();
    for span in &line.spans {
        let style = if span.changed { mark } else { style };
        text.push_str(&style.style(plain_line(&span.text)).to_string());
    }
    text
}

/// The lines of a plan, with the changes in place of the lines about them: the words that changed are
/// marked, and nothing is cut.
pub(super) fn woven(lines: &[String], edits: &[Edit]) -> Vec<String> {
    let mut woven = Vec::new();
    // How far in the change is whose lines are left out.
    let mut told = None;
    for (text, (mark, at)) in lines.iter().zip(marks(lines)) {
        let indent = text.len() - text.trim_start().len();
        if told.is_some_and(|change| indent > change) {
            continue;
        }
        woven.push(coloured(text, mark, at));
        let title = text[at..].strip_prefix("~ change  ");
        let title = title.filter(|_| mark == Mark::Change);
        let edit = title.and_then(|title| edits.iter().find(|edit| edit.object == title));
        told = edit.map(|_| indent);
        let changes = edit.iter().flat_map(|edit| {
            let after = edit.after.clone().map(Object::from);
            fields(after.as_ref(), &edit.changes)
        });
        let blanks = " ".repeat(indent);
        woven.extend(changes.map(|line| format!("{blanks}    {line}")));
    }
    woven
}

/// The lines of a plan, each in the colour of what it is.
pub(super) fn plan(lines: &[String]) -> Vec<String> {
    let lines = lines.iter().zip(marks(lines));
    lines
        .map(|(text, (mark, at))| coloured(text, mark, at))
        .collect()
}

fn coloured(text: &str, mark: Mark, at: usize) -> String {
    let inner = plain_line(&text[at..]);
    let inner = match mark {
        Mark::Create | Mark::Change | Mark::Delete | Mark::Asks => tint::change(&inner),
        Mark::Place | Mark::Added | Mark::Removed => tint::patch(&inner),
        Mark::Keep | Mark::Same | Mark::Other => inner,
    };
    format!("{}{inner}", " ".repeat(at))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
    fn fields_have_around_them_what_their_object_has() {
        let (plain, _) = shown(json!({
            "kind": "Deployment", "namespace": "shop", "name": "web", "action": "change",
            "changes": [{"path": "spec.replicas", "old": 2, "new": 3}],
            "object": {"apiVersion": "apps/v1", "kind": "Deployment",
                "spec": {"paused": false, "replicas": 3, "selector": {}}},
        }));
        let expected = [
            "~ change  Deployment shop/web",
            "@@ spec @@",
            " paused: false",
            "-replicas: 2",
            "+replicas: 3",
            " selector: {}",
        ];
        assert_eq!(plain, expected);
    }

    #[test]
    fn a_plan_shows_changes_where_it_has_them() {
        let lines = [
            "application web: 2 to change",
            "  ~ change  Deployment shop/web",
            "      @@ spec @@",
            "      -replicas: 1",
            "      +replicas: 2",
            "  ~ change  ConfigMap shop/web",
            "      @@ data @@",
            "      -k: a",
            "      +k: b",
            "  + create  Pod shop/x",
        ]
        .map(str::to_owned);
        let edits: Vec<Edit> = serde_json::from_value(json!([{"object": "Deployment shop/web",
            "changes": [{"path": "spec.replicas", "old": 1, "new": 2}],
            "after": {"apiVersion": "apps/v1", "kind": "Deployment",
                "spec": {"replicas": 2, "paused": true}}}]))
        .unwrap();
        let woven = woven(&lines, &edits);
        let plain = woven.iter();
        let plain = plain.map(|line| anstream::adapter::strip_str(line).to_string());
        assert_eq!(
            plain.collect::<Vec<_>>(),
            [
                "application web: 2 to change",
                "  ~ change  Deployment shop/web",
                "      @@ spec @@",
                "      -replicas: 1",
                "      +replicas: 2",
                "       paused: true",
                "  ~ change  ConfigMap shop/web",
                "      @@ data @@",
                "      -k: a",
                "      +k: b",
                "  + create  Pod shop/x",
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
    fn new_and_deleted_objects_are_shown_whole() {
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
        let (plain, _) = shown(json!({"kind": "Pod", "name": "a", "action": "delete",
            "object": {"kind": "Pod"}}));
        assert_eq!(plain, ["- delete  Pod a", "-kind: Pod"]);
        let kept = |asks: bool, object: Value| {
            let reason = "2 left, and the budget is 1";
            shown(
                json!({"kind": "Pod", "name": "a", "action": "keep", "reason": reason,
                "asks": asks, "object": object}),
            )
            .0
        };
        let waits = "? delete  Pod a (only when asked: 2 left, and the budget is 1)";
        assert_eq!(kept(true, json!({"kind": "Pod"})), [waits, "-kind: Pod"]);
        let stays = "= keep    Pod a (2 left, and the budget is 1)";
        assert_eq!(kept(false, Value::Null), [stays]);
        // An instance of before this was told.
        let (plain, _) = shown(json!({"kind": "Pod", "name": "a", "action": "delete"}));
        assert_eq!(plain, ["- delete  Pod a"]);
    }
}
