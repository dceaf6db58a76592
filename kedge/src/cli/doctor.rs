//! `kedge doctor`

use clap::Args;
use serde_json::{Value, json};

use super::live::patiently;
use super::output::{Output, Screen};
use super::table::plain;
use super::tint;
use crate::data_dir::DataDir;
use crate::doctor::{Finding, Level, gather, judge};
use crate::up::Runtime;

pub(super) const EXAMPLE: &str = "\
Looks at this machine, and at the instance of a data directory where there is one, and changes
nothing: programs, cgroups, kernel settings, nftables, CNI plugins, clock, disk, ports, addresses,
PostgreSQL, the versions of programs, who else uses the pods' networks, each node's containerd, certificates, who may read the
keys. For each thing that is not well: what, where, and what to do.
It exits with 1 where something is broken.

Example:
  kedge doctor
  kedge doctor --runtime simulated
  kedge doctor -o json";

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data_dir: DataDir,
    /// What runs the pods, or is to: without containers less is needed [default: as the instance was
    /// started, and containerd where there is none]
    #[arg(long, env = "KEDGE_RUNTIME", value_enum)]
    runtime: Option<Runtime>,
    #[command(flatten)]
    output: Output,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let looking = gather(&arguments.data_dir.path, arguments.runtime);
    let findings = judge(&patiently("looking at this machine", looking).await);
    let broken = count(&findings, Level::Broken);
    let mut screen = Screen::open();
    if let Some(data) = arguments.output.format.data(&data(&findings)) {
        screen.text(&data)?;
    } else {
        screen.lines(lines(&findings))?;
        screen.lines([String::new(), summary(&findings)])?;
    }
    anyhow::ensure!(
        broken == 0,
        "{broken} of {} things that were looked at {}: do what stands beside {}",
        findings.len(),
        if broken == 1 {
            "is broken"
        } else {
            "are broken"
        },
        if broken == 1 { "it" } else { "them" },
    );
    Ok(())
}

fn count(findings: &[Finding], level: Level) -> usize {
    findings.iter().filter(|it| it.level == level).count()
}

fn data(findings: &[Finding]) -> Value {
    json!({"items": findings, "broken": count(findings, Level::Broken)})
}

/// The worst first, with what to do; what is well in one line each.
fn lines(findings: &[Finding]) -> Vec<String> {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    let mut lines = Vec::new();
    for finding in sorted {
        let (word, style) = match finding.level {
            Level::Ok => ("ok", tint::style("create")),
            Level::Unknown => ("unknown", tint::style("")),
            Level::Warning => ("warning", tint::style("OutOfSync")),
            Level::Broken => ("broken", tint::style("Failed")),
        };
        let word = style.style(format!("{word:8}"));
        let (check, place) = (finding.check, plain(&finding.place));
        let place = tint::faint(&format!("  {place}"));
        lines.push(format!("{word} {check}: {}{place}", plain(&finding.what)));
        if !finding.advice.is_empty() {
            lines.push(format!("         → {}", plain(&finding.advice)));
        }
    }
    lines
}

fn summary(findings: &[Finding]) -> String {
    let words = [
        (Level::Broken, "broken"),
        (Level::Warning, "to look after"),
        (Level::Unknown, "unknown"),
        (Level::Ok, "well"),
    ];
    let parts: Vec<String> = words
        .into_iter()
        .map(|(level, word)| (count(findings, level), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    parts.join(", ")
}
