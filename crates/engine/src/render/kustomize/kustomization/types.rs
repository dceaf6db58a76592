//! The fields of a kustomization, as they are written.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::fields::FieldSpec;
use super::super::selector::Selector;

/// `labels[]`
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(in super::super) struct Labels {
    pub(in super::super) pairs: BTreeMap<String, String>,
    pub(in super::super) include_selectors: bool,
    pub(in super::super) include_templates: bool,
    pub(in super::super) fields: Vec<FieldSpec>,
}

/// `patches[]` and `patchesJson6902[]`
#[expect(clippy::struct_field_names, reason = "these are the names in the file")]
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in super::super) struct Patch {
    pub(in super::super) path: String,
    #[serde(alias = "jsonOp")]
    pub(in super::super) patch: String,
    pub(in super::super) target: Option<Selector>,
    pub(in super::super) options: PatchOptions,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(in super::super) struct PatchOptions {
    pub(in super::super) allow_name_change: bool,
    pub(in super::super) allow_kind_change: bool,
}

/// `images[]`
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(in super::super) struct Image {
    pub(in super::super) name: String,
    pub(in super::super) new_name: String,
    pub(in super::super) new_tag: String,
    pub(in super::super) tag_suffix: String,
    pub(in super::super) digest: String,
}

/// `replicas[]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in super::super) struct Replicas {
    pub(in super::super) name: String,
    pub(in super::super) count: i64,
}

/// `configMapGenerator[]` and `secretGenerator[]`
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(in super::super) struct Generator {
    pub(in super::super) name: String,
    pub(in super::super) namespace: String,
    pub(in super::super) behavior: String,
    pub(in super::super) literals: Vec<String>,
    pub(in super::super) files: Vec<String>,
    pub(in super::super) envs: Vec<String>,
    pub(in super::super) env: String,
    #[serde(rename = "type")]
    pub(in super::super) kind: String,
    pub(in super::super) options: Option<GeneratorOptions>,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(in super::super) struct GeneratorOptions {
    pub(in super::super) disable_name_suffix_hash: bool,
    pub(in super::super) immutable: bool,
    pub(in super::super) labels: BTreeMap<String, String>,
    pub(in super::super) annotations: BTreeMap<String, String>,
}

/// `replacements[]`: written here, or in a file of its own.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(in super::super) struct Replacement {
    pub(in super::super) path: String,
    pub(in super::super) source: Option<Selected>,
    pub(in super::super) source_value: Option<String>,
    pub(in super::super) targets: Option<Vec<Target>>,
}

/// `replacements[].source`
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(in super::super) struct Selected {
    pub(in super::super) group: String,
    pub(in super::super) version: String,
    pub(in super::super) kind: String,
    pub(in super::super) name: String,
    pub(in super::super) namespace: String,
    pub(in super::super) field_path: String,
    pub(in super::super) options: FieldOptions,
}

/// `replacements[].targets[]`
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(in super::super) struct Target {
    pub(in super::super) select: Option<Selector>,
    pub(in super::super) reject: Vec<Selector>,
    pub(in super::super) field_paths: Vec<String>,
    pub(in super::super) options: FieldOptions,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in super::super) struct FieldOptions {
    pub(in super::super) delimiter: String,
    pub(in super::super) index: i64,
    /// Kustomize reads it and does nothing with it.
    #[serde(rename = "encoding")]
    _encoding: String,
    pub(in super::super) create: bool,
}

/// `vars[]`
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in super::super) struct Var {
    pub(in super::super) name: String,
    pub(in super::super) objref: ObjectReference,
    pub(in super::super) fieldref: FieldReference,
}

/// `vars[].objref`
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(in super::super) struct ObjectReference {
    pub(in super::super) api_version: String,
    pub(in super::super) group: String,
    pub(in super::super) version: String,
    pub(in super::super) kind: String,
    pub(in super::super) name: String,
    pub(in super::super) namespace: String,
}

/// `vars[].fieldref`
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in super::super) struct FieldReference {
    #[serde(alias = "fieldPath")]
    pub(in super::super) fieldpath: String,
}

/// `openapi`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in super::super) struct OpenApi {
    pub(in super::super) path: Option<String>,
    pub(in super::super) version: Option<String>,
}

/// `sortOptions`
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(in super::super) struct SortOptions {
    pub(in super::super) order: String,
    pub(in super::super) legacy_sort_options: Option<LegacySortOptions>,
}

/// `sortOptions.legacySortOptions`
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(in super::super) struct LegacySortOptions {
    pub(in super::super) order_first: Vec<String>,
    pub(in super::super) order_last: Vec<String>,
}

/// `metadata`, of which nothing but the namespace of a transformer is used.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in super::super) struct Metadata {
    pub(in super::super) name: String,
    pub(in super::super) namespace: String,
    #[serde(rename = "labels")]
    _labels: BTreeMap<String, String>,
    #[serde(rename = "annotations")]
    _annotations: BTreeMap<String, String>,
}
