//! The fields that `docs/output.md` promises are in the answers.

use serde_json::Value;

use super::Site;
use super::sample::Sample;

const DOCUMENT: &str = include_str!("../../../../docs/output.md");

/// Verbs, and where they ask.
const VERBS: [(&str, &str); 7] = [
    ("kedge apps", "/apps"),
    ("kedge app NAME", "/apps/serving"),
    ("kedge diff APP", "/apps/serving/diff"),
    ("kedge rollouts", "/rollouts"),
    ("kedge rollout ID", "/rollouts/serving-12"),
    ("kedge proof APP", "/proofs/7f3c2ab/serving"),
    ("kedge why", "/why/pods/movies/serving-7d9f6c8b54-x2x7k"),
];

/// What stands in the first column below a heading.
fn promised(verb: &str) -> Vec<String> {
    let heading = format!("## {verb}\n");
    let (_, rest) = DOCUMENT.split_once(&heading).expect("the verb has a part");
    let part = rest.split("\n## ").next().unwrap_or_default();
    let rows = part.lines().filter(|line| line.starts_with("| `"));
    let first = rows.filter_map(|row| row.split('|').nth(1));
    let fields = first.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    fields.map(ToOwned::to_owned).collect()
}

/// Whether the first element of every list on the way has the field.
fn has(answer: &Value, path: &str) -> bool {
    path.split('.')
        .try_fold(answer, |value, part| match part.strip_suffix("[]") {
            Some(list) => value.get(list)?.get(0),
            None => value.get(part),
        })
        .is_some()
}

#[tokio::test]
async fn what_is_documented_is_there() {
    let site = Site::new(Sample::default()).await;
    for (verb, address) in VERBS {
        let (_, answer) = site.json(address).await;
        let fields = promised(verb);
        assert!(!fields.is_empty(), "{verb}");
        for field in fields {
            assert!(has(&answer, &field), "{verb}: {field} is not in {answer:#}");
        }
    }
}

#[tokio::test]
async fn a_diff_has_what_goes_and_what_is_around_a_change() {
    let site = Site::new(Sample::default()).await;
    let (_, answer) = site.json("/apps/serving/diff").await;
    let of = |action: &str| {
        let objects = answer["objects"].as_array().unwrap().iter();
        let mut fitting = objects.filter(|it| it["action"] == action);
        fitting.next().unwrap()["object"].clone()
    };
    let gone = of("delete");
    assert_eq!(gone["data"]["flag"], "on", "{gone:#}");
    assert!(gone["metadata"].get("uid").is_none(), "{gone:#}");
    assert_eq!(of("change")["kind"], "Deployment");
}
