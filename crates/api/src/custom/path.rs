//! Places that a definition names: `.spec.replicas`, `.status.conditions[?(@.type=="Ready")].status`.

use serde_json::Value;

use crate::json_path::JsonPath;

/// Field names of a path without brackets; `None` where it is another path.
pub(super) fn fields(path: &str) -> Option<Vec<String>> {
    let rest = path.strip_prefix('.')?;
    let names: Vec<String> = rest.split('.').map(str::to_owned).collect();
    let is_name = |name: &String| !name.is_empty() && !name.contains(['[', ']', '\\', '*', '\'']);
    names.iter().all(is_name).then_some(names)
}

/// The value below field names.
pub(super) fn value<'a>(body: &'a Value, fields: &[String]) -> Option<&'a Value> {
    fields.iter().try_fold(body, |at, field| at.get(field))
}

/// A path as `kubectl` writes it, as RFC 9535 has it: a dot that is part of a name is `\.` there.
pub(super) fn json_path(path: &str) -> Result<JsonPath, String> {
    if !path.starts_with('.') {
        return Err("must be a JSON path that begins with a dot".into());
    }
    JsonPath::parse(&standard(path)).map_err(|error| error.to_string())
}

fn standard(path: &str) -> String {
    let mut text = String::from("$");
    let mut rest = path;
    while let Some(first) = rest.chars().next() {
        if first == '[' {
            // Up to the end of what is in brackets, whatever it says.
            let end = rest.find(']').map_or(rest.len(), |at| at + 1);
            text.push_str(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        let name = rest.strip_prefix('.').unwrap_or(rest);
        let (length, plain) = segment(name);
        if plain == "*" || plain.is_empty() {
            text.push('.');
            text.push_str(&plain);
        } else {
            text.push_str("['");
            text.push_str(&plain.replace('\'', "\\'"));
            text.push_str("']");
        }
        rest = &name[length..];
    }
    text
}

/// How long the first name is, and what it is without its backslashes.
fn segment(text: &str) -> (usize, String) {
    let mut plain = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => plain.extend(letters.next().map(|(_, letter)| letter)),
            '.' | '[' => return (at, plain),
            letter => plain.push(letter),
        }
    }
    (text.len(), plain)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_of_kubectl_find_their_values() {
        let body = json!({
            "metadata": {"annotations": {"example.org/tier": "gold"}},
            "spec": {"replicas": 3, "hosts": ["a", "b"], "max-age": 4},
            "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Old", "status": "False"}]},
        });
        let check = |path: &str, expected: &[Value]| {
            let found = json_path(path).unwrap();
            let expected: Vec<&Value> = expected.iter().collect();
            assert_eq!(found.find(&body), expected, "{path}");
        };
        check(".spec.replicas", &[json!(3)]);
        check(".spec.max-age", &[json!(4)]);
        check(".spec.hosts[1]", &[json!("b")]);
        check(".spec.hosts[*]", &[json!("a"), json!("b")]);
        check(
            ".status.conditions[?(@.type==\"Ready\")].status",
            &[json!("True")],
        );
        check(
            ".status.conditions[?(@.type=='Old')].status",
            &[json!("False")],
        );
        check(".metadata.annotations.example\\.org/tier", &[json!("gold")]);
        check(".spec.none", &[]);
        assert!(json_path("spec.replicas").is_err());
    }

    #[test]
    fn plain_paths_are_field_names() {
        assert_eq!(fields(".spec.replicas").unwrap(), ["spec", "replicas"]);
        for other in ["spec.replicas", ".spec.", ".spec.hosts[0]", "", "."] {
            assert_eq!(fields(other), None, "{other}");
        }
    }
}
