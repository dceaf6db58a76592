//! `replicas`.

use super::super::fields::{Absent, FieldSpec, visit};
use super::super::kustomization::Replicas;
use super::super::resource::Resources;
use super::super::site::Site;
use super::labels::fault;
use crate::Problem;

pub(in super::super) fn set(
    site: &Site,
    replicas: &Replicas,
    specs: &[FieldSpec],
    resources: &mut Resources,
) -> Result<(), Problem> {
    let mut found = false;
    for spec in specs {
        for resource in resources.iter_mut() {
            if !resource.was(|id| id.name == replicas.name && spec.is_for(&id.gvk)) {
                continue;
            }
            found = true;
            let body = &mut resource.object.body;
            let absent = Absent::Text.unless_existing(spec.create);
            visit(body, &spec.path, absent, &mut |value| {
                *value = replicas.count.into();
                Ok(())
            })
            .map_err(|why| fault(site, resource, &why))?;
        }
    }
    if found {
        return Ok(());
    }
    let name = &replicas.name;
    Err(site.problem(format!("no workload with replicas is called {name:?}")))
}
