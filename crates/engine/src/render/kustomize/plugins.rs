//! `generators`, `transformers` and `validators`: what the fields of a kustomization do, written
//! as objects. Only what is built into Kustomize; nothing is run.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use api::codec::yaml;

use super::accumulate::{Above, Accumulated, resolve};
use super::build::Build;
use super::config;
use super::fields::FieldSpec;
use super::generators::{self, Kind, iam::IamPolicy};
use super::kustomization::{
    Generator, Image, Kustomization, Metadata, Patch, Replacement, Replicas, SortOptions, read,
};
use super::load;
use super::metadata::Maker;
use super::resource::{Resources, append};
use super::site::Site;
use super::transformers::names::{self, End};
use super::transformers::namespace::{self, Move, Subjects};
use super::transformers::value_add::ValueAdd;
use super::transformers::{images, labels, replicas};
use super::{hash, patches, replacements, sort};
use crate::render::Documents;
use crate::{Problem, Problems};

/// The fields of all transformers that are made of few.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Plugin {
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    prefix: String,
    suffix: String,
    replica: Replicas,
    image_tag: Image,
    unset_only: bool,
    set_role_binding_subjects: String,
    paths: Vec<String>,
    patches: String,
    replacements: Vec<Replacement>,
    sort_options: Option<SortOptions>,
    field_specs: Option<Vec<FieldSpec>>,
}

/// One plugin: its kind, its name, what it says without those.
struct Object {
    site: Site,
    kind: String,
    metadata: Metadata,
    fields: Value,
}

impl Object {
    fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        read::one(&self.site, &self.fields)
    }

    fn maker(&self) -> Maker {
        Maker::plugin(&self.kind, &self.metadata.name)
    }

    fn unknown(&self) -> Problem {
        let problem = self.site.field("kind");
        problem.problem(format!("there is no built-in plugin {:?}", self.kind))
    }
}

pub(super) fn generate(
    build: &Build,
    kustomization: &Kustomization,
    resources: &mut Resources,
    above: &mut Above,
) -> Result<(), Problems> {
    let site = kustomization.at("generators");
    for object in objects(build, &site, &kustomization.generators, above)? {
        match object.kind.as_str() {
            "ConfigMapGenerator" => generator(build, &object, Kind::ConfigMap, resources)?,
            "SecretGenerator" => generator(build, &object, Kind::Secret, resources)?,
            "IAMPolicyGenerator" => {
                let policy: IamPolicy = object.read()?;
                append(resources, policy.make(&object.site)?)?;
            }
            _ => return Err(object.unknown().into()),
        }
        if let Some(made) = resources.last_mut().filter(|it| it.made_by.is_some()) {
            made.made_by = Some(object.maker());
        }
    }
    Ok(())
}

fn generator(
    build: &Build,
    object: &Object,
    kind: Kind,
    resources: &mut Resources,
) -> Result<(), Problems> {
    let mut generator: Generator = object.read()?;
    if generator.name.is_empty() {
        generator.name.clone_from(&object.metadata.name);
    }
    if generator.namespace.is_empty() {
        generator.namespace.clone_from(&object.metadata.namespace);
    }
    generators::single(build, &object.site, kind, &generator, resources)
}

pub(super) fn transform(
    build: &Build,
    kustomization: &Kustomization,
    resources: &mut Resources,
    above: &mut Above,
) -> Result<(), Problems> {
    let site = kustomization.at("transformers");
    for object in objects(build, &site, &kustomization.transformers, above)? {
        run(build, &object, resources)?;
        build.note(object.site.file(), &object.maker(), resources);
    }
    Ok(())
}

/// Runs transformers that must not find anything to change.
pub(super) fn validate(
    build: &Build,
    kustomization: &Kustomization,
    resources: &Resources,
    above: &mut Above,
) -> Result<(), Problems> {
    let site = kustomization.at("validators");
    for object in objects(build, &site, &kustomization.validators, above)? {
        let mut after = resources.clone();
        run(build, &object, &mut after)?;
        let bodies = |all: &Resources| {
            all.iter()
                .map(|it| it.object.body.clone())
                .collect::<Vec<_>>()
        };
        if bodies(resources) != bodies(&after) {
            let text = "the validator changes objects, which validators must not";
            return Err(object.site.problem(text).into());
        }
    }
    Ok(())
}

/// The objects that a list of files, directories and texts is.
fn objects(
    build: &Build,
    site: &Site,
    entries: &[String],
    above: &mut Above,
) -> Result<Vec<Object>, Problems> {
    let mut objects = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let site = site.item(index);
        if let Some(inline) = inline(&site, entry)? {
            for value in inline {
                objects.push(object(site.clone(), value)?);
            }
            continue;
        }
        let place = load::local(&site, entry)?;
        if build.reader.file(&place)?.is_some() {
            for document in config::documents(build, &site, entry)? {
                let value = document.value();
                objects.push(object(document, value)?);
            }
            continue;
        }
        let mut built = Accumulated::empty();
        resolve(build, &site, entry, &mut built, above)?;
        for resource in built.resources {
            objects.push(object(site.clone(), resource.object.body)?);
        }
    }
    Ok(objects)
}

/// The objects in the text, unless it is the name of a file.
fn inline(site: &Site, entry: &str) -> Result<Option<Vec<Value>>, Problem> {
    if !entry.contains(':') {
        return Ok(None);
    }
    match yaml::documents(entry) {
        Ok(documents) if documents.iter().all(|it| it.value.is_object()) => {
            let parsed = Documents::parse(site.file(), entry.as_bytes());
            let parsed = parsed.map_err(|_| site.problem("cannot be read"))?;
            let documents = parsed.documents.into_iter();
            Ok(Some(documents.map(|document| document.value).collect()))
        }
        _ if entry.contains('\n') => {
            patches::inline_documents(site, entry)?;
            Err(site.problem("is no object"))
        }
        _ => Ok(None),
    }
}

fn object(site: Site, value: Value) -> Result<Object, Problem> {
    let Value::Object(mut fields) = value else {
        return Err(site.problem("a plugin is an object"));
    };
    let text = |fields: &Map<String, Value>, field: &str| {
        let text = fields.get(field).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let (version, kind) = (text(&fields, "apiVersion"), text(&fields, "kind"));
    if version != "builtin" {
        let text = format!("{version} {kind} is not built in; plugins are not run");
        let problem = site.field("apiVersion").problem(text);
        return Err(problem.hint("apiVersion: builtin is what can be used"));
    }
    let metadata = fields.get("metadata").cloned().unwrap_or_default();
    if metadata["name"].as_str().unwrap_or_default().is_empty() {
        return Err(site.problem("a plugin has no metadata.name"));
    }
    if metadata["annotations"]
        .get("config.kubernetes.io/function")
        .is_some()
    {
        return Err(site.problem("functions are not run"));
    }
    let metadata = read::one(&site.field("metadata"), &metadata)?;
    for field in ["apiVersion", "kind", "metadata"] {
        fields.shift_remove(field);
    }
    Ok(Object {
        site,
        kind,
        metadata,
        fields: Value::Object(fields),
    })
}

fn run(build: &Build, object: &Object, resources: &mut Resources) -> Result<(), Problems> {
    let site = &object.site;
    match object.kind.as_str() {
        "PatchTransformer" => {
            let patch: Patch = object.read()?;
            return patches::patch(build, site, &patch, resources);
        }
        "PatchJson6902Transformer" => {
            let patch: Patch = object.read()?;
            return patches::json(build, site, &patch, resources);
        }
        "ValueAddTransformer" => {
            let add: ValueAdd = object.read()?;
            return add.run(site, resources).map_err(Into::into);
        }
        "HashTransformer" => {
            hash::rename(resources);
            return Ok(());
        }
        _ => {}
    }
    let plugin: Plugin = object.read()?;
    match object.kind.as_str() {
        "PatchStrategicMergeTransformer" => {
            let paths = site.field("paths");
            patches::strategic(build, &paths, &plugin.paths, resources)?;
            if !plugin.patches.is_empty() {
                patches::text(build, &site.field("patches"), &plugin.patches, resources)?;
            }
            return Ok(());
        }
        "ReplacementTransformer" => {
            let site = site.field("replacements");
            return replacements::all(build, &site, &plugin.replacements, resources);
        }
        "SortOrderTransformer" => {
            let site = site.field("sortOptions");
            return sort::sort(&site, plugin.sort_options.as_ref(), resources).map_err(Into::into);
        }
        _ => {}
    }
    with_fields(object, &plugin, resources).map_err(Into::into)
}

/// Those that change the fields they are told to change.
fn with_fields(object: &Object, plugin: &Plugin, resources: &mut Resources) -> Result<(), Problem> {
    let site = &object.site;
    let specs = plugin.field_specs.as_deref().unwrap_or_default();
    match object.kind.as_str() {
        "AnnotationsTransformer" => labels::set(site, &plugin.annotations, specs, resources),
        "LabelTransformer" => labels::set(site, &plugin.labels, specs, resources),
        "ImageTagTransformer" => images::set(site, &plugin.image_tag, specs, resources),
        "ReplicaCountTransformer" => replicas::set(site, &plugin.replica, specs, resources),
        "PrefixTransformer" | "SuffixTransformer" if plugin.field_specs.is_none() => {
            Err(site.problem("has no fieldSpecs"))
        }
        "PrefixTransformer" => names::affix(site, (End::Front, &plugin.prefix), specs, resources),
        "SuffixTransformer" => names::affix(site, (End::Back, &plugin.suffix), specs, resources),
        "PrefixSuffixTransformer" => {
            names::affix(site, (End::Front, &plugin.prefix), specs, resources)?;
            names::affix(site, (End::Back, &plugin.suffix), specs, resources)
        }
        "NamespaceTransformer" => {
            let subjects = match plugin.set_role_binding_subjects.as_str() {
                "" | "defaultOnly" => Subjects::Default,
                "allServiceAccounts" => Subjects::ServiceAccounts,
                "none" => Subjects::None,
                other => {
                    let site = site.field("setRoleBindingSubjects");
                    return Err(site.problem(format!("there is no {other:?}")));
                }
            };
            let wanted = Move {
                namespace: &object.metadata.namespace,
                specs,
                subjects,
                unset_only: plugin.unset_only,
            };
            namespace::set(site, &wanted, resources)
        }
        _ => Err(object.unknown()),
    }
}
