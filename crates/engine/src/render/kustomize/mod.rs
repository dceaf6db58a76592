//! Kustomize directories, rendered as `kubectl kustomize` renders them. What it does not do is
//! refused by name; nothing is left out in silence, and nothing is fetched or run.

mod accumulate;
mod build;
mod config;
mod fields;
mod generators;
mod hash;
mod kustomization;
mod load;
mod merge;
mod metadata;
mod openapi;
mod patches;
mod plugins;
mod references;
mod replacements;
mod resource;
mod scope;
mod selector;
mod shape;
mod site;
mod sort;
mod steps;
#[cfg(test)]
mod tests;
mod transformers;
mod vars;

use crate::render::{Texts, check};
use crate::tree::{Reader, path};
use crate::{Manifest, Problem, Problems, Tree};

use accumulate::Accumulated;
use build::Build;
use kustomization::Kustomization;
use metadata::Maker;
use resource::{Resource, Resources};
use transformers::names::{self, End};
use transformers::namespace::{self, Move, Subjects};
use transformers::{images, labels, replicas};

/// The names a kustomization may have.
pub const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The kustomization file of a directory, if it has one.
pub fn find(reader: &Reader, directory: &str) -> Result<Option<String>, Problems> {
    let mut found = None;
    for name in NAMES {
        let file = path::join(directory, name).unwrap_or_default();
        if reader.file(&file)?.is_none() {
            continue;
        }
        if let Some(first) = found {
            let text = format!("{first} and {file} are both there");
            return Err(Problem::new(&file, text).hint("keep one of them").into());
        }
        found = Some(file);
    }
    Ok(found)
}

/// What the directory builds to, in Kustomize's order.
pub fn build(tree: &dyn Tree, directory: &str) -> Result<Vec<Manifest>, Problems> {
    build_with(tree, directory, Texts::Final)
}

/// The same, of files that may have variables.
pub(super) fn build_with(
    tree: &dyn Tree,
    directory: &str,
    texts: Texts,
) -> Result<Vec<Manifest>, Problems> {
    let reader = Reader::new(tree);
    let Some(file) = find(&reader, directory)? else {
        return Err(Problem::new(directory, "has no kustomization.yaml").into());
    };
    let root = Kustomization::parse(&file, &reader.file(&file)?.unwrap_or_default())?;
    let build = Build::new(reader, metadata::wanted(&root)?, texts);
    let mut all = accumulate::directory(&build, &root)?;
    hash::rename(&mut all.resources);
    references::update(&all.config, &mut all.resources)?;
    vars::resolve(&build, &all.vars, &all.config, &mut all.resources)?;
    let mut resources = all.resources;
    resources.retain(|resource| !is_local(resource));
    metadata::write(&build.wanted, &root.site, &mut resources);
    let site = root.at("sortOptions");
    sort::sort(&site, root.sort_options.as_ref(), &mut resources)?;
    checked(resources, texts)
}

/// What was built, if all of it is as its kind wants it.
fn checked(resources: Resources, texts: Texts) -> Result<Vec<Manifest>, Problems> {
    let manifests: Vec<Manifest> = resources
        .into_iter()
        .map(|resource| Manifest {
            object: resource.object,
            origin: resource.origin,
        })
        .collect();
    let problems = manifests
        .iter()
        .flat_map(|it| check::transformed(it, texts));
    let problems = problems.collect();
    Problems(problems).or(manifests)
}

/// Whether an object is only for the build, not for the cluster.
fn is_local(resource: &Resource) -> bool {
    let annotation = resource
        .object
        .annotation("config.kubernetes.io/local-config");
    annotation.is_some_and(|value| value != "false")
}

/// Everything a kustomization does to the resources it has gathered, in Kustomize's order.
fn transform(
    build: &Build,
    kustomization: &Kustomization,
    all: &mut Accumulated,
) -> Result<(), Problems> {
    let config = all.config.clone();
    let resources = &mut all.resources;
    let note = |done: bool, kind: &str, resources: &mut Resources| {
        if done {
            build.note(kustomization.site.file(), &Maker::builtin(kind), resources);
        }
    };
    let it = kustomization;
    let merges = it.at("patchesStrategicMerge");
    patches::strategic(build, &merges, &it.patches_strategic_merge, resources)?;
    let some = !it.patches_strategic_merge.is_empty();
    note(some, "PatchStrategicMergeTransformer", resources);
    for (index, patch) in it.patches.iter().enumerate() {
        patches::patch(build, &it.at("patches").item(index), patch, resources)?;
        note(true, "PatchTransformer", resources);
    }
    let wanted = Move {
        namespace: &it.namespace,
        specs: &config.namespace,
        subjects: Subjects::Default,
        unset_only: false,
    };
    namespace::set(&it.at("namespace"), &wanted, resources)?;
    note(!it.namespace.is_empty(), "NamespaceTransformer", resources);
    for (end, field, affix, specs, kind) in [
        (
            End::Front,
            "namePrefix",
            &it.name_prefix,
            &config.name_prefix,
            "PrefixTransformer",
        ),
        (
            End::Back,
            "nameSuffix",
            &it.name_suffix,
            &config.name_suffix,
            "SuffixTransformer",
        ),
    ] {
        names::affix(&it.at(field), (end, affix), specs, resources)?;
        note(!affix.is_empty(), kind, resources);
    }
    labels::add(it, &config, resources)?;
    let labelled = it.labels.len() + usize::from(!it.common_labels.is_empty());
    (0..labelled).for_each(|_| note(true, "LabelTransformer", resources));
    let annotations = it.at("commonAnnotations");
    let specs = &config.common_annotations;
    labels::set(&annotations, &it.common_annotations, specs, resources)?;
    note(
        !it.common_annotations.is_empty(),
        "AnnotationsTransformer",
        resources,
    );
    for (index, patch) in it.patches_json6902.iter().enumerate() {
        patches::json(
            build,
            &it.at("patchesJson6902").item(index),
            patch,
            resources,
        )?;
        note(true, "PatchJson6902Transformer", resources);
    }
    counts_and_images(kustomization, &config, resources, &note)?;
    replacements::run(build, kustomization, resources)?;
    note(
        !it.replacements.is_empty(),
        "ReplacementTransformer",
        resources,
    );
    Ok(())
}

fn counts_and_images(
    kustomization: &Kustomization,
    config: &config::Config,
    resources: &mut Resources,
    note: &dyn Fn(bool, &str, &mut Resources),
) -> Result<(), Problem> {
    for (index, count) in kustomization.replicas.iter().enumerate() {
        let site = kustomization.at("replicas").item(index);
        replicas::set(&site, count, &config.replicas, resources)?;
        note(true, "ReplicaCountTransformer", resources);
    }
    let tags = kustomization.image_tags.iter().enumerate();
    let tags = tags.map(|(index, image)| (kustomization.at("imageTags").item(index), image));
    let images = kustomization.images.iter().enumerate();
    let images = images.map(|(index, image)| (kustomization.at("images").item(index), image));
    for (site, image) in images.chain(tags) {
        images::set(&site, image, &config.images, resources)?;
        note(true, "ImageTagTransformer", resources);
    }
    Ok(())
}
