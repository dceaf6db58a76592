//! One method on one path, in either form of the specification.

use serde_json::{Map, Value, json};

use super::{Dialect, custom};
use crate::{GroupVersionKind, schema};

/// One method on a path.
pub(super) struct Operation<'a> {
    /// `get`, `post`, `put`, `patch`, `delete`
    pub(super) method: &'static str,
    /// `x-kubernetes-action`
    pub(super) action: &'static str,
    /// How names of operations begin: `read`, `create`, …
    pub(super) verb: &'static str,
    pub(super) kind: &'a GroupVersionKind,
    /// The body it takes and the object it answers with.
    pub(super) takes: Option<&'a GroupVersionKind>,
    pub(super) gives: Option<&'a GroupVersionKind>,
    pub(super) parameters: &'static [Parameter],
}

/// Name, type and meaning of a query parameter.
pub(super) type Parameter = (&'static str, &'static str, &'static str);

const DRY_RUN: Parameter = (
    "dryRun",
    "string",
    "All: everything is done but storing the result.",
);
const FIELD_MANAGER: Parameter = ("fieldManager", "string", "Who makes the change.");
const FIELD_VALIDATION: Parameter = (
    "fieldValidation",
    "string",
    "What to do about unknown and duplicate fields: Ignore, Warn or Strict.",
);
pub(super) const WRITE: &[Parameter] = &[DRY_RUN, FIELD_MANAGER, FIELD_VALIDATION];
pub(super) const PATCH: &[Parameter] = &[
    DRY_RUN,
    FIELD_MANAGER,
    FIELD_VALIDATION,
    (
        "force",
        "boolean",
        "Take fields from other managers; server-side apply only.",
    ),
];
pub(super) const DELETE: &[Parameter] = &[
    DRY_RUN,
    (
        "gracePeriodSeconds",
        "integer",
        "How long the object has to end.",
    ),
    (
        "propagationPolicy",
        "string",
        "Orphan, Background or Foreground.",
    ),
    (
        "orphanDependents",
        "boolean",
        "Deprecated: use propagationPolicy.",
    ),
];
pub(super) const LIST: &[Parameter] = &[
    ("labelSelector", "string", "Only objects with these labels."),
    ("fieldSelector", "string", "Only objects with these fields."),
    (
        "limit",
        "integer",
        "At most so many; the rest is reached by continue.",
    ),
    ("continue", "string", "Where the last list ended."),
    ("resourceVersion", "string", "At which revision."),
    ("resourceVersionMatch", "string", "NotOlderThan or Exact."),
    ("timeoutSeconds", "integer", "How long a watch may last."),
    ("watch", "boolean", "Stream changes."),
    (
        "allowWatchBookmarks",
        "boolean",
        "Tell how far the watch is.",
    ),
    ("sendInitialEvents", "boolean", "Begin with what is there."),
];
pub(super) const READ: &[Parameter] = &[];

impl Operation<'_> {
    /// As it stands in a path item, under its method.
    pub(super) fn to_json(&self, id: &str, dialect: Dialect) -> Value {
        let mut operation = json!({
            "operationId": id,
            "x-kubernetes-action": self.action,
            "x-kubernetes-group-version-kind": {
                "group": self.kind.group, "kind": self.kind.kind, "version": self.kind.version,
            },
        });
        let mut parameters: Vec<Value> = self
            .parameters
            .iter()
            .map(|known| parameter(*known, "query", dialect))
            .collect();
        let body = self.body(dialect);
        let answer = reference(self.gives, "Status", dialect);
        match dialect {
            Dialect::V2 => {
                operation["consumes"] = json!(self.media());
                operation["produces"] = json!(["application/json"]);
                operation["responses"] = json!({"200": {"description": "OK", "schema": answer}});
                parameters.extend(body.map(|body| {
                    json!({"in": "body", "name": "body", "required": self.needs_body(), "schema": body})
                }));
            }
            Dialect::V3 => {
                operation["responses"] = json!({"200": {"description": "OK",
                    "content": {"application/json": {"schema": answer}}}});
                if let Some(body) = body {
                    let content: Map<String, Value> = self
                        .media()
                        .iter()
                        .map(|media| ((*media).to_owned(), json!({"schema": body})))
                        .collect();
                    operation["requestBody"] =
                        json!({"content": content, "required": self.needs_body()});
                }
            }
        }
        if !parameters.is_empty() {
            operation["parameters"] = parameters.into();
        }
        operation
    }

    fn body(&self, dialect: Dialect) -> Option<Value> {
        match self.method {
            "patch" => Some(reference(None, "Patch", dialect)),
            "delete" => Some(reference(None, "DeleteOptions", dialect)),
            _ => self
                .takes
                .map(|kind| reference(Some(kind), "Status", dialect)),
        }
    }

    fn needs_body(&self) -> bool {
        self.method != "delete"
    }

    fn media(&self) -> &'static [&'static str] {
        match self.method {
            "patch" => &[
                "application/json-patch+json",
                "application/merge-patch+json",
                "application/strategic-merge-patch+json",
                "application/apply-patch+yaml",
            ],
            _ => &["*/*"],
        }
    }
}

/// The type of a kind, else a type of `meta/v1`.
fn reference(kind: Option<&GroupVersionKind>, otherwise: &str, dialect: Dialect) -> Value {
    if let Some(kind) = kind
        && schema::kind(kind).is_none()
    {
        return custom::reference(kind, dialect);
    }
    kind.and_then(schema::kind)
        .or_else(|| schema::named(&format!("apimachinery.pkg.apis.meta.v1.{otherwise}")))
        .map_or(Value::Null, |ty| dialect.reference(ty))
}

/// A parameter in the query or in the path.
pub(super) fn parameter(
    (name, kind, description): Parameter,
    place: &str,
    dialect: Dialect,
) -> Value {
    let mut parameter = json!({"name": name, "in": place, "description": description});
    match dialect {
        Dialect::V2 => parameter["type"] = json!(kind),
        Dialect::V3 => parameter["schema"] = json!({"type": kind}),
    }
    parameter
}
