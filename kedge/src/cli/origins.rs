//! File and line of what Kedge applied, and whose each field is, asked of the reconciler, which knows the
//! repository and shows the same on its pages.

use std::collections::BTreeMap;

use serde_json::Value;

use api::Resource;

use super::server::Server;

/// Fields of one question: an address must not grow too long.
const MOST: usize = 40;

/// The fields in an answer about the past that there are, with the commit that made them what they are:
/// of changes only those with one, for whose a field was then nobody says.
pub(super) fn asked(answer: &mut Value) -> Vec<(String, &mut Value)> {
    let mut asked = Vec::new();
    let Some(answer) = answer.as_object_mut() else {
        return asked;
    };
    for (part, list) in answer {
        for told in list.as_array_mut().into_iter().flatten() {
            let commit = told["commit"].as_str().unwrap_or_default().to_owned();
            let fields = match part.as_str() {
                "fields" => std::slice::from_mut(told),
                "items" => match told.get_mut("fields").and_then(Value::as_array_mut) {
                    Some(fields) => fields.as_mut_slice(),
                    None => continue,
                },
                _ => continue,
            };
            // What is gone is in no file.
            let there = fields.iter_mut().filter(|field| field.get("is").is_some());
            if !commit.is_empty() || part == "fields" {
                asked.extend(there.map(|field| (commit.clone(), field)));
            }
        }
    }
    asked
}

/// Fills `file` and `line` in for every field that a commit asks for, and `sort`, which says whose it is.
/// What the reconciler does not know stays away.
pub(super) async fn fill(
    server: &Server,
    (resource, namespace, name): (&Resource, &str, &str),
    fields: Vec<(String, &mut Value)>,
) -> anyhow::Result<()> {
    let mut of_commits: BTreeMap<String, Vec<&mut Value>> = BTreeMap::new();
    for (commit, field) in fields {
        of_commits.entry(commit).or_default().push(field);
    }
    for (commit, mut fields) in of_commits {
        for part in fields.chunks_mut(MOST) {
            let names: Vec<&str> = part.iter().filter_map(|it| it["field"].as_str()).collect();
            let query = [
                ("commit", commit.as_str()),
                ("group", &resource.group),
                ("resource", &resource.plural),
                ("namespace", namespace),
                ("name", name),
                ("fields", &names.join("\n")),
            ];
            let answer = server.read(&["origins"], &query).await?;
            let places = answer["items"].as_array();
            for (field, place) in part.iter_mut().zip(places.into_iter().flatten()) {
                if place["file"].as_str().is_some_and(|file| !file.is_empty()) {
                    field["file"] = place["file"].clone();
                    field["line"] = place["line"].clone();
                }
                if place["sort"].is_string() {
                    field["sort"] = place["sort"].clone();
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_found_in_both_answers() {
        let names = |mut answer: Value| -> Vec<String> {
            let found = asked(&mut answer).into_iter();
            found
                .map(|(commit, field)| format!("{commit} {}", field["field"]))
                .collect()
        };
        let blame = json!({"kind": "Blame", "fields": [
            {"field": "a", "is": 1, "commit": "c1"}, {"field": "b", "is": 1, "commit": ""},
        ]});
        assert_eq!(names(blame), ["c1 \"a\"", " \"b\""]);
        let history = json!({"items": [
            {"commit": "c2", "fields": [{"field": "a", "was": 1}, {"field": "b", "is": 1}]},
            {"commit": "", "fields": [{"field": "a", "is": 1}]},
            {"commit": "c1", "operation": "created"},
        ]});
        assert_eq!(names(history), ["c2 \"b\""]);
    }
}
