//! Checks of a whole commit that need no cluster.

use std::collections::{BTreeMap, BTreeSet};

use api::ObjectKey;

use crate::application::Found;
use crate::manifest::title;
use crate::{Kinds, Manifest, Problem, Problems, order};

/// One application of a commit with what it renders to.
#[derive(Debug, Clone, Copy)]
pub struct Rendered<'a> {
    /// The Application's name.
    pub application: &'a str,
    pub manifests: &'a [Manifest],
}

/// Everything that is wrong with a commit as a whole: the same object in two applications,
/// unreadable waves, unknown kinds, dependencies on nobody or in a circle.
pub fn commit(kinds: &Kinds, applications: &[Found], rendered: &[Rendered]) -> Problems {
    let mut problems = dependencies(applications);
    let mut owners: BTreeMap<ObjectKey, (&str, &Manifest)> = BTreeMap::new();
    for one in rendered {
        for manifest in one.manifests {
            if let Err(problem) = order::wave(manifest) {
                problems.push(problem);
            }
            let Some(key) = kinds.key(&manifest.object) else {
                problems.push(unknown_kind(kinds, manifest));
                continue;
            };
            if let Some((owner, first)) = owners.get(&key) {
                problems.push(shared(manifest, one.application, owner, first));
            } else {
                owners.insert(key, (one.application, manifest));
            }
        }
    }
    Problems(problems)
}

fn shared(manifest: &Manifest, application: &str, owner: &str, first: &Manifest) -> Problem {
    Problem::new(
        &manifest.origin.file,
        format!(
            "{} is in application {application} and in application {owner}",
            title(&manifest.object)
        ),
    )
    .at(manifest.origin.line, 0)
    .hint(format!("the other one is at {}", first.origin))
}

/// For a manifest whose kind the server does not know.
pub(crate) fn unknown_kind(kinds: &Kinds, manifest: &Manifest) -> Problem {
    let gvk = manifest.object.gvk();
    let hint = kinds.nearest(&gvk).map_or_else(String::new, |nearest| {
        format!(
            "did you mean {} of {}?",
            nearest.kind,
            nearest.api_version()
        )
    });
    Problem::new(
        &manifest.origin.file,
        format!(
            "the server knows no kind {} of {}",
            gvk.kind,
            gvk.api_version()
        ),
    )
    .at(manifest.origin.line, 0)
    .object(title(&manifest.object))
    .field("kind")
    .hint(hint)
}

fn dependencies(applications: &[Found]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut names: BTreeMap<&str, &Found> = BTreeMap::new();
    for found in applications {
        let name = found.application.name.as_str();
        match names.get(name) {
            Some(first) => problems.push(
                at(found, format!("Application {name} is defined twice"))
                    .hint(format!("the other one is at {}", first.manifest.origin)),
            ),
            None => {
                names.insert(name, found);
            }
        }
    }
    for found in applications {
        for dependency in &found.application.depends_on {
            if !names.contains_key(dependency.as_str()) {
                let nearest = crate::render::nearest(dependency, names.keys().copied());
                let hint =
                    nearest.map_or_else(String::new, |name| format!("did you mean {name:?}?"));
                let text =
                    format!("dependsOn names {dependency:?}, and there is no such Application");
                problems.push(at(found, text).hint(hint));
            }
        }
    }
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for found in applications {
        if let Some(circle) = circle(&found.application.name, &names)
            && !circle.iter().any(|name| told.contains(name))
        {
            told.extend(&circle);
            let text = format!("dependsOn goes in a circle: {}", circle.join(" -> "));
            problems.push(at(found, text).hint("take one of them out"));
        }
    }
    problems
}

fn at(found: &Found, message: String) -> Problem {
    let origin = &found.manifest.origin;
    Problem::new(&origin.file, message)
        .at(origin.line, 0)
        .object(format!("Application {}", found.application.name))
        .field("spec.dependsOn")
}

/// The way from `start` back to itself, if there is one.
fn circle<'a>(start: &'a str, names: &BTreeMap<&'a str, &'a Found>) -> Option<Vec<&'a str>> {
    let mut seen = BTreeSet::new();
    let mut ways = vec![vec![start]];
    while let Some(way) = ways.pop() {
        let last = way.last().copied()?;
        let next = names.get(last).map(|found| &found.application.depends_on);
        for dependency in next.into_iter().flatten() {
            let mut longer = way.clone();
            longer.push(dependency);
            if dependency == start {
                return Some(longer);
            }
            if seen.insert(dependency.as_str()) {
                ways.push(longer);
            }
        }
    }
    None
}
