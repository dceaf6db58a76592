//! A kustomization file, read strictly: what is unknown or not supported is named.

pub(super) mod read;
mod types;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use api::codec::strict::nearest;

use super::site::Site;
use crate::render::Documents;
use crate::{Problem, Problems};

pub(super) use types::{
    FieldOptions, Generator, GeneratorOptions, Image, Labels, LegacySortOptions, Metadata, OpenApi,
    Patch, PatchOptions, Replacement, Replicas, Selected, SortOptions, Target, Var,
};

/// One kustomization file.
#[derive(Debug)]
pub(super) struct Kustomization {
    /// The whole of the file.
    pub(super) site: Site,
    pub(super) component: bool,
    pub(super) resources: Vec<String>,
    /// How many of the resources are written under `resources`, the others being under `bases`.
    pub(super) own_resources: usize,
    pub(super) components: Vec<String>,
    pub(super) crds: Vec<String>,
    pub(super) configurations: Vec<String>,
    pub(super) generators: Vec<String>,
    pub(super) transformers: Vec<String>,
    pub(super) validators: Vec<String>,
    pub(super) name_prefix: String,
    pub(super) name_suffix: String,
    pub(super) namespace: String,
    pub(super) common_labels: BTreeMap<String, String>,
    pub(super) labels: Vec<Labels>,
    pub(super) common_annotations: BTreeMap<String, String>,
    pub(super) patches: Vec<Patch>,
    pub(super) patches_strategic_merge: Vec<String>,
    pub(super) patches_json6902: Vec<Patch>,
    pub(super) images: Vec<Image>,
    pub(super) image_tags: Vec<Image>,
    pub(super) replicas: Vec<Replicas>,
    pub(super) config_maps: Vec<Generator>,
    pub(super) secrets: Vec<Generator>,
    pub(super) generator_options: Option<GeneratorOptions>,
    pub(super) replacements: Vec<Replacement>,
    pub(super) vars: Vec<Var>,
    pub(super) openapi: OpenApi,
    pub(super) sort_options: Option<SortOptions>,
    pub(super) build_metadata: Vec<String>,
}

/// What Kustomize has and Kedge has not, with what to do instead.
const UNSUPPORTED: &[(&str, &str)] = &[
    ("helmCharts", "render the chart and commit the manifests"),
    (
        "helmChartInflationGenerator",
        "render the chart and commit the manifests",
    ),
    ("helmGlobals", "render the chart and commit the manifests"),
    ("inventory", "Kedge keeps the inventory itself"),
];

const KNOWN: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "resources",
    "bases",
    "components",
    "crds",
    "configurations",
    "generators",
    "transformers",
    "validators",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "commonAnnotations",
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "images",
    "imageTags",
    "replicas",
    "configMapGenerator",
    "secretGenerator",
    "generatorOptions",
    "replacements",
    "vars",
    "openapi",
    "sortOptions",
    "buildMetadata",
];

/// The fields of the file, taken one by one.
struct Fields {
    site: Site,
    values: Map<String, Value>,
    problems: Vec<Problem>,
}

impl Fields {
    /// A field that is wrong as a whole.
    fn one<T: DeserializeOwned + Default>(&mut self, key: &str) -> T {
        let Some(value) = self.values.shift_remove(key).filter(|it| !it.is_null()) else {
            return T::default();
        };
        read::one(&self.site.field(key), &value).unwrap_or_else(|problem| {
            self.problems.push(problem);
            T::default()
        })
    }

    /// A list whose entries are read one by one.
    fn list<T: DeserializeOwned>(&mut self, key: &str) -> Vec<T> {
        let Some(value) = self.values.shift_remove(key).filter(|it| !it.is_null()) else {
            return Vec::new();
        };
        read::list(&self.site.field(key), &value).unwrap_or_else(|problems| {
            self.problems.extend(problems.0);
            Vec::new()
        })
    }
}

impl Kustomization {
    pub(super) fn parse(file: &str, bytes: &[u8]) -> Result<Self, Problems> {
        let documents = Documents::parse(file, bytes)?;
        let (text, mut documents) = (documents.text, documents.documents.into_iter());
        let (site, values) = match (documents.next(), documents.next()) {
            (None, _) => return Err(Problem::new(file, "is empty").into()),
            (Some(document), None) => {
                let Value::Object(values) = document.value.clone() else {
                    return Err(Problem::new(file, "is not a mapping").into());
                };
                (Site::new(file, &text, Some(document)), values)
            }
            (_, Some(_)) => return Err(Problem::new(file, "has more than one document").into()),
        };
        let mut fields = Fields {
            site,
            values,
            problems: Vec::new(),
        };
        let component = version(&mut fields);
        if fields.problems.is_empty() && fields.values.values().all(Value::is_null) {
            return Err(fields.site.problem("the kustomization is empty").into());
        }
        let it = Self::take(&mut fields, component);
        let unknown: Vec<String> = fields.values.keys().cloned().collect();
        for key in unknown {
            let problem = unknown_field(&fields.site, &key);
            fields.problems.push(problem);
        }
        Problems(fields.problems).or(it)
    }

    fn take(fields: &mut Fields, component: bool) -> Self {
        let _: Metadata = fields.one("metadata");
        let mut resources = fields.list("resources");
        let own_resources = resources.len();
        resources.extend(fields.list("bases"));
        Self {
            site: fields.site.clone(),
            component,
            resources,
            own_resources,
            components: fields.list("components"),
            crds: fields.list("crds"),
            configurations: fields.list("configurations"),
            generators: fields.list("generators"),
            transformers: fields.list("transformers"),
            validators: fields.list("validators"),
            name_prefix: fields.one("namePrefix"),
            name_suffix: fields.one("nameSuffix"),
            namespace: fields.one("namespace"),
            common_labels: fields.one("commonLabels"),
            labels: fields.list("labels"),
            common_annotations: fields.one("commonAnnotations"),
            patches: fields.list("patches"),
            patches_strategic_merge: fields.list("patchesStrategicMerge"),
            patches_json6902: fields.list("patchesJson6902"),
            images: fields.list("images"),
            image_tags: fields.list("imageTags"),
            replicas: fields.list("replicas"),
            config_maps: fields.list("configMapGenerator"),
            secrets: fields.list("secretGenerator"),
            generator_options: fields.one("generatorOptions"),
            replacements: fields.list("replacements"),
            vars: fields.list("vars"),
            openapi: fields.one("openapi"),
            sort_options: fields.one("sortOptions"),
            build_metadata: fields.one("buildMetadata"),
        }
    }

    /// The place of a field.
    pub(super) fn at(&self, field: &str) -> Site {
        self.site.field(field)
    }

    /// The place of an entry of `resources`.
    pub(super) fn resource_site(&self, index: usize) -> Site {
        match index.checked_sub(self.own_resources) {
            None => self.at("resources").item(index),
            Some(index) => self.at("bases").item(index),
        }
    }
}

/// Whether it is a component; a wrong kind or version is noted.
fn version(fields: &mut Fields) -> bool {
    let kind: String = fields.one("kind");
    let component = kind == "Component";
    if !matches!(kind.as_str(), "" | "Kustomization" | "Component") {
        let text = format!("kind {kind:?} is no kustomization");
        fields
            .problems
            .push(fields.site.field("kind").problem(text));
        fields.values.shift_remove("apiVersion");
        return false;
    }
    let version: String = fields.one("apiVersion");
    let expected = if component { "v1alpha1" } else { "v1beta1" };
    let expected = format!("kustomize.config.k8s.io/{expected}");
    if !version.is_empty() && version != expected {
        let problem = fields.site.field("apiVersion");
        let problem = problem.problem(format!("apiVersion {version:?} is not of this kind"));
        fields
            .problems
            .push(problem.hint(format!("write {expected}")));
    }
    component
}

fn unknown_field(site: &Site, key: &str) -> Problem {
    let site = site.field(key);
    if let Some((_, instead)) = UNSUPPORTED.iter().find(|(name, _)| *name == key) {
        return site
            .problem(format!("{key} is not supported"))
            .hint(*instead);
    }
    let hint = nearest(key, KNOWN.iter().copied());
    let hint = hint.map_or_else(String::new, |name| format!("did you mean {name:?}?"));
    site.problem(format!("unknown field {key:?}")).hint(hint)
}
