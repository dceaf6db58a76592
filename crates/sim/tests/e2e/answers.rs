//! What `docs/output.md` promises of `-o json` is in what each verb really prints.

use anyhow::{Context, ensure};
use serde_json::Value;
use sim::instance::{Instance, examples};
use sim::work_tree::WorkTree;

const DOCUMENT: &str = include_str!("../../../../docs/output.md");

/// Parts of the document and a line that prints such an answer, in an order in which each can.
const LINES: &[(&str, &str)] = &[
    ("kedge apps", "apps"),
    ("kedge app NAME", "app serving"),
    ("kedge diff APP", "diff serving --revision HEAD~1"),
    ("kedge rollouts", "rollouts"),
    ("kedge rollouts", "rollouts serving"),
    ("kedge rollout ID", "rollout serving-2"),
    ("kedge proof APP", "proof serving"),
    ("kedge why", "why serving"),
    ("kedge why", "why deployment/serving -n movies"),
    ("kedge plan BRANCH", "plan try"),
    ("kedge plan", "plan"),
    ("kedge rollback --dry-run", "rollback serving-2 --dry-run"),
    ("kedge rollback", "rollback serving-2 --reason enough"),
    ("kedge sync, kedge suspend, kedge resume", "sync serving"),
    ("kedge sync, kedge suspend, kedge resume", "suspend ui"),
    ("kedge sync, kedge suspend, kedge resume", "resume ui"),
    (
        "kedge repo create, kedge repo delete, kedge repo mirror",
        "repo create shop",
    ),
    (
        "kedge repo create, kedge repo delete, kedge repo mirror",
        "repo mirror shop --to https://git.invalid/shop.git",
    ),
    ("kedge repo list", "repo list"),
    (
        "kedge repo protect, kedge repo unprotect, kedge repo rules",
        "repo protect shop main",
    ),
    (
        "kedge repo protect, kedge repo unprotect, kedge repo rules",
        "repo rules shop",
    ),
    (
        "kedge repo create, kedge repo delete, kedge repo mirror",
        "repo delete shop",
    ),
    ("kedge token create", "token create ci"),
    ("kedge token list", "token list"),
    ("kedge token revoke", "token revoke ci"),
    ("kedge validate", "validate SEED"),
    ("kedge render", "render SEED"),
    ("kedge state", "state --at 0s deployments -n movies"),
    ("kedge state --to", "state --at 1 --to 0s -n movies"),
    ("kedge blame", "blame deployment/serving -n movies"),
    (
        "kedge blame --history",
        "blame deployment/serving -n movies --history",
    ),
    ("kedge undelete", "undelete configmap/gone"),
    ("kedge doctor", "doctor"),
    ("kedge doctor", "doctor --runtime simulated"),
];

#[test]
fn answers_for_programs_have_what_is_promised() -> anyhow::Result<()> {
    let instance = Instance::start(
        "answers",
        &["--runtime", "simulated", "--seed", &examples()],
    )?;
    let work = WorkTree::clone(&instance, "cluster")?;
    work.edit("serving/deployment.yaml", "replicas: 2", "replicas: 3")?;
    work.add("Three of serving")?;
    work.push()?;
    work.edit("serving/deployment.yaml", "replicas: 3", "replicas: 4")?;
    work.add("Four of serving")?;
    work.git(&["push", "--quiet", "origin", "HEAD:try"])?;
    instance.kubectl(&["create", "configmap", "gone"])?;
    instance.kubectl(&["delete", "configmap", "gone"])?;
    for (part, line) in LINES {
        promised(&instance, part, line).with_context(|| instance.logs())?;
    }
    let parts = DOCUMENT.lines().filter_map(|line| line.strip_prefix("## "));
    for part in parts {
        ensure!(
            LINES.iter().any(|(tried, _)| *tried == part),
            "{part} is not tried"
        );
    }
    Ok(())
}

fn promised(instance: &Instance, part: &str, line: &str) -> anyhow::Result<()> {
    let line = line.replace("SEED", &examples());
    let mut arguments: Vec<&str> = line.split(' ').collect();
    arguments.extend(["-o", "json"]);
    // What is broken of this machine is told, and the code says so.
    let printed = if line.starts_with("doctor") {
        let mut command = std::process::Command::new(instance.program());
        let command = command
            .args(&arguments)
            .arg("--data-dir")
            .arg(instance.data());
        String::from_utf8(command.output()?.stdout)?
    } else {
        instance.kedge(&arguments)?
    };
    let answer: Value =
        serde_json::from_str(&printed).with_context(|| format!("{line}: {printed}"))?;
    let fields = fields(part);
    ensure!(!fields.is_empty(), "{part} promises nothing");
    for field in fields {
        ensure!(has(&answer, &field), "{line}: {field} is not in {answer:#}");
    }
    Ok(())
}

/// What stands in the first column below a heading.
fn fields(part: &str) -> Vec<String> {
    let heading = format!("## {part}\n");
    let (_, rest) = DOCUMENT.split_once(&heading).unwrap_or_default();
    let part = rest.split("\n## ").next().unwrap_or_default();
    let rows = part.lines().filter(|line| line.starts_with("| `"));
    let first = rows.filter_map(|row| row.split('|').nth(1));
    let fields = first.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    fields.map(ToOwned::to_owned).collect()
}

/// Whether any element of every list on the way has the field.
fn has(answer: &Value, path: &str) -> bool {
    let Some((part, rest)) = path.split_once('.') else {
        return answer.get(path).is_some();
    };
    match part.strip_suffix("[]") {
        None => answer.get(part).is_some_and(|inner| has(inner, rest)),
        Some(list) => {
            let items = answer.get(list).and_then(Value::as_array);
            items.is_some_and(|items| items.iter().any(|item| has(item, rest)))
        }
    }
}
