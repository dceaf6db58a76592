//! Applications: which path of the repository goes where, and under which rules.

use jiff::SignedDuration;
use serde::de::DeserializeOwned;
use serde_json::Value;

use api::kinds::{DEFAULT_DEADLINE_SECONDS, DeletionPolicy, HealthCheck, Verify};

use api::{Object, Uid};

pub use api::kinds::{SyncPolicy, SyncWindow};

use crate::render::{self, Documents, Substitutions};
use crate::tree::{Reader, path};
use crate::{Manifest, Problem, Problems, Tree, ignore};

/// Where the reconciler's own objects live.
pub const NAMESPACE: &str = "kedge";
/// The directory of a repository in which Applications are found.
pub const DIRECTORY: &str = "apps";

/// An Application, read with its defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    pub namespace: String,
    pub name: String,
    pub uid: Uid,
    pub generation: i64,
    pub source: Source,
    /// More places, whose objects belong to it as well.
    pub more: Vec<Source>,
    pub policy: SyncPolicy,
    /// Applications that must be healthy at the same commit first.
    pub depends_on: Vec<String>,
    /// From the first write of a rollout to its verdict.
    pub deadline: SignedDuration,
    /// Where objects without a namespace go.
    pub target_namespace: String,
    /// Fields that keep the value the cluster has.
    pub ignore: Vec<ignore::Rule>,
    /// Whether the manifest says that nothing is to be changed.
    pub suspend: bool,
    /// When rollouts may begin.
    pub windows: Vec<SyncWindow>,
    /// What becomes of the objects when the Application goes.
    pub deletion: DeletionPolicy,
    /// How objects are judged, by kind.
    pub health_checks: Vec<HealthCheck>,
}

/// Where an Application's manifests are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Source {
    /// Empty for the repository the Application itself is in.
    pub repo: String,
    /// As written; see [`Application::path`].
    pub path: String,
    /// Branch, tag or commit; empty for the tracked branch.
    pub revision: String,
    /// `postBuild`: absent where nothing is filled in.
    pub substitutions: Option<Substitutions>,
    /// What must be signed, and by whom.
    pub verify: Option<Verify>,
}

impl Application {
    /// Reads an Application object; what it leaves out has its default.
    pub fn from_object(object: &Object) -> Self {
        let spec = &object.body["spec"];
        let flag = |name: &str| spec["syncPolicy"][name].as_bool().unwrap_or(true);
        let policy = &spec["syncPolicy"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let names = spec["dependsOn"].as_array().into_iter().flatten();
        let target = text(&spec["targetNamespace"]);
        let several = spec["sources"].as_array().filter(|all| !all.is_empty());
        let single = std::slice::from_ref(&spec["source"]);
        let mut sources = several.map_or(single, Vec::as_slice).iter().map(source);
        Self {
            namespace: object.namespace().to_owned(),
            name: object.name().to_owned(),
            uid: object.uid(),
            generation: object.generation(),
            source: sources.next().unwrap_or_default(),
            more: sources.collect(),
            policy: SyncPolicy {
                automated: flag("automated"),
                prune: flag("prune"),
                prune_budget: one(&policy["pruneBudget"]).unwrap_or_default(),
                adopt: policy["adopt"] == true,
                self_heal: flag("selfHeal"),
                on_failure: one(&policy["onFailure"]).unwrap_or_default(),
            },
            depends_on: names.filter_map(Value::as_str).map(Into::into).collect(),
            deadline: SignedDuration::from_secs(
                spec["deadlineSeconds"]
                    .as_i64()
                    .filter(|seconds| *seconds > 0)
                    .unwrap_or(DEFAULT_DEADLINE_SECONDS.into()),
            ),
            target_namespace: if target.is_empty() {
                "default".into()
            } else {
                target
            },
            ignore: list(&spec["ignoreDifferences"]),
            suspend: spec["suspend"] == true,
            windows: list(&spec["syncWindows"]),
            health_checks: list(&spec["healthCheckExprs"]),
            deletion: one(&spec["deletionPolicy"]).unwrap_or(if flag("prune") {
                DeletionPolicy::KeepData
            } else {
                DeletionPolicy::Orphan
            }),
        }
    }

    /// Every place its manifests are in.
    pub fn sources(&self) -> impl Iterator<Item = &Source> + Clone {
        std::iter::once(&self.source).chain(&self.more)
    }

    /// The same, to change them.
    pub fn sources_mut(&mut self) -> impl Iterator<Item = &mut Source> {
        std::iter::once(&mut self.source).chain(&mut self.more)
    }

    /// The path inside the repository; `None` where it leaves it.
    pub fn path(&self) -> Option<String> {
        path::join("", &self.source.path)
    }
}

fn source(spec: &Value) -> Source {
    let text = |name: &str| spec[name].as_str().unwrap_or_default().to_owned();
    Source {
        repo: text("repo"),
        path: text("path"),
        revision: text("revision"),
        substitutions: substitutions(&spec["postBuild"]),
        verify: verify(&spec["verify"]),
    }
}

/// What cannot be read was refused when the Application was written.
fn list<T: DeserializeOwned>(items: &Value) -> Vec<T> {
    let items = items.as_array().into_iter().flatten();
    items.filter_map(one).collect()
}

fn one<T: DeserializeOwned>(item: &Value) -> Option<T> {
    serde_json::from_value(item.clone()).ok()
}

/// What cannot be read asks for a signature by nobody, not for none.
fn verify(verify: &Value) -> Option<Verify> {
    (!verify.is_null()).then(|| one(verify).unwrap_or_default())
}

fn substitutions(post_build: &Value) -> Option<Substitutions> {
    let post_build = post_build.as_object()?;
    let values = post_build.get("substitute").and_then(Value::as_object);
    let values = values.into_iter().flatten();
    Some(Substitutions {
        values: values
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect(),
        strict: post_build.get("strict").and_then(Value::as_bool) == Some(true),
    })
}

/// An Application in the repository.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub application: Application,
    pub manifest: Manifest,
}

/// The Applications in `apps/*.yaml` below `root`, by name.
///
/// # Errors
/// Files that cannot be read, unknown fields, and paths that are not in the tree.
pub fn find(tree: &dyn Tree, root: &str) -> Result<Vec<Found>, Problems> {
    let reader = Reader::new(tree);
    let directory = path::join(root, DIRECTORY).unwrap_or_default();
    let entries = reader.directory(&directory)?.unwrap_or_default();
    let mut found = Vec::new();
    let mut problems = Vec::new();
    for entry in entries {
        if entry.name.starts_with('.') || !path::is_manifest(&entry.name) {
            continue;
        }
        let file = format!("{directory}/{}", entry.name);
        let file = file.trim_start_matches('/');
        let Some(bytes) = reader.file(file)? else {
            continue;
        };
        match Documents::parse(file, &bytes).and_then(|documents| documents.manifests()) {
            Ok(manifests) => {
                for manifest in manifests {
                    check(&reader, root, manifest, &mut found, &mut problems)?;
                }
            }
            Err(more) => problems.extend(more.0),
        }
    }
    found.sort_by(|a, b| a.application.name.cmp(&b.application.name));
    Problems(problems).or(found)
}

fn check(
    reader: &Reader,
    root: &str,
    mut manifest: Manifest,
    found: &mut Vec<Found>,
    problems: &mut Vec<Problem>,
) -> Result<(), Problems> {
    let gvk = manifest.object.gvk();
    if (gvk.group.as_str(), gvk.kind.as_str()) != ("kedge.dev", "Application") {
        return Ok(());
    }
    render::default_namespace(&mut manifest.object, NAMESPACE);
    let mut application = Application::from_object(&manifest.object);
    let name = application.name.clone();
    let one = application.more.is_empty();
    for (index, source) in application.sources_mut().enumerate() {
        let is_here = source.repo.is_empty();
        // What is in another repository is looked at there, and relative to its own root.
        let base = if is_here { root } else { "" };
        let field = if one {
            "spec.source.path".to_owned()
        } else {
            format!("spec.sources[{index}].path")
        };
        let written = source.path.clone();
        let problem = |message: String| {
            Problem::new(&manifest.origin.file, message)
                .at(manifest.origin.line, 0)
                .object(format!("Application {name}"))
                .field(&field)
        };
        match path::join(base, &written) {
            None => problems.push(problem(format!("path {written:?} leaves the repository"))),
            Some(resolved) => {
                let is_there = |path: &str| -> Result<bool, crate::tree::Error> {
                    Ok(reader.directory(path)?.is_some() || reader.file(path)?.is_some())
                };
                if is_here && !is_there(&resolved)? {
                    problems.push(
                        problem(format!("path {written:?} is not in the repository"))
                            .hint("it is relative to the root of the repository"),
                    );
                }
                source.path = resolved;
            }
        }
    }
    found.push(Found {
        application,
        manifest,
    });
    Ok(())
}
