//! Which fields the transformers change: the built-in ones, and what `configurations` and `crds`
//! add to them.

mod crds;
mod defaults;
mod references;

use std::sync::LazyLock;

use serde::Deserialize;

use api::GroupVersionKind;

use super::build::Build;
use super::fields::{self, FieldSpec};
use super::kustomization::{Kustomization, read};
use super::load;
use super::site::Site;
use crate::render::Documents;
use crate::{Problem, Problems};

/// Fields by transformer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct Config {
    pub(super) name_prefix: Vec<FieldSpec>,
    pub(super) name_suffix: Vec<FieldSpec>,
    pub(super) namespace: Vec<FieldSpec>,
    pub(super) common_labels: Vec<FieldSpec>,
    pub(super) labels: Vec<FieldSpec>,
    pub(super) template_labels: Vec<FieldSpec>,
    pub(super) common_annotations: Vec<FieldSpec>,
    pub(super) name_reference: Vec<References>,
    pub(super) var_reference: Vec<FieldSpec>,
    pub(super) images: Vec<FieldSpec>,
    pub(super) replicas: Vec<FieldSpec>,
}

/// The fields that hold names of one kind of object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct References {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
    pub(super) field_specs: Vec<FieldSpec>,
}

impl References {
    pub(super) fn is_to(&self, gvk: &GroupVersionKind) -> bool {
        (self.group.is_empty() || self.group == gvk.group)
            && (self.version.is_empty() || self.version == gvk.version)
            && (self.kind.is_empty() || self.kind == gvk.kind)
    }

    fn same_kind(&self, other: &Self) -> bool {
        self.group == other.group && self.version == other.version && self.kind == other.kind
    }
}

static DEFAULTS: LazyLock<Config> = LazyLock::new(defaults::config);

impl Config {
    pub(super) fn defaults() -> &'static Self {
        &DEFAULTS
    }

    /// Adds what `other` has and this has not.
    ///
    /// # Errors
    /// Where the two contradict each other.
    pub(super) fn merge(&mut self, other: &Self) -> Result<(), String> {
        fields::add(&mut self.name_prefix, &other.name_prefix)?;
        fields::add(&mut self.name_suffix, &other.name_suffix)?;
        fields::add(&mut self.namespace, &other.namespace)?;
        fields::add(&mut self.common_labels, &other.common_labels)?;
        fields::add(&mut self.labels, &other.labels)?;
        fields::add(&mut self.template_labels, &other.template_labels)?;
        fields::add(&mut self.common_annotations, &other.common_annotations)?;
        fields::add(&mut self.var_reference, &other.var_reference)?;
        fields::add(&mut self.images, &other.images)?;
        fields::add(&mut self.replicas, &other.replicas)?;
        for more in &other.name_reference {
            match self.name_reference.iter_mut().find(|it| it.same_kind(more)) {
                Some(known) => fields::add(&mut known.field_specs, &more.field_specs)?,
                None => self.name_reference.push(more.clone()),
            }
        }
        Ok(())
    }
}

/// Adds what the kustomization's `configurations` and `crds` say.
pub(super) fn extend(
    build: &Build,
    kustomization: &Kustomization,
    config: &mut Config,
) -> Result<(), Problems> {
    for (index, entry) in kustomization.configurations.iter().enumerate() {
        let site = kustomization.at("configurations").item(index);
        for more in documents(build, &site, entry)? {
            let added = read::one(&more, &more.value())?;
            config.merge(&added).map_err(|why| more.problem(why))?;
        }
    }
    for (index, entry) in kustomization.crds.iter().enumerate() {
        let site = kustomization.at("crds").item(index);
        for more in documents(build, &site, entry)? {
            let added = crds::config(&more.value()).map_err(|why| more.problem(why))?;
            config.merge(&added).map_err(|why| more.problem(why))?;
        }
    }
    Ok(())
}

/// The documents of a file that the site names.
pub(super) fn documents(build: &Build, site: &Site, entry: &str) -> Result<Vec<Site>, Problems> {
    let (file, bytes) = load::read(build, site, entry)?;
    let parsed = Documents::parse(&file, &bytes)?;
    if parsed.documents.is_empty() {
        return Err(Problem::new(&file, "is empty").into());
    }
    let text = parsed.text;
    let sites = parsed.documents.into_iter();
    Ok(sites
        .map(|document| Site::new(&file, &text, Some(document)).relative_to(site.directory()))
        .collect())
}
