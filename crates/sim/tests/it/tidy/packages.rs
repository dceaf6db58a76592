//! Which package may depend on which.

use std::collections::BTreeMap;

use super::{report, tree};

/// The packages of this repository and those of them that each may use. The three services are
/// never in each other's list: the Kubernetes-compatible API is the only way in.
const ALLOWED: &[(&str, &[&str])] = &[
    ("api", &[]),
    ("client", &["api", "telemetry"]),
    ("embedded-postgres", &["client"]),
    ("engine", &["api"]),
    ("telemetry", &[]),
    ("tls", &["api", "client", "telemetry"]),
    ("orchestrator", &["api", "client", "tls"]),
    ("nodeagent", &["api", "client", "tls"]),
    (
        "reconciler",
        &["api", "client", "engine", "telemetry", "tls"],
    ),
    (
        "kedge",
        &[
            "api",
            "client",
            "embedded-postgres",
            "engine",
            "nodeagent",
            "orchestrator",
            "reconciler",
            "telemetry",
            "tls",
        ],
    ),
    (
        "sim",
        &[
            "api",
            "client",
            "embedded-postgres",
            "engine",
            "kedge",
            "nodeagent",
            "orchestrator",
            "reconciler",
            "tls",
        ],
    ),
    ("movies", &[]),
    ("pause", &[]),
];

/// What tests alone may use besides.
const ALLOWED_IN_TESTS: &[(&str, &[&str])] = &[
    ("orchestrator", &["embedded-postgres"]),
    // orchestrator: tests of a whole pass need an API server to work against.
    ("reconciler", &["embedded-postgres", "orchestrator"]),
];

/// Crates that only these packages may name, and for what.
const CONFINED: &[(&str, &[&str])] = &[
    // axum: tests of `tls` serve something over the connections it makes.
    ("axum", &["orchestrator", "nodeagent", "reconciler", "tls"]),
    ("git2", &["reconciler"]),
    ("k8s-openapi", &["api"]),
    ("notify", &["reconciler", "tls"]),
    ("sqlx", &["orchestrator", "reconciler"]),
    ("tonic", &["nodeagent"]),
];

/// Sockets, clocks and executors have no place in what only computes.
const PURE: &[&str] = &["api", "engine"];
const IMPURE: &[&str] = &[
    "axum", "hyper", "rand", "reqwest", "sqlx", "tokio", "tracing", "uuid",
];

/// A package's dependencies by section.
pub(super) struct Package {
    pub(super) name: String,
    pub(super) dependencies: Vec<String>,
    dev_dependencies: Vec<String>,
}

pub(super) fn packages() -> Vec<Package> {
    let manifests = tree::files(&["Cargo.toml"]);
    let packages = manifests.iter().filter(|file| file.path != "Cargo.toml");
    packages.map(|file| package(&file.text)).collect()
}

fn package(manifest: &str) -> Package {
    let mut section = "";
    let mut sections: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for line in manifest.lines().map(str::trim) {
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            section = name;
        } else if let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
            sections
                .entry(section)
                .or_default()
                .push((key.trim(), value.trim()));
        }
    }
    let keys = |wanted: &dyn Fn(&str) -> bool| -> Vec<String> {
        let sections = sections.iter().filter(|(section, _)| wanted(section));
        let keys = sections.flat_map(|(_, lines)| lines);
        keys.filter_map(|(key, _)| Some(key.split('.').next()?.trim_matches('"').to_owned()))
            .collect()
    };
    let name = sections["package"].iter().find(|(key, _)| *key == "name");
    Package {
        name: name
            .expect("a package has a name")
            .1
            .trim_matches('"')
            .into(),
        dependencies: keys(&|section| {
            section.ends_with("dependencies") && !section.ends_with("dev-dependencies")
        }),
        dev_dependencies: keys(&|section| section.ends_with("dev-dependencies")),
    }
}

fn listed(table: &[(&'static str, &[&'static str])], name: &str) -> Vec<&'static str> {
    let row = table.iter().find(|(package, _)| *package == name);
    row.map(|(_, names)| names.to_vec()).unwrap_or_default()
}

#[test]
fn packages_depend_in_one_direction() {
    let packages = packages();
    assert!(
        packages.len() >= 10,
        "the walk found {} packages",
        packages.len()
    );
    let mut findings = Vec::new();
    for package in &packages {
        if !ALLOWED.iter().any(|(name, _)| *name == package.name) {
            findings.push(format!(
                "{}: add it to ALLOWED, with what it may use",
                package.name
            ));
        }
        let allowed = listed(ALLOWED, &package.name);
        let in_tests = listed(ALLOWED_IN_TESTS, &package.name);
        let ours = |name: &&String| ALLOWED.iter().any(|(ours, _)| ours == name);
        for name in package.dependencies.iter().filter(ours) {
            if !allowed.contains(&name.as_str()) {
                findings.push(format!("{} depends on {name}", package.name));
            }
        }
        for name in package.dev_dependencies.iter().filter(ours) {
            if !allowed.contains(&name.as_str()) && !in_tests.contains(&name.as_str()) {
                findings.push(format!("{} depends on {name} in its tests", package.name));
            }
        }
    }
    report(
        "A package uses what is below it, and the services never use each other. Speak through \
         the Kubernetes-compatible API (crates/client), move what both need into crates/, or put \
         a test of several services into crates/sim.",
        &findings,
    );
}

#[test]
fn crates_with_side_effects_are_confined() {
    let mut findings = Vec::new();
    for package in packages() {
        let all = package.dependencies.iter().chain(&package.dev_dependencies);
        for name in all {
            let confined = CONFINED.iter().find(|(confined, _)| confined == name);
            if confined.is_some_and(|(_, places)| !places.contains(&package.name.as_str())) {
                findings.push(format!("{} depends on {name}", package.name));
            }
            if PURE.contains(&package.name.as_str()) && IMPURE.contains(&name.as_str()) {
                findings.push(format!(
                    "{} depends on {name}, but only computes",
                    package.name
                ));
            }
        }
    }
    report(
        "SQL, Git, gRPC and HTTP serving stay in the packages that own them; see CONFINED and \
         PURE. Ask the owner through its interface instead.",
        &findings,
    );
}

#[test]
fn reads_manifests() {
    let text = "[package]\nname = \"web\"\n[dependencies]\n# a = 1\napi.workspace = true\n\
                tokio = { version = \"1\" }\n[dev-dependencies]\ninsta.workspace = true\n\
                [target.'cfg(unix)'.dependencies]\nlibc = \"0\"\n";
    let package = package(text);
    assert_eq!(package.name, "web");
    assert_eq!(package.dependencies, ["api", "tokio", "libc"]);
    assert_eq!(package.dev_dependencies, ["insta"]);
}
