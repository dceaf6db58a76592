//! What dashboard, alerts and documents name is what the roles really answer.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use sim::instance::{Instance, empty_seed, finish};

const FILES: [&str; 3] = [
    "monitoring/dashboard.json",
    "monitoring/alerts.yaml",
    "docs/monitoring.md",
];
const PREFIXES: [&str; 3] = ["kedge_", "apiserver_", "kubelet_"];

#[test]
fn every_figure_that_is_named_is_served() {
    let seed = empty_seed().expect("a seed");
    let instance = Instance::start("monitoring", &["--seed", &seed, "--runtime", "simulated"])
        .expect("the instance starts");
    if let Err(error) = play(&instance) {
        panic!("{error:#}\n\nThe logs:\n{}", instance.logs());
    }
}

fn play(instance: &Instance) -> anyhow::Result<()> {
    let pages = [
        get(&format!("{}/metrics", instance.web()?))?,
        instance.kubectl(&["get", "--raw", "/metrics"])?,
        get(&format!("https://{}/metrics", node(instance)?))?,
    ];
    let served: BTreeSet<String> = pages.iter().flat_map(|page| series(page)).collect();
    ensure!(served.len() > 20, "{served:?}");
    for file in FILES {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let text = std::fs::read_to_string(root.join(file)).context(file)?;
        let named = names(&text);
        ensure!(named.len() > 5, "{file} names {named:?}");
        let unserved: Vec<_> = named.difference(&served).collect();
        ensure!(unserved.is_empty(), "{file} names {unserved:?}");
        if file.starts_with("docs/") {
            let own = served.iter().filter(|name| !is_part(name));
            let untold: Vec<_> = own.filter(|name| !named.contains(*name)).collect();
            ensure!(untold.is_empty(), "{file} does not name {untold:?}");
        }
    }
    Ok(())
}

/// Where the agent of the one node answers.
fn node(instance: &Instance) -> anyhow::Result<String> {
    let template = "jsonpath={.items[0].status.addresses[?(@.type=='InternalIP')].address}:\
                    {.items[0].status.daemonEndpoints.kubeletEndpoint.Port}";
    instance.kubectl(&["get", "nodes", "-o", template])
}

fn get(url: &str) -> anyhow::Result<String> {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--fail", "--insecure"]);
    let output = finish(command.args(["--max-time", "10", url]))?;
    Ok(String::from_utf8(output.stdout)?)
}

/// The series that a page's families can have, whether or not one has a value yet.
fn series(page: &str) -> Vec<String> {
    let families = page.lines().filter_map(|line| {
        let mut words = line.strip_prefix("# TYPE ")?.split(' ');
        Some((words.next()?, words.next()?))
    });
    let suffixes = |kind: &str| match kind {
        "counter" => vec!["_total"],
        "histogram" => vec!["", "_bucket", "_sum", "_count"],
        _ => vec![""],
    };
    families
        .flat_map(|(name, kind)| {
            let all = suffixes(kind).into_iter();
            all.map(move |suffix| format!("{name}{suffix}"))
        })
        .collect()
}

/// Of a histogram, which is documented by its name alone.
fn is_part(name: &str) -> bool {
    ["_bucket", "_sum", "_count"]
        .iter()
        .any(|suffix| name.ends_with(suffix))
}

fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words
        .filter(|word| PREFIXES.iter().any(|prefix| word.starts_with(prefix)))
        .map(str::to_owned)
        .collect()
}
