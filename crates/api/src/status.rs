//! Failures as Kubernetes reports them (`metav1.Status`). Clients switch on the reason, not the code.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ObjectKey;

/// Machine-readable reason of a failure; the HTTP code follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Reason {
    BadRequest,
    Unauthorized,
    Forbidden,
    NotFound,
    AlreadyExists,
    Conflict,
    Gone,
    Expired,
    Invalid,
    MethodNotAllowed,
    NotAcceptable,
    UnsupportedMediaType,
    RequestEntityTooLarge,
    TooManyRequests,
    Timeout,
    ServerTimeout,
    ServiceUnavailable,
    InternalError,
    /// A reason this version does not know, from another server.
    #[serde(other)]
    Unknown,
}

impl Reason {
    /// The HTTP status code that goes with it.
    pub fn code(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::NotAcceptable => 406,
            Self::AlreadyExists | Self::Conflict => 409,
            Self::Gone | Self::Expired => 410,
            Self::RequestEntityTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::Invalid => 422,
            Self::TooManyRequests => 429,
            Self::InternalError | Self::ServerTimeout | Self::Unknown => 500,
            Self::ServiceUnavailable => 503,
            Self::Timeout => 504,
        }
    }
}

/// One field at fault: `details.causes[]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// `FieldValueRequired`, `FieldValueInvalid`, `FieldManagerConflict`, …
    #[serde(default)]
    pub reason: String,
    #[serde(default)]
    pub message: String,
    /// `spec.containers[0].image`
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub field: String,
}

impl Cause {
    /// A field that must be there and is not.
    pub fn required(field: impl Into<String>, hint: &str) -> Self {
        let field = field.into();
        let message = if hint.is_empty() {
            "Required value".to_owned()
        } else {
            format!("Required value: {hint}")
        };
        Self {
            reason: "FieldValueRequired".into(),
            message,
            field,
        }
    }

    /// A field whose value breaks a rule; the value is shown.
    pub fn invalid(field: impl Into<String>, value: &Value, rule: &str) -> Self {
        Self {
            reason: "FieldValueInvalid".into(),
            message: format!("Invalid value: {value}: {rule}"),
            field: field.into(),
        }
    }

    /// A value outside a closed set.
    pub fn not_supported(field: impl Into<String>, value: &Value, supported: &[&str]) -> Self {
        let list = supported
            .iter()
            .map(|s| format!("\"{s}\""))
            .collect::<Vec<_>>()
            .join(", ");
        Self {
            reason: "FieldValueNotSupported".into(),
            message: format!("Unsupported value: {value}: supported values: {list}"),
            field: field.into(),
        }
    }

    /// A field that may not be set or changed here.
    pub fn forbidden(field: impl Into<String>, rule: &str) -> Self {
        Self {
            reason: "FieldValueForbidden".into(),
            message: format!("Forbidden: {rule}"),
            field: field.into(),
        }
    }

    /// An entry of a keyed list that is there twice.
    pub fn duplicate(field: impl Into<String>, value: &Value) -> Self {
        Self {
            reason: "FieldValueDuplicate".into(),
            message: format!("Duplicate value: {value}"),
            field: field.into(),
        }
    }
}

/// A failed request: what, why, and where in the object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Status {
    pub reason: Reason,
    pub message: String,
    /// Group, kind and name the failure is about; empty strings where unknown.
    pub group: String,
    pub kind: String,
    pub name: String,
    pub causes: Vec<Cause>,
    pub retry_after_seconds: Option<u32>,
    /// Set on an expired list: a token that goes on from the same key at the newest revision.
    pub continue_token: Option<String>,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Status {
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            group: String::new(),
            kind: String::new(),
            name: String::new(),
            causes: Vec::new(),
            retry_after_seconds: None,
            continue_token: None,
        }
    }

    pub fn not_found(key: &ObjectKey) -> Self {
        Self::about(
            Reason::NotFound,
            key,
            format!("{} \"{}\" not found", key.collection, key.name),
        )
    }

    pub fn already_exists(key: &ObjectKey) -> Self {
        Self::about(
            Reason::AlreadyExists,
            key,
            format!("{} \"{}\" already exists", key.collection, key.name),
        )
    }

    /// Optimistic concurrency: somebody else wrote first.
    pub fn conflict(key: &ObjectKey, why: &str) -> Self {
        Self::about(
            Reason::Conflict,
            key,
            format!(
                "Operation cannot be fulfilled on {} \"{}\": {why}",
                key.collection, key.name
            ),
        )
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(Reason::BadRequest, message)
    }

    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Reason::InternalError, message)
    }

    /// 422 with each field named. `kind` is `Deployment`, shown as `Deployment.apps "web" is invalid: …`.
    pub fn invalid(group: &str, kind: &str, name: &str, causes: Vec<Cause>) -> Self {
        let qualified = if group.is_empty() {
            kind.to_owned()
        } else {
            format!("{kind}.{group}")
        };
        let listed: Vec<String> = causes
            .iter()
            .map(|c| format!("{}: {}", c.field, c.message))
            .collect();
        let reasons = if listed.len() == 1 {
            listed[0].clone()
        } else {
            format!("[{}]", listed.join(", "))
        };
        Self {
            group: group.into(),
            kind: kind.into(),
            name: name.into(),
            causes,
            ..Self::new(
                Reason::Invalid,
                format!("{qualified} \"{name}\" is invalid: {reasons}"),
            )
        }
    }

    fn about(reason: Reason, key: &ObjectKey, message: String) -> Self {
        Self {
            group: key.collection.group.clone(),
            kind: key.collection.resource.clone(),
            name: key.name.clone(),
            ..Self::new(reason, message)
        }
    }

    /// The HTTP status code.
    pub fn code(&self) -> u16 {
        self.reason.code()
    }

    /// The body clients parse.
    pub fn to_json(&self) -> Value {
        let mut details = serde_json::Map::new();
        for (field, value) in [
            ("name", &self.name),
            ("group", &self.group),
            ("kind", &self.kind),
        ] {
            if !value.is_empty() {
                details.insert(field.into(), json!(value));
            }
        }
        if !self.causes.is_empty() {
            details.insert("causes".into(), json!(self.causes));
        }
        if let Some(seconds) = self.retry_after_seconds {
            details.insert("retryAfterSeconds".into(), json!(seconds));
        }
        let mut metadata = serde_json::Map::new();
        if let Some(token) = &self.continue_token {
            metadata.insert("continue".into(), json!(token));
        }
        let mut body = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": metadata, "status": "Failure",
            "message": self.message, "reason": self.reason,
        });
        // Of a 404, clients read the name in the details without looking whether there are any.
        if !details.is_empty() || self.reason == Reason::NotFound {
            body["details"] = details.into();
        }
        body["code"] = json!(self.code());
        body
    }

    /// Reads a `Status` body; `None` when the body is something else.
    pub fn from_json(body: &Value) -> Option<Self> {
        if body["kind"] != "Status" {
            return None;
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let details = &body["details"];
        let reason = serde_json::from_value(body["reason"].clone()).unwrap_or(Reason::Unknown);
        Some(Self {
            reason,
            message: text(&body["message"]),
            group: text(&details["group"]),
            kind: text(&details["kind"]),
            name: text(&details["name"]),
            causes: serde_json::from_value(details["causes"].clone()).unwrap_or_default(),
            retry_after_seconds: details["retryAfterSeconds"]
                .as_u64()
                .and_then(|n| u32::try_from(n).ok()),
            continue_token: body["metadata"]["continue"].as_str().map(ToOwned::to_owned),
        })
    }
}
