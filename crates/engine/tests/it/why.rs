//! The cases of `tests/why/*.yaml`: what is observed, and the whole chain that has to come of it.
//! Each rule has one.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use api::Object;
use engine::why::{Came, Chain, Facts, Log, RULES, Written, explain, version};

#[test]
fn every_rule_tells_what_its_fixture_says() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/why");
    let (mut shown, mut wrong) = (BTreeSet::new(), Vec::new());
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .expect("the cases are part of the crate")
        .flatten()
        .map(|entry| entry.path())
        .collect();
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let case: Value = serde_yaml::from_str(&text).unwrap();
        let facts = facts(&case);
        let mut chain = explain(&facts);
        if let Ok(written) = serde_json::from_value::<Written>(case["written"].clone()) {
            chain = chain.written(Some(&written), facts.now);
        }
        if chain.ends_at_the_process(&facts)
            && let Some(version) = version(&facts)
        {
            let lines: Vec<Written> =
                serde_json::from_value(case["lines"].clone()).unwrap_or_default();
            chain = chain.came(&version, &came(&case["came"]), &lines, facts.now);
        }
        let told = tell(&chain);
        let expected = case["expect"].as_str().unwrap_or_default();
        if told.trim() != expected.trim() {
            wrong.push(format!("{}:\n{told}\n", file.display()));
        }
        shown.insert(chain.rule);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let missing: Vec<_> = RULES
        .iter()
        .filter(|rule| !shown.contains(**rule))
        .collect();
    assert!(missing.is_empty(), "no case shows {missing:?}");
}

fn facts(case: &Value) -> Facts {
    let objects = |part: &str| -> Vec<Object> {
        let all = case[part].as_array().cloned().unwrap_or_default();
        all.into_iter().map(Object::from).collect()
    };
    let texts = |value: &Value| -> Vec<String> {
        let all = value.as_array().into_iter().flatten();
        all.filter_map(Value::as_str)
            .map(ToOwned::to_owned)
            .collect()
    };
    let absent = case["absent"].as_array().into_iter().flatten().map(|it| {
        let parts = texts(it);
        (parts[0].clone(), parts[1].clone(), parts[2].clone())
    });
    let logs = case["logs"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|log| Log {
            container: log["container"].as_str().unwrap_or_default().into(),
            lines: texts(&log["lines"]),
            error: log["error"].as_str().unwrap_or_default().into(),
        });
    Facts {
        object: Object::from(case["object"].clone()),
        owners: objects("owners"),
        around: objects("around"),
        absent: absent.collect(),
        events: objects("events"),
        logs: logs.collect(),
        now: "2026-11-21T10:00:00Z".parse().expect("a time"),
        unread: Vec::new(),
    }
}

fn came(case: &Value) -> Came {
    let text = |field: &str| case[field].as_str().unwrap_or_default().to_owned();
    match case {
        Value::Object(_) => Came::With {
            rollout: text("rollout"),
            commit: text("commit"),
            subject: text("subject"),
            author: text("author"),
        },
        Value::String(_) => Came::Alone,
        _ => Came::Unknown,
    }
}

fn tell(chain: &Chain) -> String {
    let mut lines = vec![format!("{}: {}", chain.subject, chain.rule)];
    for step in &chain.steps {
        let tone = format!("{:?}", step.tone).to_lowercase();
        lines.push(format!("{tone}: {} ({})", step.heading, step.source));
        lines.extend((!step.text.is_empty()).then(|| format!("    {}", step.text)));
        for line in step.excerpt.iter().flat_map(|it| &it.lines) {
            let mark = if line.marked { ">" } else { " " };
            let number = match line.number {
                0 => String::new(),
                number => format!("{number} "),
            };
            lines.push(format!("  {mark} {number}{}", line.text));
        }
    }
    if let Some(field) = &chain.field {
        let (kind, namespace, name) = (&field.kind, &field.namespace, &field.name);
        lines.push(format!("at: {kind} {namespace}/{name} {}", field.path));
    }
    lines.extend((!chain.advice.is_empty()).then(|| format!("do: {}", chain.advice)));
    lines.extend((!chain.missing.is_empty()).then(|| format!("stops: {}", chain.missing)));
    lines.join("\n")
}
