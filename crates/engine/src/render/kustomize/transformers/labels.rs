//! `commonLabels`, `labels` and `commonAnnotations`.

use std::collections::BTreeMap;

use super::super::config::Config;
use super::super::fields::{self, FieldSpec, set_pairs};
use super::super::kustomization::{Kustomization, Labels};
use super::super::resource::{Resource, Resources};
use super::super::site::Site;
use crate::Problem;

/// Puts the pairs into the fields of each object that has them.
pub(in super::super) fn set(
    site: &Site,
    pairs: &BTreeMap<String, String>,
    specs: &[FieldSpec],
    resources: &mut Resources,
) -> Result<(), Problem> {
    if pairs.is_empty() {
        return Ok(());
    }
    for resource in resources {
        let gvk = resource.object.gvk();
        for spec in specs.iter().filter(|spec| spec.is_for(&gvk)) {
            set_pairs(&mut resource.object.body, spec, pairs)
                .map_err(|why| fault(site, resource, &why))?;
        }
    }
    Ok(())
}

/// A field of an object that is not what it should be.
pub(in super::super) fn fault(site: &Site, resource: &Resource, why: &str) -> Problem {
    site.problem(why)
        .object(crate::manifest::title(&resource.object))
        .hint(format!("the object is at {}", resource.origin))
}

/// The fields of `labels[]` entries.
pub(in super::super) fn fields_of(
    labels: &Labels,
    config: &Config,
) -> Result<Vec<FieldSpec>, String> {
    let mut specs = labels.fields.clone();
    if labels.include_selectors {
        fields::add(&mut specs, &config.common_labels)?;
        return Ok(specs);
    }
    if labels.include_templates {
        fields::add(&mut specs, &config.template_labels)?;
    } else {
        fields::add(&mut specs, &config.labels)?;
    }
    let own = FieldSpec {
        path: "metadata/labels".into(),
        create: true,
        ..FieldSpec::default()
    };
    fields::add(&mut specs, &[own])?;
    Ok(specs)
}

pub(in super::super) fn add(
    kustomization: &Kustomization,
    config: &Config,
    resources: &mut Resources,
) -> Result<(), Problem> {
    for (index, labels) in kustomization.labels.iter().enumerate() {
        let site = kustomization.at("labels").item(index);
        let specs = fields_of(labels, config).map_err(|why| site.problem(why))?;
        set(&site, &labels.pairs, &specs, resources)?;
    }
    let site = kustomization.at("commonLabels");
    set(
        &site,
        &kustomization.common_labels,
        &config.common_labels,
        resources,
    )
}
