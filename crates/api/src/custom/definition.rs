//! A definition, read: what is served, and how each version of it looks.

use serde_json::{Value, json};

use super::columns::{self, Cell, Printed};
use super::path;
use super::scale::ScalePaths;
use super::schema::{Schema, Type};
use super::{defaults, prune, structural, validate};
use crate::codec::strict::Unknown;
use crate::resource::{Column, Resource};
use crate::{Cause, Collection, GroupVersionKind, Object, Scope, Subresource};

/// Whether an object defines a kind.
pub fn is_definition(object: &Object) -> bool {
    object.kind() == "CustomResourceDefinition" && object.gvk().group == super::GROUP
}

/// What a `CustomResourceDefinition` defines.
#[derive(Debug, Clone)]
pub struct Definition {
    pub group: String,
    pub plural: String,
    pub singular: String,
    pub kind: String,
    pub list_kind: String,
    pub short_names: Vec<String>,
    pub categories: Vec<String>,
    pub scope: Scope,
    /// Served or not, in the order in which clients prefer them.
    pub versions: Vec<Version>,
    /// The version in which objects are stored.
    pub storage: String,
}

/// One version of a kind.
#[derive(Debug, Clone)]
pub struct Version {
    pub name: String,
    pub served: bool,
    /// What to tell who uses it; empty where nothing is said.
    pub warning: String,
    /// What objects look like.
    pub schema: Schema,
    /// As it was written, for documents.
    pub document: Value,
    pub has_status: bool,
    pub scale: Option<ScalePaths>,
    printed: Vec<Printed>,
    /// `spec.color`
    pub selectable: Vec<String>,
}

impl Definition {
    /// Reads a definition, and says what is wrong with its versions. What was stored once has
    /// nothing wrong with it.
    pub fn read(object: &Object) -> (Self, Vec<Cause>) {
        let text = |pointer: &str| object.text(pointer).to_owned();
        let texts = |pointer: &str| -> Vec<String> {
            let items = object.pointer(pointer).and_then(Value::as_array);
            let items = items.into_iter().flatten().filter_map(Value::as_str);
            items.map(str::to_owned).collect()
        };
        let (kind, group) = (text("/spec/names/kind"), text("/spec/group"));
        let or =
            |given: String, otherwise: String| if given.is_empty() { otherwise } else { given };
        let said = object.pointer("/spec/versions").and_then(Value::as_array);
        let (mut versions, mut causes) = (Vec::new(), Vec::new());
        let mut storage = String::new();
        for (at, value) in said.into_iter().flatten().enumerate() {
            let (version, wrong) = Version::read(value, &format!("spec.versions[{at}]"));
            if value["storage"] == true {
                storage.clone_from(&version.name);
            }
            let warning = version.warned(value, &group, &kind);
            versions.push(Version { warning, ..version });
            causes.extend(wrong);
        }
        versions.sort_by(|a, b| {
            priority(&b.name)
                .cmp(&priority(&a.name))
                .then_with(|| a.name.cmp(&b.name))
        });
        let read = Self {
            singular: or(text("/spec/names/singular"), kind.to_lowercase()),
            list_kind: or(text("/spec/names/listKind"), format!("{kind}List")),
            plural: text("/spec/names/plural"),
            short_names: texts("/spec/names/shortNames"),
            categories: texts("/spec/names/categories"),
            scope: if object.text("/spec/scope") == "Namespaced" {
                Scope::Namespaced
            } else {
                Scope::Cluster
            },
            kind,
            group,
            versions,
            storage,
        };
        (read, causes)
    }

    pub fn collection(&self) -> Collection {
        Collection::new(&self.group, &self.plural)
    }

    /// The `metadata.name` of the definition: `crontabs.example.org`.
    pub fn name(&self) -> String {
        format!("{}.{}", self.plural, self.group)
    }

    pub fn version(&self, name: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.name == name)
    }

    /// The versions that are served, preferred ones first.
    pub fn served(&self) -> impl Iterator<Item = &Version> {
        self.versions.iter().filter(|version| version.served)
    }

    pub fn gvk(&self, version: &Version) -> GroupVersionKind {
        GroupVersionKind::new(&self.group, &version.name, &self.kind)
    }

    /// One version of it as the table of resources has kinds.
    pub fn resource(&self, version: &Version) -> Resource {
        let verbs = |list: &[&str]| list.iter().map(|verb| (*verb).to_owned()).collect();
        let mut subresources = Vec::new();
        if version.has_status {
            subresources.push(Subresource {
                name: "status".into(),
                group: String::new(),
                version: String::new(),
                kind: self.kind.clone(),
                verbs: verbs(&["get", "patch", "update"]),
            });
        }
        if version.scale.is_some() {
            subresources.push(Subresource {
                name: "scale".into(),
                group: "autoscaling".into(),
                version: "v1".into(),
                kind: "Scale".into(),
                verbs: verbs(&["get", "patch", "update"]),
            });
        }
        let name = Column {
            name: "Name".into(),
            kind: "string".into(),
            format: "name".into(),
            priority: 0,
        };
        let columns = version.printed.iter().map(|it| it.column.clone());
        Resource {
            group: self.group.clone(),
            version: version.name.clone(),
            plural: self.plural.clone(),
            kind: self.kind.clone(),
            singular: self.singular.clone(),
            scope: self.scope,
            verbs: verbs(&[
                "create",
                "delete",
                "deletecollection",
                "get",
                "list",
                "patch",
                "update",
                "watch",
            ]),
            short_names: self.short_names.clone(),
            categories: self.categories.clone(),
            subresources,
            columns: std::iter::once(name).chain(columns).collect(),
        }
    }
}

impl Version {
    fn read(value: &Value, field: &str) -> (Self, Vec<Cause>) {
        let document = value["schema"]["openAPIV3Schema"].clone();
        let at = format!("{field}.schema.openAPIV3Schema");
        let (schema, mut causes) = if document.is_object() {
            structural::read(&document, &at)
        } else {
            (
                Schema::default(),
                vec![Cause::required(at.clone(), "schemas are required")],
            )
        };
        causes.extend(defaults_fit(&schema, &at));
        let (printed, wrong) = columns::read(value, field);
        causes.extend(wrong);
        let subresources = &value["subresources"];
        let scale = subresources
            .get("scale")
            .filter(|it| it.is_object())
            .and_then(|scale| {
                let read = ScalePaths::read(scale, &format!("{field}.subresources.scale"));
                read.map_err(|wrong| causes.extend(wrong)).ok()
            });
        let mut selectable = Vec::new();
        for (at, path) in value["selectableFields"]
            .as_array()
            .into_iter()
            .flatten()
            .enumerate()
        {
            let text = path["jsonPath"].as_str().unwrap_or_default();
            match selected(&schema, text) {
                Ok(name) => selectable.push(name),
                Err(rule) => {
                    let at = format!("{field}.selectableFields[{at}].jsonPath");
                    causes.push(Cause::invalid(at, &json!(text), rule));
                }
            }
        }
        let version = Self {
            name: value["name"].as_str().unwrap_or_default().to_owned(),
            served: value["served"] == true,
            warning: String::new(),
            has_status: subresources["status"].is_object(),
            schema,
            document,
            scale,
            printed,
            selectable,
        };
        (version, causes)
    }

    fn warned(&self, value: &Value, group: &str, kind: &str) -> String {
        match (
            value["deprecated"] == true,
            value["deprecationWarning"].as_str(),
        ) {
            (false, _) => String::new(),
            (true, Some(text)) => text.to_owned(),
            (true, None) => format!("{group}/{} {kind} is deprecated", self.name),
        }
    }

    /// Drops what the schema does not mention, and says what that was.
    pub fn prune(&self, object: &mut Object) -> Vec<Unknown> {
        prune::prune(&self.schema, &mut object.body)
    }

    /// Fills in defaults. Idempotent.
    pub fn default(&self, object: &mut Object) {
        defaults::fill(&self.schema, &mut object.body);
    }

    /// What the schema does not allow; `old` is what it was before, for rules that compare.
    pub fn validate(&self, object: &Object, old: Option<&Object>) -> Vec<Cause> {
        validate::validate(&self.schema, &object.body, old.map(|old| &old.body), "")
    }

    /// As [`Version::validate`], of the status alone: what it was stored with stays as it is.
    pub fn validate_status(&self, object: &Object, old: &Object) -> Vec<Cause> {
        let Some(schema) = self.schema.properties.get("status") else {
            return Vec::new();
        };
        object.body.get("status").map_or_else(Vec::new, |status| {
            validate::validate(schema, status, old.body.get("status"), "status")
        })
    }

    /// The cells of an object, in the order of the columns of its resource.
    pub fn cells(&self, object: &Object) -> Vec<Cell> {
        let name = Cell::Value(json!(object.name()));
        let cells = self.printed.iter().map(|it| it.cell(&object.body));
        std::iter::once(name).chain(cells).collect()
    }

    /// The value of a field that objects can be selected by.
    pub fn field(&self, object: &Object, field: &str) -> Option<String> {
        let is_known = self.selectable.iter().any(|known| known == field);
        is_known.then(|| {
            let fields: Vec<String> = field.split('.').map(str::to_owned).collect();
            match path::value(&object.body, &fields) {
                Some(Value::String(text)) => text.clone(),
                None | Some(Value::Null) => String::new(),
                Some(value) => value.to_string(),
            }
        })
    }
}

/// The name of a selectable field, from its path.
fn selected(schema: &Schema, path: &str) -> Result<String, &'static str> {
    let fields = path::fields(path).ok_or("must be a simple path such as .spec.color")?;
    if fields[0] == "metadata" {
        return Err("must not point to fields in metadata");
    }
    match schema.at(&fields) {
        None => Err("does not refer to a valid field"),
        Some(at) if matches!(at.ty, Type::String | Type::Boolean | Type::Integer) => {
            Ok(fields.join("."))
        }
        Some(_) => Err("must point to a field of type string, boolean or integer"),
    }
}

/// Defaults have to be what their own schema allows.
fn defaults_fit(schema: &Schema, field: &str) -> Vec<Cause> {
    let mut causes = Vec::new();
    if let Some(default) = &schema.default {
        let at = format!("{field}.default");
        let mut pruned = default.clone();
        if prune::prune_value(schema, &mut pruned).is_empty() {
            validate::shape(schema, default, &at, &mut causes);
        } else {
            causes.push(Cause::invalid(at, default, "must not have unknown fields"));
        }
    }
    for (name, inner) in &schema.properties {
        causes.extend(defaults_fit(inner, &format!("{field}.properties[{name}]")));
    }
    if let Some(inner) = &schema.items {
        causes.extend(defaults_fit(inner, &format!("{field}.items")));
    }
    if let super::Additional::Of(inner) = &schema.additional {
        causes.extend(defaults_fit(
            inner,
            &format!("{field}.additionalProperties"),
        ));
    }
    causes
}

/// What clients prefer: `v2` over `v1`, both over `v3beta1`, that over `v3alpha1`, and what is no
/// version last.
pub fn priority(version: &str) -> (u8, u32, u32) {
    let number = |text: &str| text.parse::<u32>().ok().filter(|_| !text.starts_with('+'));
    let read = || {
        let rest = version.strip_prefix('v')?;
        for (word, rank) in [("alpha", 1), ("beta", 2)] {
            if let Some((major, minor)) = rest.split_once(word) {
                return Some((rank, number(major)?, number(minor)?));
            }
        }
        Some((3, number(rest)?, 0))
    };
    read().unwrap_or_default()
}
