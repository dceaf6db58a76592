//! What the containers of a pod want to know from ConfigMaps and Secrets.

use serde_json::Value;

use super::container::{Container, containers};
use crate::why::chain::Field;
use crate::why::facts::{Facts, Lookup, items};

/// One mention of a ConfigMap or Secret.
#[derive(Debug)]
pub(super) struct Reference<'a> {
    pub(super) kind: &'static str,
    pub(super) name: &'a str,
    /// Empty where all of it is meant.
    pub(super) key: &'a str,
    pub(super) optional: bool,
    /// The variable that is set from it; empty for none.
    pub(super) variable: &'a str,
    /// The container that takes it; `None` for a volume, which stops all of them.
    pub(super) container: Option<Container<'a>>,
    /// Who takes it, in words: `container api`, `volume config`.
    pub(super) taker: String,
    /// Where its name is, and where its key is.
    pub(super) name_field: Field,
    pub(super) key_field: Field,
}

const KINDS: [(&str, &str, &str); 2] = [
    ("ConfigMap", "configMapKeyRef", "configMapRef"),
    ("Secret", "secretKeyRef", "secretRef"),
];

/// All of them, in the order of the spec.
pub(super) fn references(facts: &Facts) -> Vec<Reference<'_>> {
    let mut found = Vec::new();
    for container in containers(&facts.object) {
        for variable in items(&container.spec["env"]) {
            found.extend(
                KINDS.iter().filter_map(|(kind, key, _)| {
                    of_variable(facts, container, variable, (kind, key))
                }),
            );
        }
        for (at, from) in items(&container.spec["envFrom"]).enumerate() {
            found.extend(KINDS.iter().filter_map(|(kind, _, all)| {
                let field = container.field(facts, &format!("envFrom[{at}].{all}.name"));
                whole(container, &from[all], kind, field)
            }));
        }
    }
    for volume in items(&facts.object.body["spec"]["volumes"]) {
        of_volume(facts, volume, &mut found);
    }
    found
}

fn of_variable<'a>(
    facts: &Facts,
    container: Container<'a>,
    variable: &'a Value,
    (kind, field): (&'static str, &str),
) -> Option<Reference<'a>> {
    let from = &variable["valueFrom"][field];
    let name = variable["name"].as_str().unwrap_or_default();
    let at =
        |what: &str| container.field(facts, &format!("env[name={name}].valueFrom.{field}.{what}"));
    Some(Reference {
        kind,
        name: from["name"].as_str()?,
        key: from["key"].as_str().unwrap_or_default(),
        optional: from["optional"] == true,
        variable: name,
        taker: format!("container {}", container.name),
        name_field: at("name"),
        key_field: at("key"),
        container: Some(container),
    })
}

fn whole<'a>(
    container: Container<'a>,
    from: &'a Value,
    kind: &'static str,
    at: Field,
) -> Option<Reference<'a>> {
    Some(Reference {
        kind,
        name: from["name"].as_str()?,
        key: "",
        optional: from["optional"] == true,
        variable: "",
        taker: format!("container {}", container.name),
        name_field: at.clone(),
        key_field: at,
        container: Some(container),
    })
}

fn of_volume<'a>(facts: &Facts, volume: &'a Value, found: &mut Vec<Reference<'a>>) {
    let name = volume["name"].as_str().unwrap_or_default();
    let mut take = |kind, from: &'a Value, word: &str, field: String| {
        let Some(object) = from[word].as_str() else {
            return;
        };
        let base = Reference {
            kind,
            name: object,
            key: "",
            optional: from["optional"] == true,
            variable: "",
            container: None,
            taker: format!("volume {name}"),
            name_field: facts.pod_field(&format!("{field}.{word}")),
            key_field: facts.pod_field(&format!("{field}.items")),
        };
        for item in items(&from["items"]) {
            let key = item["key"].as_str().unwrap_or_default();
            found.push(Reference {
                key,
                name_field: base.name_field.clone(),
                key_field: facts.pod_field(&format!("{field}.items[key={key}].key")),
                taker: base.taker.clone(),
                ..base
            });
        }
        found.push(base);
    };
    let at = format!("spec.volumes[name={name}]");
    take(
        "ConfigMap",
        &volume["configMap"],
        "name",
        format!("{at}.configMap"),
    );
    take(
        "Secret",
        &volume["secret"],
        "secretName",
        format!("{at}.secret"),
    );
    for from in items(&volume["projected"]["sources"]) {
        let field = format!("{at}.projected.sources");
        take("ConfigMap", &from["configMap"], "name", field.clone());
        take("Secret", &from["secret"], "name", field);
    }
}

impl Reference<'_> {
    pub(super) fn object<'f>(&self, facts: &'f Facts) -> Lookup<'f> {
        facts.find(self.kind, facts.object.namespace(), self.name)
    }

    /// `ConfigMap/settings`
    pub(super) fn source(&self) -> String {
        format!("{}/{}", self.kind, self.name)
    }

    /// Whether who takes it cannot have started with it.
    pub(super) fn stops(&self, facts: &Facts) -> bool {
        let waits = |container: &Container| !container.is_running();
        match &self.container {
            Some(container) => waits(container) && container.waits_for() != "PodInitializing",
            None => containers(&facts.object).iter().all(waits),
        }
    }
}
