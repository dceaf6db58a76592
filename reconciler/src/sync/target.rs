//! What the tracked branch asks for: a commit that passed its checks, and its Applications.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::Application;
use engine::application::Found;
use engine::rollout::CommitId;

use crate::source::Commit;

/// The commit the cluster is brought to.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) commit: Arc<Commit>,
    pub(crate) applications: BTreeMap<String, Arc<Found>>,
    /// Who depends on an Application.
    dependents: BTreeMap<String, Vec<String>>,
}

impl Target {
    pub(crate) fn new(commit: Commit, found: Vec<Arc<Found>>) -> Self {
        let mut dependents: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for Found { application, .. } in found.iter().map(|found| &**found) {
            for name in &application.depends_on {
                let all = dependents.entry(name.clone()).or_default();
                all.push(application.name.clone());
            }
        }
        let named = |found: Arc<Found>| (found.application.name.clone(), found);
        Self {
            commit: Arc::new(commit),
            applications: found.into_iter().map(named).collect(),
            dependents,
        }
    }

    /// Who depends on an Application.
    pub(crate) fn dependents(&self, name: &str) -> &[String] {
        self.dependents.get(name).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn revision(&self) -> &CommitId {
        &self.commit.id
    }

    pub(crate) fn application(&self, name: &str) -> Option<&Application> {
        self.applications.get(name).map(|found| &found.application)
    }
}

/// Dependencies before what depends on them, by name otherwise. A circle ends where it began.
pub(crate) fn ordered<'a>(
    applications: impl IntoIterator<Item = &'a Application>,
) -> Vec<&'a Application> {
    fn visit<'a>(
        name: &str,
        left: &mut BTreeMap<&'a str, &'a Application>,
        order: &mut Vec<&'a Application>,
    ) {
        if let Some(application) = left.remove(name) {
            for dependency in &application.depends_on {
                visit(dependency, left, order);
            }
            order.push(application);
        }
    }
    let mut left: BTreeMap<&str, &Application> = applications
        .into_iter()
        .map(|application| (application.name.as_str(), application))
        .collect();
    let names: Vec<&str> = left.keys().copied().collect();
    let mut order = Vec::with_capacity(names.len());
    for name in names {
        visit(name, &mut left, &mut order);
    }
    order
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dependencies_come_first() {
        let application = |name: &str, on: &[&str]| {
            let body = json!({"metadata": {"name": name}, "spec": {"dependsOn": on}});
            Application::from_object(&body.into())
        };
        let check = |all: &[(&str, &[&str])], expected: &[&str]| {
            let all: Vec<Application> = all.iter().map(|(n, on)| application(n, on)).collect();
            let names: Vec<&str> = ordered(&all).iter().map(|a| a.name.as_str()).collect();
            assert_eq!(names, expected);
        };
        check(&[("b", &[]), ("a", &[])], &["a", "b"]);
        check(
            &[("a", &["c"]), ("b", &["a"]), ("c", &[])],
            &["c", "a", "b"],
        );
        check(&[("a", &["b", "none"]), ("b", &["a"])], &["b", "a"]);
    }
}
