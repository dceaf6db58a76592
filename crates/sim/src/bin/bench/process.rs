//! Memory and processor of each process of an instance, as the kernel tells them.

use std::collections::BTreeMap;
use std::time::Duration;

use sim::instance::Instance;

use crate::figures::say;

/// Clock ticks in a second: the kernel's constant for user space.
const TICKS: u64 = 100;

/// One process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Usage {
    /// Resident memory, in kilobytes.
    memory: u64,
    /// The most it ever had.
    peak: u64,
    /// Time on a processor, in ticks.
    ticks: u64,
}

/// The roles of the instance, and the programs they run. What a PostgreSQL starts is PostgreSQL.
pub(crate) fn all(instance: &Instance) -> BTreeMap<&'static str, Usage> {
    let own = instance.data().display().to_string();
    let mut roles: BTreeMap<String, &'static str> = BTreeMap::new();
    let mut left = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let path = entry.path();
        let read = |file: &str| std::fs::read_to_string(path.join(file)).unwrap_or_default();
        let line = read("cmdline").replace('\0', " ");
        let process = entry.file_name().to_string_lossy().into_owned();
        match role(&line).filter(|_| line.contains(&own)) {
            Some(role) => drop(roles.insert(process, role)),
            None if line.starts_with("postgres:") => left.push((process, parent(&read("status")))),
            None => {}
        }
    }
    for (process, parent) in left {
        if roles.get(&parent) == Some(&"postgres") {
            roles.insert(process, "postgres");
        }
    }
    let mut all: BTreeMap<&'static str, Usage> = BTreeMap::new();
    for (process, role) in roles {
        let read = |file: &str| {
            std::fs::read_to_string(format!("/proc/{process}/{file}")).unwrap_or_default()
        };
        let usage = all.entry(role).or_default();
        let status = read("status");
        // What they share is counted once, with the first of them.
        let shared = match role {
            "postgres" if usage.memory > 0 => kilobytes(&status, "RssShmem:"),
            _ => 0,
        };
        usage.memory += kilobytes(&status, "VmRSS:").saturating_sub(shared);
        usage.peak += kilobytes(&status, "VmHWM:").saturating_sub(shared);
        usage.ticks += ticks(&read("stat"));
    }
    all
}

fn parent(status: &str) -> String {
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"));
    line.unwrap_or_default().trim().to_owned()
}

fn role(line: &str) -> Option<&'static str> {
    let roles = [
        ("kedge up ", "supervisor"),
        ("kedge orchestrator ", "orchestrator"),
        ("kedge reconciler ", "reconciler"),
        ("kedge agent ", "agent"),
        ("/containerd ", "containerd"),
        ("/postgres ", "postgres"),
    ];
    let found = roles.iter().find(|(part, _)| line.contains(part));
    found.map(|(_, role)| *role)
}

fn kilobytes(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// User and system time; the fields are counted after the name, which may have spaces.
fn ticks(stat: &str) -> u64 {
    let after = stat.rsplit(") ").next().unwrap_or_default();
    let fields = after.split_whitespace().skip(11).take(2);
    fields.filter_map(|field| field.parse::<u64>().ok()).sum()
}

/// Memory at the end of a rest, and how busy each process was meanwhile.
pub(crate) fn report(
    before: &BTreeMap<&'static str, Usage>,
    after: &BTreeMap<&'static str, Usage>,
    rest: Duration,
) -> anyhow::Result<()> {
    for (role, usage) in after {
        let ticks = usage.ticks - before.get(role).map_or(0, |it| it.ticks.min(usage.ticks));
        let tenths = ticks * 1000 / TICKS / rest.as_secs().max(1);
        let text = format!(
            "{} MB, {}.{} % of a core",
            usage.memory / 1024,
            tenths / 10,
            tenths % 10
        );
        say(&format!("at rest: {role}"), &text)?;
    }
    let of = |role: &str| after.get(role).map_or(0, |usage| usage.memory);
    let both = (of("orchestrator") + of("reconciler")) / 1024;
    say(
        "at rest: orchestrator and reconciler",
        &format!("{both} MB (aim: 150)"),
    )
}

/// The most memory the processes of a test had, and how long they were on a processor.
pub(crate) fn peak(
    test: &str,
    before: &BTreeMap<&'static str, Usage>,
    after: &BTreeMap<&'static str, Usage>,
) -> anyhow::Result<()> {
    for role in ["reconciler", "orchestrator", "postgres"] {
        let Some(usage) = after.get(role) else {
            continue;
        };
        let ticks = usage.ticks - before.get(role).map_or(0, |it| it.ticks.min(usage.ticks));
        let text = format!(
            "{} MiB at most, {} MiB now, {} s of processor",
            usage.peak / 1024,
            usage.memory / 1024,
            ticks / TICKS
        );
        say(&format!("{test}: {role}"), &text)?;
    }
    Ok(())
}

/// The processor and memory of this machine.
pub(crate) fn machine() -> String {
    let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let cpus = read("/proc/cpuinfo");
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown", |line| line.trim_start_matches([':', '\t', ' ']));
    let cores = cpus.matches("processor\t").count();
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    format!("{cores} cores, {model}, load {load} at the start")
}
