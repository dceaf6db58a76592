//! Gathers what a directory is made of: files, other directories, components.

use std::borrow::Cow;

use super::build::{self, Build};
use super::config::{self, Config};
use super::kustomization::{Kustomization, Var};
use super::resource::{Resource, Resources, append};
use super::site::Site;
use super::{find, generators, load, openapi, plugins, transform, vars};
use crate::render::Documents;
use crate::{Problem, Problems};

/// How deep bases may stand on bases.
const DEPTH: usize = 32;

/// Resources, and what of the rules for them is still needed when all are there.
pub(super) struct Accumulated {
    pub(super) resources: Resources,
    pub(super) config: Cow<'static, Config>,
    pub(super) vars: Vec<(Var, Site)>,
}

impl Accumulated {
    pub(super) fn empty() -> Self {
        Self {
            resources: Resources::new(),
            config: Cow::Borrowed(Config::defaults()),
            vars: Vec::new(),
        }
    }

    fn absorb(&mut self, other: Self, site: &Site) -> Result<(), Problems> {
        for resource in other.resources {
            append(&mut self.resources, resource)?;
        }
        build::limit(self.resources.len(), site)?;
        if let Cow::Owned(config) = &other.config {
            let merged = self.config.to_mut().merge(config);
            merged.map_err(|why| site.problem(why))?;
        }
        for (var, place) in other.vars {
            vars::add(&mut self.vars, &var, &place)?;
        }
        Ok(())
    }
}

/// The directories that are being built, outermost first.
pub(super) type Above = Vec<String>;

/// Everything the directory builds to, but for hashes and references.
pub(super) fn directory(build: &Build, root: &Kustomization) -> Result<Accumulated, Problems> {
    if root.component {
        let text = "is a Component, which only a Kustomization's components can use";
        return Err(root.at("kind").problem(text).into());
    }
    build.enter(&root.site)?;
    openapi::load(build, root)?;
    let mut all = Accumulated::empty();
    let mut above = vec![root.site.directory().to_owned()];
    accumulate(build, root, &mut all, &mut above)?;
    Ok(all)
}

/// The kustomization of a directory, if it has one.
pub(super) fn load(build: &Build, directory: &str) -> Result<Option<Kustomization>, Problems> {
    let Some(file) = find(&build.reader, directory)? else {
        return Ok(None);
    };
    let bytes = build.reader.file(&file)?.unwrap_or_default();
    Kustomization::parse(&file, &bytes).map(Some)
}

/// Adds to `all` what the kustomization asks for, then changes all of it as it says.
fn accumulate(
    build: &Build,
    kustomization: &Kustomization,
    all: &mut Accumulated,
    above: &mut Above,
) -> Result<(), Problems> {
    for (index, entry) in kustomization.resources.iter().enumerate() {
        let site = kustomization.resource_site(index);
        resolve(build, &site, entry, all, above)?;
    }
    if !(kustomization.configurations.is_empty() && kustomization.crds.is_empty()) {
        config::extend(build, kustomization, all.config.to_mut())?;
    }
    generators::run(build, kustomization, &mut all.resources)?;
    plugins::generate(build, kustomization, &mut all.resources, above)?;
    for (index, entry) in kustomization.components.iter().enumerate() {
        component(build, kustomization, (index, entry), all, above)?;
    }
    build::limit(all.resources.len(), &kustomization.site)?;
    transform(build, kustomization, all)?;
    plugins::transform(build, kustomization, &mut all.resources, above)?;
    plugins::validate(build, kustomization, &all.resources, above)?;
    for (index, var) in kustomization.vars.iter().enumerate() {
        let site = kustomization.at("vars").item(index);
        vars::declare(&mut all.resources, var, &site)?;
        vars::add(&mut all.vars, var, &site)?;
    }
    Ok(())
}

fn component(
    build: &Build,
    kustomization: &Kustomization,
    (index, entry): (usize, &str),
    all: &mut Accumulated,
    above: &mut Above,
) -> Result<(), Problems> {
    let site = kustomization.at("components").item(index);
    let base = load::local(&site, entry)?;
    let component = load(build, &base)?
        .ok_or_else(|| site.problem(format!("{entry:?} has no kustomization")))?;
    if !component.component {
        let text = format!("{entry:?} is not of kind Component");
        return Err(site.problem(text).into());
    }
    descend(build, &site, &base, above)?;
    openapi::load(build, &component)?;
    accumulate(build, &component, all, above)?;
    above.pop();
    Ok(())
}

/// Adds the objects of a file or of another kustomization.
pub(super) fn resolve(
    build: &Build,
    site: &Site,
    entry: &str,
    all: &mut Accumulated,
    above: &mut Above,
) -> Result<(), Problems> {
    let place = load::local(site, entry)?;
    if let Some(bytes) = build.reader.file(&place)? {
        load::inside(site, entry, &place)?;
        let manifests = Documents::parse(&place, &bytes)?.manifests_with(build.texts)?;
        build::limit(all.resources.len() + manifests.len(), site)?;
        for manifest in manifests {
            append(
                &mut all.resources,
                Resource::new(manifest.object, manifest.origin),
            )?;
        }
        return Ok(());
    }
    if build.reader.directory(&place)?.is_none() {
        let text = format!("{entry:?} is neither a file nor a directory of the repository");
        return Err(site.problem(text).into());
    }
    let base = load(build, &place)?.ok_or_else(|| {
        let text = format!("the directory {entry:?} has no kustomization.yaml");
        site.problem(text).hint("name its files one by one")
    })?;
    if base.component {
        let problem = site.problem(format!("{entry:?} is a Component"));
        return Err(problem.hint("list it under components").into());
    }
    descend(build, site, &place, above)?;
    openapi::load(build, &base)?;
    let mut inner = Accumulated::empty();
    accumulate(build, &base, &mut inner, above)?;
    above.pop();
    all.absorb(inner, site)
}

fn descend(build: &Build, site: &Site, base: &str, above: &mut Above) -> Result<(), Problem> {
    if above.iter().any(|directory| directory == base) {
        let text = format!("goes in a circle: {} -> {base}", above.join(" -> "));
        return Err(site.problem(text));
    }
    if above.len() > DEPTH {
        return Err(site.problem("bases stand on bases too deeply"));
    }
    build.enter(site)?;
    above.push(base.to_owned());
    Ok(())
}
