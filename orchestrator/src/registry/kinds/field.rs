//! A field of an object under validation: its value and the path that messages name.

use api::{Cause, Object};
use serde_json::{Value, json};

/// A place in an object. An absent field and a null one are the same.
#[derive(Debug, Clone)]
pub(in crate::registry) struct Field<'a> {
    path: String,
    value: &'a Value,
}

impl<'a> Field<'a> {
    pub(in crate::registry) fn root(object: &'a Object) -> Self {
        Self {
            path: String::new(),
            value: &object.body,
        }
    }

    /// The member called `name`.
    pub(in crate::registry) fn get(&self, name: &str) -> Self {
        let path = if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        };
        let value = self.value.get(name).unwrap_or(&Value::Null);
        Self { path, value }
    }

    /// The elements of a list, as `path[0]`, `path[1]`, ….
    pub(in crate::registry) fn items(&self) -> impl Iterator<Item = Self> {
        let path = self.path.clone();
        let values = self.value.as_array().map_or(&[][..], Vec::as_slice);
        values.iter().enumerate().map(move |(index, value)| Self {
            path: format!("{path}[{index}]"),
            value,
        })
    }

    /// The entries of a map, as `path[key]`.
    pub(in crate::registry) fn entries(&self) -> impl Iterator<Item = (&'a str, Self)> {
        let path = self.path.clone();
        self.value
            .as_object()
            .into_iter()
            .flatten()
            .map(move |(key, value)| {
                let path = format!("{path}[{key}]");
                (key.as_str(), Self { path, value })
            })
    }

    /// The entry of a map under `key`, whether it is there or not.
    pub(in crate::registry) fn entry(&self, key: &str) -> Self {
        Self {
            path: format!("{}[{key}]", self.path),
            value: self.value.get(key).unwrap_or(&Value::Null),
        }
    }

    pub(in crate::registry) fn path(&self) -> &str {
        &self.path
    }

    pub(in crate::registry) fn value(&self) -> &'a Value {
        self.value
    }

    /// Present and not null.
    pub(in crate::registry) fn is_set(&self) -> bool {
        !self.value.is_null()
    }

    /// Absent, null, or of zero length.
    pub(in crate::registry) fn is_empty(&self) -> bool {
        match self.value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(map) => map.is_empty(),
            _ => false,
        }
    }

    /// The string, or empty.
    pub(in crate::registry) fn text(&self) -> &'a str {
        self.value.as_str().unwrap_or_default()
    }

    pub(in crate::registry) fn number(&self) -> Option<i64> {
        self.value.as_i64()
    }

    /// The boolean, or `false`.
    pub(in crate::registry) fn flag(&self) -> bool {
        self.value.as_bool().unwrap_or_default()
    }

    /// How many elements or entries.
    pub(in crate::registry) fn len(&self) -> usize {
        match self.value {
            Value::Array(items) => items.len(),
            Value::Object(map) => map.len(),
            _ => 0,
        }
    }
}

/// What is wrong with an object, collected field by field.
#[derive(Debug, Default)]
pub(in crate::registry) struct Causes(Vec<Cause>);

impl Causes {
    pub(in crate::registry) fn finish(self) -> Vec<Cause> {
        self.0
    }

    pub(in crate::registry) fn push(&mut self, cause: Cause) {
        self.0.push(cause);
    }

    pub(in crate::registry) fn required(&mut self, field: &Field, hint: &str) {
        self.push(Cause::required(field.path(), hint));
    }

    /// Complains unless the field has a value of some length. Says whether it has.
    pub(in crate::registry) fn require(&mut self, field: &Field, hint: &str) -> bool {
        if field.is_empty() {
            self.required(field, hint);
        }
        !field.is_empty()
    }

    pub(in crate::registry) fn invalid(&mut self, field: &Field, rule: &str) {
        self.push(Cause::invalid(field.path(), field.value(), rule));
    }

    /// One cause for each rule of `api::name` that the field breaks.
    pub(in crate::registry) fn rules(&mut self, field: &Field, broken: Vec<String>) {
        for rule in broken {
            self.invalid(field, &rule);
        }
    }

    /// The text must pass `check`, unless it is empty.
    pub(in crate::registry) fn name(&mut self, field: &Field, check: fn(&str) -> Vec<String>) {
        if !field.is_empty() {
            self.rules(field, check(field.text()));
        }
    }

    pub(in crate::registry) fn forbidden(&mut self, field: &Field, rule: &str) {
        self.push(Cause::forbidden(field.path(), rule));
    }

    /// Complains where the field is set to something that would silently not work.
    pub(in crate::registry) fn absent(&mut self, field: &Field) {
        let is_off = field.is_empty() || field.value() == &Value::Bool(false);
        if !is_off {
            self.unsupported(field);
        }
    }

    /// The feature behind the field is one that Kedge does not have yet.
    pub(in crate::registry) fn unsupported(&mut self, field: &Field) {
        self.forbidden(field, "not supported by this release of Kedge");
    }

    /// A closed set; an absent field passes.
    pub(in crate::registry) fn one_of(&mut self, field: &Field, supported: &[&str]) {
        if field.is_set() && !supported.contains(&field.text()) {
            self.push(Cause::not_supported(field.path(), field.value(), supported));
        }
    }

    pub(in crate::registry) fn duplicate(&mut self, field: &Field) {
        self.push(Cause::duplicate(field.path(), field.value()));
    }

    /// A reference to something that is not there.
    pub(in crate::registry) fn not_found(&mut self, field: &Field) {
        self.push(Cause {
            reason: "FieldValueNotFound".into(),
            message: format!("Not found: {}", field.value()),
            field: field.path().into(),
        });
    }

    /// More than `limit` bytes.
    pub(in crate::registry) fn too_long(&mut self, path: &str, limit: usize) {
        self.push(Cause {
            reason: "FieldValueTooLong".into(),
            message: format!("Too long: may not be more than {limit} bytes"),
            field: path.into(),
        });
    }

    /// A number, where set, is at least `least`: 0 or 1.
    pub(in crate::registry) fn at_least(&mut self, field: &Field, least: i64) {
        if field.number().is_some_and(|number| number < least) {
            let rule = if least == 0 {
                "must be greater than or equal to 0".to_owned()
            } else {
                format!("must be greater than {}", least - 1)
            };
            self.invalid(field, &rule);
        }
    }

    /// A number, where set, is between two bounds, both allowed.
    pub(in crate::registry) fn between(&mut self, field: &Field, lowest: i64, highest: i64) {
        if let Some(number) = field.number() {
            self.rules(field, api::name::in_range(number, lowest, highest));
        }
    }

    /// The field may not differ from the old one.
    pub(in crate::registry) fn immutable(&mut self, new: &Field, old: &Field) {
        if new.value() != old.value() && !(new.is_empty() && old.is_empty()) {
            self.invalid(new, "field is immutable");
        }
    }

    /// A port number, or a port's name.
    pub(in crate::registry) fn port(&mut self, field: &Field) {
        match field.value() {
            Value::Number(_) => {
                let number = field.number().unwrap_or_default();
                self.rules(field, api::name::port_number(number));
            }
            Value::String(name) => self.rules(field, api::name::port_name(name)),
            Value::Null => {
                let zero = json!(0);
                let rules = api::name::port_number(0);
                for rule in rules {
                    self.push(Cause::invalid(field.path(), &zero, &rule));
                }
            }
            _ => self.invalid(field, "must be a port number or name"),
        }
    }

    /// A map of labels: keys and values.
    pub(in crate::registry) fn labels(&mut self, field: &Field) {
        for (key, value) in field.entries() {
            for rule in api::name::label_key(key) {
                self.push(Cause::invalid(field.path(), &json!(key), &rule));
            }
            for rule in api::name::label_value(value.text()) {
                self.push(Cause::invalid(field.path(), value.value(), &rule));
            }
        }
    }

    /// A `metav1.LabelSelector`.
    pub(in crate::registry) fn selector(&mut self, selector: &Field) {
        self.labels(&selector.get("matchLabels"));
        for expression in selector.get("matchExpressions").items() {
            let (operator, values) = (expression.get("operator"), expression.get("values"));
            match operator.text() {
                "In" | "NotIn" if values.is_empty() => {
                    self.required(
                        &values,
                        "must be specified when `operator` is 'In' or 'NotIn'",
                    );
                }
                "Exists" | "DoesNotExist" if !values.is_empty() => self.forbidden(
                    &values,
                    "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                ),
                "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
                _ => self.invalid(&operator, "not a valid selector operator"),
            }
            let key = expression.get("key");
            self.rules(&key, api::name::label_key(key.text()));
            for value in values.items() {
                self.rules(&value, api::name::label_value(value.text()));
            }
        }
    }

    /// No two elements of a list have the same value at `member`.
    pub(in crate::registry) fn unique(&mut self, list: &Field, member: &str) {
        let mut seen = std::collections::BTreeSet::new();
        for item in list.items() {
            let key = item.get(member);
            if !key.is_empty() && !seen.insert(key.value().to_string()) {
                self.duplicate(&key);
            }
        }
    }
}
