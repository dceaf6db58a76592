//! `vars`: fields of objects that others name as `$(NAME)`.

use std::collections::BTreeMap;

use serde_json::Value;

use api::GroupVersionKind;

use super::build::Build;
use super::config::Config;
use super::fields::{Absent, visit};
use super::kustomization::Var;
use super::resource::{Id, Resources};
use super::site::Site;
use super::steps;
use super::transformers::labels::fault;
use crate::Problem;

const NAME: &str = "metadata.name";

/// Adds a variable to those of other kustomizations.
pub(super) fn add(vars: &mut Vec<(Var, Site)>, var: &Var, site: &Site) -> Result<(), Problem> {
    if vars.iter().any(|(known, _)| known.name == var.name) {
        return Err(site.problem(format!("there are two variables {:?}", var.name)));
    }
    vars.push((var.clone(), site.clone()));
    Ok(())
}

fn kind(var: &Var) -> GroupVersionKind {
    let reference = &var.objref;
    if !reference.api_version.is_empty() {
        return GroupVersionKind::from_type_meta(&reference.api_version, &reference.kind);
    }
    GroupVersionKind {
        group: reference.group.clone(),
        version: reference.version.clone(),
        kind: reference.kind.clone(),
    }
}

/// Marks the object a variable is taken from, by the name it has in its own file.
pub(super) fn declare(resources: &mut Resources, var: &Var, site: &Site) -> Result<(), Problem> {
    if var.name.is_empty() {
        return Err(site.problem("a variable has no name"));
    }
    if var.objref.name.is_empty() || var.objref.kind.is_empty() {
        return Err(site.field("objref").problem("names no kind and name"));
    }
    let wanted = Id {
        gvk: kind(var),
        name: var.objref.name.clone(),
        namespace: var.objref.namespace.clone(),
    };
    let exact = !wanted.namespace.is_empty() || wanted.is_cluster_scoped();
    let mut found = resources.iter_mut().filter(|resource| {
        let first = resource.original();
        first.gvk == wanted.gvk
            && first.name == wanted.name
            && (!exact || first.same_namespace(&wanted))
    });
    let (first, more) = (found.next(), found.next().is_some());
    if more {
        let text = format!("there are several {} {}", wanted.gvk.kind, wanted.name);
        return Err(site.field("objref").problem(text));
    }
    if let Some(resource) = first {
        resource.variables.push(var.name.clone());
    }
    Ok(())
}

/// Puts the values of all variables where they are named.
pub(super) fn resolve(
    build: &Build,
    vars: &[(Var, Site)],
    config: &Config,
    resources: &mut Resources,
) -> Result<(), Problem> {
    if vars.is_empty() {
        return Ok(());
    }
    let mut values = BTreeMap::new();
    for (var, site) in vars {
        values.insert(var.name.as_str(), value(var, site, resources)?);
    }
    let site = &vars[0].1;
    for resource in resources.iter_mut() {
        let gvk = resource.object.gvk();
        for spec in config.var_reference.iter().filter(|spec| spec.is_for(&gvk)) {
            let mut copied = 0;
            let body = &mut resource.object.body;
            let done = visit(body, &spec.path, Absent::Skip, &mut |place| {
                each(place, &mut |text| {
                    let expanded = expand(text, &values);
                    copied += super::patches::size(&expanded);
                    expanded
                })
            });
            done.map_err(|why| fault(site, resource, &why))?;
            build.copy(copied, site)?;
        }
    }
    Ok(())
}

fn value(var: &Var, site: &Site, resources: &Resources) -> Result<Value, Problem> {
    let mut owners = resources.iter();
    let owner = owners.find(|resource| resource.variables.contains(&var.name));
    let Some(owner) = owner else {
        let reference = &var.objref;
        let text = format!("there is no {} {}", reference.kind, reference.name);
        return Err(site.field("objref").problem(text));
    };
    let path = match var.fieldref.fieldpath.as_str() {
        "" => NAME,
        path => path,
    };
    // `containers[0]` is `containers.[0]`.
    let found = steps::find(&owner.object.body, &path.replace('[', ".["));
    found.cloned().ok_or_else(|| {
        let text = format!(
            "{} {} has no field {path}",
            var.objref.kind, var.objref.name
        );
        site.field("fieldref").problem(text)
    })
}

/// The texts of a field, a list or a map.
fn each(place: &mut Value, apply: &mut dyn FnMut(&str) -> Value) -> Result<(), String> {
    match place {
        Value::String(text) => *place = apply(text),
        Value::Array(items) => {
            for item in items {
                let Value::String(text) = item else {
                    return Err("is no list of texts".into());
                };
                *item = apply(text);
            }
        }
        Value::Object(map) => {
            for value in map.values_mut() {
                if let Value::String(text) = value {
                    *value = apply(text);
                }
            }
        }
        _ => {}
    }
    Ok(())
}

/// A text that is nothing but a variable becomes what it is, a number or a boolean perhaps.
fn expand(text: &str, values: &BTreeMap<&str, Value>) -> Value {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        expanded.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let name = after
            .strip_prefix('(')
            .and_then(|inner| inner.split_once(')'));
        rest = match (name, after.chars().next()) {
            (Some((name, after)), _) => {
                let whole = format!("$({name})");
                match values
                    .get(name)
                    .filter(|value| super::fields::is_scalar(value))
                {
                    Some(value) if text == whole => return value.clone(),
                    Some(value) => {
                        expanded.push_str(&super::fields::text(value).unwrap_or_default());
                    }
                    None => expanded.push_str(&whole),
                }
                after
            }
            (None, Some('$')) => {
                expanded.push('$');
                &after[1..]
            }
            (None, _) => {
                expanded.push('$');
                after
            }
        };
    }
    expanded.push_str(rest);
    expanded.into()
}
