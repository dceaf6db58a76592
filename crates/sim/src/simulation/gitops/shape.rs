//! What a commit asks for, drawn by chance, as values and as the files that say so.

use std::collections::{BTreeMap, BTreeSet};

use api::{Collection, ObjectKey};
use serde_json::{Value, json};

use crate::simulation::{Chance, workload};

pub(super) const NAMESPACE: &str = "shop";
pub(super) const APPLICATIONS: [&str; 2] = ["web", "api"];
/// Longer than any trouble of a cluster lasts: a good commit never fails.
const PATIENCE: u32 = 3_000;
/// How long a commit is waited for that will never be healthy.
const SHORT: u32 = 40;

/// The content of the repository.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    applications: BTreeMap<&'static str, Application>,
}

#[derive(Debug, Clone)]
struct Application {
    value: usize,
    image: String,
    replicas: i64,
    maps: BTreeSet<usize>,
    hooks: Vec<&'static str>,
    deadline: u32,
}

/// An object that a commit asks for.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) key: ObjectKey,
    pub(super) wave: i64,
    pub(super) is_hook: bool,
    pub(super) object: Value,
}

impl Shape {
    pub(super) fn new(chance: &Chance) -> Self {
        let application = |name| {
            let mut hooks = vec!["before", "after"];
            hooks.retain(|_| chance.happens(0.5));
            let application = Application {
                value: 0,
                image: "app:0".into(),
                replicas: chance.between(1, 2),
                maps: (0..3).collect(),
                hooks,
                deadline: PATIENCE,
            };
            (name, application)
        };
        Self {
            applications: APPLICATIONS.map(application).into(),
        }
    }

    /// Something else than before, and good; `number` is one that was not used before.
    pub(super) fn moved_on(&self, chance: &Chance, number: usize) -> Self {
        let mut next = self.clone();
        for application in next.applications.values_mut() {
            if chance.happens(0.3) {
                continue;
            }
            application.value = number;
            if chance.happens(0.5) {
                application.image = format!("app:{number}");
            }
            if chance.happens(0.5) {
                application.maps.pop_first();
                application.maps.insert(number + 3);
            }
            if chance.happens(0.2) {
                application.replicas = chance.between(1, 3);
            }
        }
        next
    }

    /// Without most of what one application has.
    pub(super) fn emptied(&self, chance: &Chance) -> Self {
        let mut next = self.clone();
        let name = APPLICATIONS[chance.below(APPLICATIONS.len())];
        if let Some(application) = next.applications.get_mut(name) {
            application.maps.clear();
        }
        next
    }

    /// As it is, and never healthy.
    pub(super) fn unhealthy(&self, chance: &Chance, number: usize) -> Self {
        let mut next = self.moved_on(chance, number);
        let name = APPLICATIONS[chance.below(APPLICATIONS.len())];
        if let Some(application) = next.applications.get_mut(name) {
            application.image = format!("registry.invalid/app:{number}");
            application.deadline = SHORT;
        }
        next
    }

    pub(super) fn wanted(&self) -> BTreeMap<&'static str, Vec<Wanted>> {
        let wanted =
            |(name, application): (&&'static str, &Application)| (*name, application.wanted(name));
        self.applications.iter().map(wanted).collect()
    }

    pub(super) fn files(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        for (name, application) in &self.applications {
            let spec = application.spec(name);
            files.insert(format!("apps/{name}.yaml"), spec.to_string());
            for wanted in application.wanted(name) {
                let file = format!("{name}/{}.yaml", wanted.key.name);
                let suffix = if wanted.key.collection.resource == "deployments" {
                    "deployment-"
                } else {
                    ""
                };
                let file = file.replace('/', &format!("/{suffix}"));
                files.insert(file, wanted.object.to_string());
            }
        }
        files
    }
}

impl Application {
    fn spec(&self, name: &str) -> Value {
        let depends_on = if name == "api" {
            json!(["web"])
        } else {
            json!([])
        };
        json!({
            "apiVersion": "kedge.dev/v1alpha1", "kind": "Application",
            "metadata": {"name": name},
            "spec": {
                "source": {"path": name},
                "targetNamespace": NAMESPACE,
                "dependsOn": depends_on,
                "deadlineSeconds": self.deadline,
            },
        })
    }

    fn wanted(&self, name: &str) -> Vec<Wanted> {
        let mut all = Vec::new();
        for phase in &self.hooks {
            let annotation = json!({"kedge.dev/hook": phase});
            let mut hook = self.map(&format!("{name}-{phase}"), 0, &annotation);
            hook.is_hook = true;
            all.push(hook);
        }
        for number in &self.maps {
            let wave = i64::try_from(number % 3).unwrap_or(0) - 1;
            all.push(self.waved(&format!("{name}-m{number}"), wave));
        }
        all.push(self.deployment(name));
        all.push(self.waved(&format!("{name}-last"), 2));
        all
    }

    fn waved(&self, name: &str, wave: i64) -> Wanted {
        let annotations = json!({"kedge.dev/sync-wave": wave.to_string()});
        self.map(name, wave, &annotations)
    }

    fn map(&self, name: &str, wave: i64, annotations: &Value) -> Wanted {
        Wanted {
            key: Collection::new("", "configmaps").key(NAMESPACE, name),
            wave,
            is_hook: false,
            object: json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": name, "namespace": NAMESPACE, "annotations": annotations},
                "data": {"value": format!("v{}", self.value)},
            }),
        }
    }

    fn deployment(&self, name: &str) -> Wanted {
        let labels = json!({"app": name});
        Wanted {
            key: Collection::new("apps", "deployments").key(NAMESPACE, name),
            wave: 0,
            is_hook: false,
            object: json!({
                "apiVersion": "apps/v1", "kind": "Deployment",
                "metadata": {"name": name, "namespace": NAMESPACE},
                "spec": {
                    "replicas": self.replicas,
                    "progressDeadlineSeconds": PATIENCE,
                    "selector": {"matchLabels": labels},
                    "template": workload::template(&labels, &self.image, 50),
                },
            }),
        }
    }
}

/// Whether everything that is asked for is there, whatever else is.
pub(super) fn has(live: &Value, wanted: &Value) -> bool {
    match (live, wanted) {
        (Value::Object(live), Value::Object(wanted)) => wanted
            .iter()
            .all(|(field, value)| live.get(field).is_some_and(|live| has(live, value))),
        (Value::Array(live), Value::Array(wanted)) => {
            live.len() == wanted.len()
                && live
                    .iter()
                    .zip(wanted)
                    .all(|(live, wanted)| has(live, wanted))
        }
        (live, wanted) => live == wanted,
    }
}
