//! The query parameters every write and list understands, checked.

use http::HeaderMap;
use serde_json::json;

use api::selector::{FieldSelector, LabelSelector};
use api::{Cause, Object, ResourceVersion, Status};
use client::{DeleteOptions, Propagation};

use crate::auth::Identity;
use crate::registry::{Context, FieldValidation, Origin};

use super::ApiError;
use super::request::Query;

/// Reads who writes and how.
pub(crate) fn context(
    identity: Identity,
    query: &Query,
    headers: &HeaderMap,
) -> Result<Context, ApiError> {
    Ok(Context {
        identity,
        manager: manager(query, headers)?,
        commit: commit(query)?,
        dry_run: dry_run(query)?,
        origin: Origin::Request,
        validation: match query.value("fieldValidation") {
            None | Some("Warn") => FieldValidation::Warn,
            Some("Strict") => FieldValidation::Strict,
            Some("Ignore") => FieldValidation::Ignore,
            Some(other) => {
                let cause = Cause::not_supported(
                    "fieldValidation",
                    &json!(other),
                    &["Ignore", "Strict", "Warn"],
                );
                return Err(
                    Status::invalid("meta.k8s.io", "CreateOptions", "", vec![cause]).into(),
                );
            }
        },
    })
}

pub(crate) fn dry_run(query: &Query) -> Result<bool, ApiError> {
    match query.values("dryRun").collect::<Vec<_>>().as_slice() {
        [] | [""] => Ok(false),
        ["All"] => Ok(true),
        [other, ..] => {
            let cause = Cause::not_supported("dryRun", &json!(other), &["All"]);
            Err(Status::invalid("meta.k8s.io", "CreateOptions", "", vec![cause]).into())
        }
    }
}

const MANAGER_LIMIT: usize = 128;

fn manager(query: &Query, headers: &HeaderMap) -> Result<String, ApiError> {
    let Some(named) = query.value("fieldManager") else {
        let agent = headers
            .get(http::header::USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("unknown");
        let first = agent.split('/').next().unwrap_or_default();
        return Ok(first
            .chars()
            .filter(|c| !c.is_control())
            .take(MANAGER_LIMIT)
            .collect());
    };
    if named.chars().count() > MANAGER_LIMIT || named.chars().any(char::is_control) {
        let rule = "must be at most 128 printable characters";
        let cause = Cause::invalid("fieldManager", &json!(named), rule);
        return Err(Status::invalid("meta.k8s.io", "PatchOptions", "", vec![cause]).into());
    }
    Ok(named.to_owned())
}

/// As long as the longest hash of a commit may ever be.
const COMMIT_LIMIT: usize = 128;

/// Says for the log of changes which commit a write brings about.
fn commit(query: &Query) -> Result<String, ApiError> {
    let named = query.value("commit").unwrap_or_default();
    let is_hash = named.chars().all(|c| c.is_ascii_hexdigit());
    if is_hash && named.len() <= COMMIT_LIMIT {
        return Ok(named.to_ascii_lowercase());
    }
    Err(ApiError::bad_request(
        "commit is not the hash of one: hexadecimal digits are expected",
    ))
}

/// Selectors of a list or watch.
pub(crate) fn selectors(query: &Query) -> Result<(LabelSelector, FieldSelector), ApiError> {
    let labels = LabelSelector::parse(query.value("labelSelector").unwrap_or_default());
    let fields = FieldSelector::parse(query.value("fieldSelector").unwrap_or_default());
    let bad = |error: api::selector::Error| ApiError::bad_request(error.to_string());
    Ok((labels.map_err(bad)?, fields.map_err(bad)?))
}

/// How a deletion is asked for: in the body, or in the query where the body says nothing.
pub(crate) fn delete_options(
    query: &Query,
    body: Option<&Object>,
) -> Result<DeleteOptions, ApiError> {
    let mut options = DeleteOptions {
        dry_run: dry_run(query)?,
        ..DeleteOptions::default()
    };
    options.grace_period_seconds = query
        .value("gracePeriodSeconds")
        .map(|text| {
            text.parse()
                .map_err(|_| ApiError::bad_request("gracePeriodSeconds is not a number"))
        })
        .transpose()?;
    let mut policy = query.value("propagationPolicy").map(ToOwned::to_owned);
    if let Some(body) = body {
        if body.kind() != "" && body.kind() != "DeleteOptions" {
            return Err(ApiError::bad_request(format!(
                "expected DeleteOptions, got {}",
                body.kind()
            )));
        }
        let number = body
            .pointer("/gracePeriodSeconds")
            .and_then(serde_json::Value::as_i64);
        options.grace_period_seconds = number.or(options.grace_period_seconds);
        let text = |pointer: &str| {
            Some(body.text(pointer))
                .filter(|text| !text.is_empty())
                .map(ToOwned::to_owned)
        };
        policy = text("/propagationPolicy").or(policy);
        options.uid = text("/preconditions/uid").map(api::Uid);
        options.resource_version = text("/preconditions/resourceVersion").map(ResourceVersion);
        options.dry_run |= body
            .pointer("/dryRun/0")
            .is_some_and(|value| value == "All");
        // Clients from before propagation policies.
        if let Some(orphan) = body
            .pointer("/orphanDependents")
            .and_then(serde_json::Value::as_bool)
        {
            options.propagation = Some(if orphan {
                Propagation::Orphan
            } else {
                Propagation::Background
            });
        }
    }
    match policy.as_deref() {
        None => {}
        Some("Background") => options.propagation = Some(Propagation::Background),
        Some("Foreground") => options.propagation = Some(Propagation::Foreground),
        Some("Orphan") => options.propagation = Some(Propagation::Orphan),
        Some(other) => {
            let supported = ["Background", "Foreground", "Orphan"];
            let cause = Cause::not_supported("propagationPolicy", &json!(other), &supported);
            return Err(Status::invalid("meta.k8s.io", "DeleteOptions", "", vec![cause]).into());
        }
    }
    Ok(options)
}
