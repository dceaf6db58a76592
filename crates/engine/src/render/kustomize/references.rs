//! After names have changed: whoever refers to an object by name follows it.

use std::collections::HashMap;

use serde_json::Value;

use api::GroupVersionKind;

use super::config::{Config, References};
use super::fields::{Absent, FieldSpec, visit};
use super::resource::{Id, Resource, Resources};
use crate::manifest::title;
use crate::{Problem, Problems};

/// Rewrites every field that is known to hold a name.
pub(super) fn update(config: &Config, resources: &mut Resources) -> Result<(), Problems> {
    let candidates: Vec<Candidate> = resources.iter().map(Candidate::of).collect();
    let mut by_name: HashMap<&str, Vec<&Candidate>> = HashMap::new();
    for candidate in &candidates {
        let mut names: Vec<&str> = candidate
            .previous
            .iter()
            .map(|id| id.name.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            by_name.entry(name).or_default().push(candidate);
        }
    }
    let mut problems = Vec::new();
    for resource in resources.iter_mut() {
        let referrer = Candidate::of(resource);
        let (original, current) = (resource.original().gvk, resource.object.gvk());
        let name = title(&resource.object);
        for target in &config.name_reference {
            let specs = target.field_specs.iter();
            for spec in specs.filter(|spec| spec.is_for(&original) && spec.is_for(&current)) {
                let context = Context {
                    role: role(&resource.object.body, spec),
                    by_name: &by_name,
                    referrer: &referrer,
                    target,
                };
                let body = &mut resource.object.body;
                let done = visit(body, &spec.path, Absent::Skip, &mut |it| context.set(it));
                if let Err(why) = done {
                    let problem = Problem::new(&resource.origin.file, why);
                    problems.push(problem.at(resource.origin.line, 0).object(&name));
                }
            }
        }
    }
    Problems(problems).or(())
}

/// What a `roleRef` says it refers to.
fn role(body: &Value, spec: &FieldSpec) -> Option<(String, String)> {
    if !spec.path.ends_with("roleRef/name") {
        return None;
    }
    let text = |field: &str| body["roleRef"][field].as_str().map(str::to_owned);
    Some((text("apiGroup")?, text("kind")?))
}

/// An object that may be referred to.
struct Candidate {
    previous: Vec<Id>,
    current: Id,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
}

impl Candidate {
    fn of(resource: &Resource) -> Self {
        Self {
            previous: resource.previous.clone(),
            current: resource.id(),
            prefixes: resource.prefixes.clone(),
            suffixes: resource.suffixes.clone(),
        }
    }

    fn was(&self, matches: impl Fn(&GroupVersionKind) -> bool) -> bool {
        self.previous.iter().any(|id| matches(&id.gvk))
    }

    /// Whether both went through the same prefixes and suffixes at the end. Where one of them went
    /// through none, that depends on who asks.
    fn same_affixes(&self, other: &Self, none_is_any: bool) -> bool {
        let ends = |a: &[String], b: &[String]| {
            if a.is_empty() || b.is_empty() {
                return none_is_any || a.len() == b.len();
            }
            let shared = a.len().min(b.len());
            a[a.len() - shared..] == b[b.len() - shared..]
        };
        ends(&self.prefixes, &other.prefixes) && ends(&self.suffixes, &other.suffixes)
    }
}

struct Context<'a> {
    by_name: &'a HashMap<&'a str, Vec<&'a Candidate>>,
    referrer: &'a Candidate,
    target: &'a References,
    role: Option<(String, String)>,
}

/// Whose name an element holds, and where it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Name,
    NameAndNamespace,
}

impl<'a> Context<'a> {
    /// A name, a list of names, or a map with a name and perhaps a namespace.
    fn set(&self, value: &mut Value) -> Result<(), String> {
        match value {
            Value::String(name) => {
                let all = self.called(name);
                if let Some(found) = self.select(all, Wanted::Name)? {
                    name.clone_from(&found.current.name);
                }
                Ok(())
            }
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.set(item)),
            Value::Object(map) => {
                let Some(name) = map.get("name").and_then(Value::as_str) else {
                    return Err("has no name".into());
                };
                let mut all = self.called(name);
                if let Some(namespace) = map.get("namespace").and_then(Value::as_str) {
                    all = in_namespace(all, namespace);
                }
                let Some(found) = self.select(all, Wanted::NameAndNamespace)? else {
                    return Ok(());
                };
                map.insert("name".into(), found.current.name.as_str().into());
                if !found.current.namespace.is_empty() {
                    map.insert("namespace".into(), found.current.namespace.as_str().into());
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn called(&self, name: &str) -> Vec<&'a Candidate> {
        self.by_name.get(name).cloned().unwrap_or_default()
    }

    /// The one object that is meant; several of them are an error that names them.
    fn select(
        &self,
        mut all: Vec<&'a Candidate>,
        wanted: Wanted,
    ) -> Result<Option<&'a Candidate>, String> {
        all.retain(|candidate| {
            candidate.was(|gvk| self.target.is_to(gvk))
                && self.role.as_ref().is_none_or(|(group, kind)| {
                    candidate.was(|gvk| gvk.group == *group && gvk.kind == *kind)
                })
                && self.reaches(candidate)
        });
        for none_is_any in [true, false] {
            if all.len() > 1 {
                all.retain(|candidate| candidate.same_affixes(self.referrer, none_is_any));
            }
        }
        let Some(first) = all.first().copied() else {
            return Ok(None);
        };
        let same = all.iter().all(|candidate| {
            candidate.current.name == first.current.name
                && (wanted == Wanted::Name
                    || candidate.current.namespace == first.current.namespace)
        });
        if same {
            return Ok(Some(first));
        }
        let names: Vec<&str> = all.iter().map(|it| it.current.name.as_str()).collect();
        Err(format!("could refer to any of {}", names.join(", ")))
    }

    fn reaches(&self, candidate: &Candidate) -> bool {
        let referrer = &self.referrer.current;
        referrer.is_cluster_scoped()
            || candidate.current.is_cluster_scoped()
            || candidate.current.gvk.kind == "ServiceAccount"
            || referrer.same_namespace(&candidate.current)
    }
}

/// Those that are in the namespace, or that were in their own files.
fn in_namespace<'a>(all: Vec<&'a Candidate>, namespace: &str) -> Vec<&'a Candidate> {
    let original = |candidate: &&Candidate| {
        let id = candidate.previous.first().unwrap_or(&candidate.current);
        id.effective_namespace() == namespace
    };
    if all.iter().any(original) {
        return all.into_iter().filter(original).collect();
    }
    let current = |candidate: &&Candidate| candidate.current.effective_namespace() == namespace;
    all.into_iter().filter(current).collect()
}
