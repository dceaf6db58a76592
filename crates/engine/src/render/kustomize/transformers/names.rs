//! `namePrefix` and `nameSuffix`.

use serde_json::Value;

use super::super::fields::{Absent, FieldSpec, text, visit};
use super::super::resource::{Resource, Resources};
use super::super::site::Site;
use super::labels::fault;
use crate::Problem;

/// Which end of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum End {
    Front,
    Back,
}

/// Their names mean something outside of the commit.
fn is_fixed(resource: &Resource) -> bool {
    let gvk = resource.original().gvk;
    matches!(gvk.kind.as_str(), "CustomResourceDefinition" | "Namespace")
        || (gvk.kind == "APIService" && gvk.group == "apiregistration.k8s.io")
}

/// Adds the affix to the fields, the name first of all.
pub(in super::super) fn affix(
    site: &Site,
    (end, affix): (End, &str),
    specs: &[FieldSpec],
    resources: &mut Resources,
) -> Result<(), Problem> {
    if affix.is_empty() {
        return Ok(());
    }
    for resource in resources.iter_mut().filter(|resource| !is_fixed(resource)) {
        let gvk = resource.original().gvk;
        for spec in specs.iter().filter(|spec| spec.is_for(&gvk)) {
            if spec.path == "metadata/name" {
                resource.remember();
                match end {
                    End::Front => resource.prefixes.push(affix.to_owned()),
                    End::Back => resource.suffixes.push(affix.to_owned()),
                }
            }
            if !spec.is_for(&resource.object.gvk()) {
                continue;
            }
            let absent = Absent::Text.unless_existing(spec.create);
            let mut put = |value: &mut Value| {
                let old = match &*value {
                    Value::Null => String::new(),
                    value => text(value).ok_or("is no text")?,
                };
                *value = Value::from(match end {
                    End::Front => format!("{affix}{old}"),
                    End::Back => format!("{old}{affix}"),
                });
                Ok(())
            };
            let done = visit(&mut resource.object.body, &spec.path, absent, &mut put);
            done.map_err(|why| fault(site, resource, &why))?;
        }
    }
    Ok(())
}
