//! What a container finds in its environment. Pure: everything a variable is made from is
//! fetched before.

mod downward;
mod expand;
mod services;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use api::Object;
use api::k8s::core::v1 as core;

use crate::pods::spec::{self, items};

pub(crate) use downward::{Allocatable, Unknown, field, resource};
pub(crate) use expand::expand;
pub(crate) use services::service_variables;

/// Everything the environment of a pod's containers is made from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources {
    /// By kind (`ConfigMap`, `Secret`) and name; absent: it does not exist.
    pub objects: BTreeMap<(&'static str, String), BTreeMap<String, Vec<u8>>>,
    /// Services whose addresses the pod is told of.
    pub services: Vec<std::sync::Arc<Object>>,
    pub downward: Downward,
}

/// What a pod is told of itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Downward {
    pub host_address: String,
    pub pod_addresses: Vec<String>,
    pub allocatable: Allocatable,
}

/// Something the spec refers to is not there. The text ends up in the container's status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Missing {
    #[error("{kind} \"{name}\" not found")]
    Object { kind: &'static str, name: String },
    #[error("couldn't find key {key} in {kind} {namespace}/{name}")]
    Key {
        kind: &'static str,
        namespace: String,
        name: String,
        key: String,
    },
    #[error(transparent)]
    Field(#[from] Unknown),
}

/// The names of the objects a pod's environment refers to.
pub(crate) fn references(pod: &core::Pod) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for (_, container) in spec::containers(pod) {
        for source in items(&container.env_from) {
            found.extend(
                source
                    .config_map_ref
                    .as_ref()
                    .map(|r| (CONFIG_MAP, r.name.clone())),
            );
            found.extend(source.secret_ref.as_ref().map(|r| (SECRET, r.name.clone())));
        }
        for source in items(&container.env)
            .iter()
            .filter_map(|v| v.value_from.as_ref())
        {
            let config_map = source.config_map_key_ref.as_ref();
            found.extend(config_map.map(|r| (CONFIG_MAP, r.name.clone())));
            let secret = source.secret_key_ref.as_ref();
            found.extend(secret.map(|r| (SECRET, r.name.clone())));
        }
    }
    found.sort();
    found.dedup();
    found
}

pub(crate) const CONFIG_MAP: &str = "ConfigMap";
pub(crate) const SECRET: &str = "Secret";

/// The variables of one container in the order they were defined; later ones win.
pub(crate) fn environment(
    pod: &core::Pod,
    container: &core::Container,
    sources: &Sources,
) -> Result<Vec<(String, String)>, Missing> {
    let mut result = Variables::default();
    for (name, value) in service_variables(pod, &sources.services) {
        result.set(name, value);
    }
    for source in items(&container.env_from) {
        add_all(source, sources, &mut result)?;
    }
    for variable in items(&container.env) {
        let value = match (&variable.value, &variable.value_from) {
            (_, Some(from)) => value_from(pod, container, from, sources)?,
            (value, None) => {
                let text = value.as_deref().unwrap_or_default();
                Some(expand(text, |name| result.find(name)))
            }
        };
        if let Some(value) = value {
            result.set(variable.name.clone(), value);
        }
    }
    Ok(result.list)
}

#[derive(Default)]
struct Variables {
    list: Vec<(String, String)>,
}

impl Variables {
    fn find(&self, name: &str) -> Option<String> {
        let found = self.list.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.clone())
    }

    fn set(&mut self, name: String, value: String) {
        match self.list.iter_mut().find(|(key, _)| *key == name) {
            Some((_, before)) => *before = value,
            None => self.list.push((name, value)),
        }
    }
}

fn add_all(
    source: &core::EnvFromSource,
    sources: &Sources,
    result: &mut Variables,
) -> Result<(), Missing> {
    let (kind, name, optional) = match (&source.config_map_ref, &source.secret_ref) {
        (Some(map), _) => (CONFIG_MAP, &map.name, map.optional),
        (None, Some(secret)) => (SECRET, &secret.name, secret.optional),
        (None, None) => return Ok(()),
    };
    let Some(data) = sources.objects.get(&(kind, name.clone())) else {
        return absent(kind, name, optional);
    };
    let prefix = source.prefix.as_deref().unwrap_or_default();
    for (key, value) in data {
        let name = format!("{prefix}{key}");
        // A key that is no name of a variable is left out, as Kubernetes does.
        if !name.is_empty() && !name.contains('=') {
            result.set(name, String::from_utf8_lossy(value).into_owned());
        }
    }
    Ok(())
}

/// `None`: the variable is optional and its source is not there.
fn value_from(
    pod: &core::Pod,
    container: &core::Container,
    from: &core::EnvVarSource,
    sources: &Sources,
) -> Result<Option<String>, Missing> {
    if let Some(reference) = &from.field_ref {
        return Ok(Some(field(pod, &reference.field_path, &sources.downward)?));
    }
    if let Some(reference) = &from.resource_field_ref {
        let allocatable = &sources.downward.allocatable;
        return Ok(Some(resource(
            pod,
            Some(container),
            reference,
            allocatable,
        )?));
    }
    let (kind, name, key, optional) = match (&from.config_map_key_ref, &from.secret_key_ref) {
        (Some(map), _) => (CONFIG_MAP, &map.name, &map.key, map.optional),
        (None, Some(secret)) => (SECRET, &secret.name, &secret.key, secret.optional),
        (None, None) => return Ok(None),
    };
    let Some(data) = sources.objects.get(&(kind, name.clone())) else {
        return absent(kind, name, optional).map(|()| None);
    };
    match data.get(key) {
        Some(value) => Ok(Some(String::from_utf8_lossy(value).into_owned())),
        None if optional == Some(true) => Ok(None),
        None => Err(Missing::Key {
            kind,
            namespace: spec::namespace(pod).to_owned(),
            name: name.clone(),
            key: key.clone(),
        }),
    }
}

fn absent(kind: &'static str, name: &str, optional: Option<bool>) -> Result<(), Missing> {
    if optional == Some(true) {
        return Ok(());
    }
    Err(Missing::Object {
        kind: if kind == SECRET {
            "secret"
        } else {
            "configmap"
        },
        name: name.to_owned(),
    })
}
