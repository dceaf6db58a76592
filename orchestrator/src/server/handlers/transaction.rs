//! `POST /apis/kedge.dev/v1alpha1/transactions`: several applies and deletes, all or none.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use client::Step;
use client::transaction as codec;

use crate::auth::Identity;
use crate::registry::kinds::Served;
use crate::registry::{FieldValidation, addressable, key_of};
use crate::server::audit::Concerned;
use crate::server::negotiate::Encoding;
use crate::server::request::Query;
use crate::server::{ApiError, App, body, options, respond};

/// Serves a transaction. Permission is asked for every step as if it came alone.
pub(crate) async fn transaction(
    app: &App,
    identity: Identity,
    query: &Query,
    headers: &HeaderMap,
    payload: Body,
) -> Result<Response, ApiError> {
    let mut context = options::context(identity, query, headers)?;
    // Unknown fields are refused at the step that has them.
    context.validation = FieldValidation::Strict;
    let bytes = body::read(payload, body::TRANSACTION_LIMIT).await?;
    let value = serde_json::from_slice(&bytes).map_err(|error| {
        ApiError::bad_request(format!("the transaction cannot be decoded: {error}"))
    })?;
    let steps = codec::decode(&value).map_err(|error| ApiError::bad_request(error.to_string()))?;
    // A definition and objects of its kind may come together.
    let served = addressable(&app.registry.kinds(), &steps);
    for step in &steps {
        for (verb, key) in needs(&served, step)? {
            app.gate.object(&context.identity, verb, &key)?;
        }
    }
    let objects = app.registry.transaction(&context, &steps).await?;
    let answer = codec::encode_results(&objects);
    let response = respond::value(StatusCode::OK, Encoding::Json, &answer);
    Ok(Concerned::steps(&served, &steps).on(response))
}

/// What a step needs permission for: an apply may create as well as patch.
fn needs(served: &Served, step: &Step) -> Result<Vec<(&'static str, api::ObjectKey)>, ApiError> {
    Ok(match step {
        Step::Apply { object, .. } => {
            let key = key_of(served, object)?;
            vec![("patch", key.clone()), ("create", key)]
        }
        Step::Restore { object } => {
            let key = key_of(served, object)?;
            vec![("update", key.clone()), ("create", key)]
        }
        Step::Delete { key, .. } => vec![("delete", key.clone())],
    })
}
