//! Checks of a whole commit that need no cluster.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use api::ObjectKey;
use api::codec::strict::nearest;

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
pub fn commit<F: Borrow<Found>>(
    kinds: &Kinds,
    applications: &[F],
    rendered: &[Rendered],
) -> Problems {
    let applications: Vec<&Found> = applications.iter().map(Borrow::borrow).collect();
    let mut problems = dependencies(&applications);
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
            if is_record(manifest) {
                problems.push(record(manifest));
            }
            if let Some((owner, first)) = owners.get(&key) {
                problems.push(shared(manifest, one.application, owner, first));
            } else {
                owners.insert(key, (one.application, manifest));
            }
        }
    }
    Problems(problems)
}

/// A record comes from no repository: whoever writes one invents what happened.
fn is_record(manifest: &Manifest) -> bool {
    let gvk = manifest.object.gvk();
    (gvk.group.as_str(), gvk.kind.as_str()) == (api::kinds::GROUP, "Rollout")
}

fn record(manifest: &Manifest) -> Problem {
    let title = title(&manifest.object);
    let text = format!("{title} is a record, and only Kedge writes those");
    Problem::new(&manifest.origin.file, text)
        .at(manifest.origin.line, 0)
        .hint("take it out of the repository")
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

fn dependencies(applications: &[&Found]) -> Vec<Problem> {
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
                let nearest = nearest(dependency, names.keys().copied());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::MapTree;
    use crate::{Origin, application};

    fn application(name: &str, path: &str, depends_on: &str) -> String {
        format!(
            "apiVersion: kedge.dev/v1alpha1\nkind: Application\nmetadata: {{name: {name}}}\n\
             spec:\n  source: {{path: {path}}}\n  dependsOn: {depends_on}\n"
        )
    }

    fn tree(applications: &[(&str, &str)]) -> MapTree {
        applications.iter().fold(
            MapTree::default().with_file("web/a.yaml", ""),
            |tree, (name, depends_on)| {
                let text = application(name, "web", depends_on);
                tree.with_file(&format!("apps/{name}.yaml"), text)
            },
        )
    }

    #[test]
    fn finds_applications_and_what_is_wrong_with_them() {
        let found = application::find(&tree(&[("web", "[db]"), ("db", "[]")]), "").unwrap();
        let names: Vec<&str> = found
            .iter()
            .map(|found| found.application.name.as_str())
            .collect();
        assert_eq!(names, ["db", "web"]);
        assert_eq!(found[1].application.namespace, "kedge");
        assert_eq!(found[1].application.depends_on, ["db"]);
        assert_eq!(found[1].application.path().as_deref(), Some("web"));

        let broken = MapTree::default()
            .with_file("apps/a.yaml", application("a", "gone", "[]"))
            .with_file("apps/b.yaml", application("b", "../out", "[]"))
            .with_file(
                "apps/c.yaml",
                application("c", ".", "[]").replace("source", "sorce"),
            );
        insta::assert_snapshot!(application::find(&broken, "").unwrap_err());
    }

    #[test]
    fn a_path_in_another_repository_is_relative_to_its_own_root() {
        let there = |path: &str| {
            let text = application("a", path, "[]").replace("path:", "repo: shop, path:");
            MapTree::default().with_file("deploy/apps/a.yaml", text)
        };
        for (path, expected) in [(".", ""), ("./web/", "web"), ("web", "web")] {
            let found = application::find(&there(path), "deploy").unwrap();
            assert_eq!(found[0].application.source.path, expected, "{path}");
        }
        let refused = application::find(&there("../web"), "deploy").unwrap_err();
        assert!(
            refused.to_string().contains("leaves the repository"),
            "{refused}"
        );
    }

    #[test]
    fn records_come_from_no_repository() {
        let manifest = |text: serde_json::Value| Manifest {
            object: text.into(),
            origin: Origin {
                file: "web/a.yaml".into(),
                line: 3,
            },
        };
        let check = |kind: &str, expected: &str| {
            let manifests = [manifest(serde_json::json!({
                "apiVersion": "kedge.dev/v1alpha1", "kind": kind,
                "metadata": {"name": "web-1", "namespace": "kedge"},
            }))];
            let rendered = Rendered {
                application: "web",
                manifests: &manifests,
            };
            let problems = commit::<Found>(&Kinds::served(), &[], &[rendered]);
            assert_eq!(problems.summary(), expected);
        };
        check("Application", "");
        check(
            "Rollout",
            "web/a.yaml:3: Rollout kedge/web-1 is a record, and only Kedge writes those, \
             take it out of the repository",
        );
    }

    #[test]
    fn dependencies_are_known_and_go_in_no_circle() {
        let check = |applications: &[(&str, &str)], expected: &[&str]| {
            let found = application::find(&tree(applications), "").unwrap();
            let problems = commit(&Kinds::served(), &found, &[]);
            let told: Vec<String> = problems
                .0
                .into_iter()
                .map(|problem| Problems(vec![problem]).summary())
                .collect();
            assert_eq!(told, expected);
        };
        check(&[("web", "[api, db]"), ("api", "[db]"), ("db", "[]")], &[]);
        check(
            &[("web", "[apii]"), ("api", "[]")],
            &[
                "apps/web.yaml:1: dependsOn names \"apii\", and there is no such Application in Application web, \
               did you mean \"api\"?",
            ],
        );
        check(
            &[("a", "[b]"), ("b", "[c]"), ("c", "[a]"), ("d", "[a]")],
            &[
                "apps/a.yaml:1: dependsOn goes in a circle: a -> b -> c -> a in Application a, \
               take one of them out",
            ],
        );
        check(
            &[("a", "[a]")],
            &[
                "apps/a.yaml:1: dependsOn goes in a circle: a -> a in Application a, take one of them out",
            ],
        );
    }

    #[test]
    fn one_object_belongs_to_one_application() {
        let manifest = |file: &str| Manifest {
            object: serde_json::json!({"apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": "x", "namespace": "shop"}})
            .into(),
            origin: Origin {
                file: file.into(),
                line: 4,
            },
        };
        let (one, two) = ([manifest("a/x.yaml")], [manifest("b/x.yaml")]);
        let problems = commit::<Found>(
            &Kinds::served(),
            &[],
            &[
                Rendered {
                    application: "a",
                    manifests: &one,
                },
                Rendered {
                    application: "b",
                    manifests: &two,
                },
            ],
        );
        assert_eq!(
            problems.summary(),
            "b/x.yaml:4: ConfigMap shop/x is in application b and in application a, the other one is at a/x.yaml:4"
        );
    }
}
