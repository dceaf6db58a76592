//! Finds what refers to an object by name, and gives it the new one.

use serde_json::Value;

use api::GroupVersionKind;

use super::super::fields::{Absent, visit};
use super::super::resource::{Id, Resource, Resources};
use crate::manifest::title;
use crate::{Problem, Problems};

use super::table::{Reference, references};

/// Rewrites every reference the built-in table knows.
pub(in super::super) fn update(resources: &mut Resources) -> Result<(), Problems> {
    let candidates: Vec<Candidate> = resources.iter().map(Candidate::of).collect();
    let mut problems = Vec::new();
    for resource in resources.iter_mut() {
        let referrer = Candidate::of(resource);
        let original = resource.original().gvk;
        let name = title(&resource.object);
        let origin = resource.origin.clone();
        for reference in references()
            .iter()
            .filter(|reference| reference.is_from(&original))
        {
            let role = role(&resource.object.body, reference);
            let body = &mut resource.object.body;
            let context = Context {
                candidates: &candidates,
                referrer: &referrer,
                reference,
                role,
            };
            let mut failed = None;
            visit(body, &reference.path, Absent::Skip, &mut |value| {
                if let Err(several) = context.set(value) {
                    failed = Some(several);
                }
            });
            if let Some(several) = failed {
                let text = format!("{} could refer to any of {several}", reference.path);
                problems.push(
                    Problem::new(&origin.file, text)
                        .at(origin.line, 0)
                        .object(&name),
                );
            }
        }
    }
    Problems(problems).or(())
}

/// What a `roleRef` says it refers to.
fn role(body: &Value, reference: &Reference) -> Option<(String, String)> {
    if reference.path != "roleRef/name" {
        return None;
    }
    let text = |field: &str| {
        body["roleRef"][field]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    Some((text("apiGroup"), text("kind")))
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

    /// Whether both went through the same prefixes and suffixes at the end.
    fn same_affixes(&self, other: &Self) -> bool {
        let ends = |a: &[String], b: &[String]| {
            let shared = a.len().min(b.len());
            a[a.len() - shared..] == b[b.len() - shared..]
        };
        ends(&self.prefixes, &other.prefixes) && ends(&self.suffixes, &other.suffixes)
    }
}

struct Context<'a> {
    candidates: &'a [Candidate],
    referrer: &'a Candidate,
    reference: &'a Reference,
    role: Option<(String, String)>,
}

impl Context<'_> {
    /// A name, a list of names, or a map with a name and perhaps a namespace.
    fn set(&self, value: &mut Value) -> Result<(), String> {
        match value {
            Value::String(name) => {
                let all: Vec<&Candidate> = self.candidates.iter().collect();
                if let Some(found) = self.select(name, all, false)? {
                    name.clone_from(&found.current.name);
                }
                Ok(())
            }
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.set(item)),
            Value::Object(map) => {
                let Some(name) = map.get("name").and_then(Value::as_str).map(str::to_owned) else {
                    return Ok(());
                };
                let all = self.in_namespace(map.get("namespace").and_then(Value::as_str));
                if let Some(found) = self.select(&name, all, true)? {
                    map.insert("name".into(), found.current.name.as_str().into());
                    if !found.current.namespace.is_empty() {
                        map.insert("namespace".into(), found.current.namespace.as_str().into());
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn in_namespace(&self, namespace: Option<&str>) -> Vec<&Candidate> {
        let Some(namespace) = namespace else {
            return self.candidates.iter().collect();
        };
        let original = |candidate: &&Candidate| {
            let id = candidate.previous.first().unwrap_or(&candidate.current);
            id.effective_namespace() == namespace
        };
        let found: Vec<&Candidate> = self.candidates.iter().filter(original).collect();
        if !found.is_empty() {
            return found;
        }
        let current = |candidate: &&Candidate| candidate.current.effective_namespace() == namespace;
        self.candidates.iter().filter(current).collect()
    }

    /// The one object that was called so; several of them are an error that names them.
    fn select<'b>(
        &self,
        name: &str,
        mut all: Vec<&'b Candidate>,
        with_namespace: bool,
    ) -> Result<Option<&'b Candidate>, String> {
        all.retain(|candidate| {
            candidate.previous.iter().any(|id| id.name == name)
                && candidate.was(|gvk| self.reference.is_to(gvk))
                && self.role.as_ref().is_none_or(|(group, kind)| {
                    candidate.was(|gvk| gvk.group == *group && gvk.kind == *kind)
                })
                && self.reaches(candidate)
        });
        if all.len() > 1 {
            all.retain(|candidate| candidate.same_affixes(self.referrer));
        }
        let Some(first) = all.first().copied() else {
            return Ok(None);
        };
        let same = all.iter().all(|candidate| {
            candidate.current.name == first.current.name
                && (!with_namespace || candidate.current.namespace == first.current.namespace)
        });
        if same {
            return Ok(Some(first));
        }
        let names: Vec<String> = all
            .iter()
            .map(|candidate| candidate.current.name.clone())
            .collect();
        Err(names.join(", "))
    }

    fn reaches(&self, candidate: &Candidate) -> bool {
        let referrer = &self.referrer.current;
        referrer.is_cluster_scoped()
            || candidate.current.is_cluster_scoped()
            || candidate.current.gvk.kind == "ServiceAccount"
            || referrer.same_namespace(&candidate.current)
    }
}
