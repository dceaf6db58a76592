//! A kustomization file, read strictly: what is unknown or not supported is named.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use api::codec::strict::nearest;

use super::selector::Selector;
use crate::render::Documents;
use crate::tree::path;
use crate::{Problem, Problems};

/// One kustomization file.
#[derive(Debug, Default)]
pub(super) struct Kustomization {
    /// Its own path.
    pub(super) file: String,
    text: String,
    pub(super) component: bool,
    pub(super) resources: Vec<String>,
    pub(super) components: Vec<String>,
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
    pub(super) replicas: Vec<Replicas>,
    pub(super) config_maps: Vec<Generator>,
    pub(super) secrets: Vec<Generator>,
    pub(super) generator_options: GeneratorOptions,
    pub(super) replacements: Vec<Replacement>,
}

/// `labels[]`
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Labels {
    #[serde(default)]
    pub(super) pairs: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) include_selectors: bool,
    #[serde(default)]
    pub(super) include_templates: bool,
    #[serde(default)]
    pub(super) fields: Vec<FieldSpec>,
}

/// A field of some kinds.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldSpec {
    pub(super) path: String,
    #[serde(default)]
    pub(super) group: String,
    #[serde(default)]
    pub(super) version: String,
    #[serde(default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) create: bool,
}

/// `patches[]` and `patchesJson6902[]`
#[expect(clippy::struct_field_names, reason = "these are the names in the file")]
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Patch {
    #[serde(default)]
    pub(super) path: String,
    #[serde(default)]
    pub(super) patch: String,
    pub(super) target: Option<Selector>,
    #[serde(default)]
    pub(super) options: PatchOptions,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PatchOptions {
    #[serde(default)]
    pub(super) allow_name_change: bool,
    #[serde(default)]
    pub(super) allow_kind_change: bool,
}

/// `images[]`
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Image {
    pub(super) name: String,
    #[serde(default)]
    pub(super) new_name: String,
    #[serde(default)]
    pub(super) new_tag: String,
    #[serde(default)]
    pub(super) tag_suffix: String,
    #[serde(default)]
    pub(super) digest: String,
}

/// `replicas[]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Replicas {
    pub(super) name: String,
    pub(super) count: i64,
}

/// `configMapGenerator[]` and `secretGenerator[]`
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Generator {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) namespace: String,
    #[serde(default)]
    pub(super) behavior: Behavior,
    #[serde(default)]
    pub(super) literals: Vec<String>,
    #[serde(default)]
    pub(super) files: Vec<String>,
    #[serde(default)]
    pub(super) envs: Vec<String>,
    #[serde(default)]
    pub(super) env: String,
    #[serde(default, rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) options: GeneratorOptions,
}

/// What a generator does with what is already there.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Behavior {
    #[default]
    #[serde(alias = "unspecified", alias = "")]
    Create,
    Merge,
    Replace,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GeneratorOptions {
    #[serde(default)]
    pub(super) disable_name_suffix_hash: bool,
    #[serde(default)]
    pub(super) immutable: bool,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) annotations: BTreeMap<String, String>,
}

/// `replacements[]`: written here, or in a file of its own.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Replacement {
    #[serde(default)]
    pub(super) path: String,
    pub(super) source: Option<Source>,
    #[serde(default)]
    pub(super) targets: Vec<Target>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Source {
    #[serde(default)]
    pub(super) group: String,
    #[serde(default)]
    pub(super) version: String,
    #[serde(default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) namespace: String,
    #[serde(default)]
    pub(super) field_path: String,
    #[serde(default)]
    pub(super) options: FieldOptions,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Target {
    pub(super) select: Option<Selector>,
    #[serde(default)]
    pub(super) reject: Vec<Selector>,
    #[serde(default)]
    pub(super) field_paths: Vec<String>,
    #[serde(default)]
    pub(super) options: FieldOptions,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldOptions {
    #[serde(default)]
    pub(super) delimiter: String,
    #[serde(default)]
    pub(super) index: i64,
    #[serde(default)]
    pub(super) encoding: String,
    #[serde(default)]
    pub(super) create: bool,
}

/// What Kustomize has and Kedge has not, with what to do instead.
const UNSUPPORTED: &[(&str, &str)] = &[
    ("helmCharts", "render the chart and commit the manifests"),
    (
        "helmChartInflationGenerator",
        "render the chart and commit the manifests",
    ),
    ("helmGlobals", "render the chart and commit the manifests"),
    ("vars", "use replacements"),
    (
        "generators",
        "use configMapGenerator, secretGenerator or plain manifests",
    ),
    ("transformers", "use the built-in fields"),
    ("validators", "every commit is validated anyway"),
    ("configurations", "use labels.fields and replacements"),
    ("crds", "use labels.fields and replacements"),
    (
        "openapi",
        "lists of custom kinds are replaced as a whole; use JSON patches",
    ),
    (
        "buildMetadata",
        "Kedge knows the file and line of each object",
    ),
    ("inventory", "Kedge keeps the inventory itself"),
];

const KNOWN: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "resources",
    "bases",
    "components",
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
    "replicas",
    "configMapGenerator",
    "secretGenerator",
    "generatorOptions",
    "replacements",
    "sortOptions",
];

impl Kustomization {
    pub(super) fn parse(file: &str, bytes: &[u8]) -> Result<Self, Problems> {
        let documents = Documents::parse(file, bytes)?;
        let mut it = Self {
            file: file.into(),
            text: documents.text,
            ..Self::default()
        };
        let mut values = documents.documents.into_iter();
        let fields = match (values.next().map(|document| document.value), values.next()) {
            (Some(Value::Object(fields)), None) => fields,
            (None, _) => Map::new(),
            (_, Some(_)) => return Err(Problem::new(file, "has more than one document").into()),
            _ => return Err(Problem::new(file, "is not a mapping").into()),
        };
        let problems: Vec<Problem> = fields
            .iter()
            .filter_map(|(key, value)| it.take(key, value).err())
            .collect();
        Problems(problems).or(it)
    }

    /// The directory it is in.
    pub(super) fn directory(&self) -> &str {
        path::parent(&self.file)
    }

    /// A finding about one of its fields.
    pub(super) fn problem(&self, field: &str, message: impl Into<String>) -> Problem {
        let line = (1..)
            .zip(self.text.lines())
            .find(|(_, line)| {
                line.strip_prefix(field)
                    .is_some_and(|rest| rest.starts_with(':'))
            })
            .map_or(1, |(number, _)| number);
        let problem = Problem::new(&self.file, message).field(field);
        let problem = problem.at(line, 1);
        // Its literals may be on that line.
        if field == "secretGenerator" {
            problem
        } else {
            problem.picture(&self.text)
        }
    }

    fn take(&mut self, key: &str, value: &Value) -> Result<(), Problem> {
        if value.is_null() {
            return Ok(());
        }
        match key {
            "apiVersion" => self.version(value)?,
            "kind" => match value.as_str() {
                Some("Kustomization") => {}
                Some("Component") => self.component = true,
                _ => return Err(self.problem(key, format!("kind {value} is no kustomization"))),
            },
            "metadata" | "sortOptions" => {}
            "resources" | "bases" => self.resources.extend(self.read::<Vec<String>>(key, value)?),
            "components" => self.components = self.read(key, value)?,
            "namePrefix" => self.name_prefix = self.read(key, value)?,
            "nameSuffix" => self.name_suffix = self.read(key, value)?,
            "namespace" => self.namespace = self.read(key, value)?,
            "commonLabels" => self.common_labels = self.read(key, value)?,
            "labels" => self.labels = self.read(key, value)?,
            "commonAnnotations" => self.common_annotations = self.read(key, value)?,
            "patches" => self.patches = self.read(key, value)?,
            "patchesStrategicMerge" => self.patches_strategic_merge = self.read(key, value)?,
            "patchesJson6902" => self.patches_json6902 = self.read(key, value)?,
            "images" => self.images = self.read(key, value)?,
            "replicas" => self.replicas = self.read(key, value)?,
            "configMapGenerator" => self.config_maps = self.read(key, value)?,
            "secretGenerator" => self.secrets = self.read(key, value)?,
            "generatorOptions" => self.generator_options = self.read(key, value)?,
            "replacements" => self.replacements = self.read(key, value)?,
            _ => return Err(self.unknown(key)),
        }
        Ok(())
    }

    fn version(&self, value: &Value) -> Result<(), Problem> {
        let known = [
            "kustomize.config.k8s.io/v1",
            "kustomize.config.k8s.io/v1beta1",
            "kustomize.config.k8s.io/v1alpha1",
        ];
        if value
            .as_str()
            .is_some_and(|version| known.contains(&version))
        {
            return Ok(());
        }
        Err(self.problem(
            "apiVersion",
            format!("apiVersion {value} is no kustomization"),
        ))
    }

    fn unknown(&self, key: &str) -> Problem {
        if let Some((_, instead)) = UNSUPPORTED.iter().find(|(name, _)| *name == key) {
            let problem = self.problem(key, format!("{key} is not supported"));
            return problem.hint(*instead);
        }
        let hint = nearest(key, KNOWN.iter().copied());
        let hint = hint.map_or_else(String::new, |name| format!("did you mean {name:?}?"));
        self.problem(key, format!("unknown field {key:?}"))
            .hint(hint)
    }

    fn read<T: DeserializeOwned>(&self, key: &str, value: &Value) -> Result<T, Problem> {
        T::deserialize(value)
            .map_err(|error| self.problem(key, format!("{key} cannot be read: {error}")))
    }
}
