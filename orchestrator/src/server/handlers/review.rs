//! Questions about permission and identity: kinds that are answered and never stored.

use axum::body::Body;
use axum::response::Response;
use http::StatusCode;

use api::{Object, Status};

use crate::auth::reviews;
use crate::registry::FieldValidation;
use crate::server::{ApiError, App, body, respond};

use super::Call;

/// `POST` of a review, or of a binding to the collection of bindings.
pub(crate) async fn create(app: &App, call: &Call, payload: Body) -> Result<Response, ApiError> {
    let bytes = body::read(payload, body::LIMIT).await?;
    let request = body::decode(&bytes, &call.headers, FieldValidation::Ignore)?.object;
    let authorizer = &*app.gate.authorizer;
    let now = app.registry.env().now();
    let answer = match call.request.resource.plural.as_str() {
        "selfsubjectaccessreviews" => {
            reviews::self_subject_access_review(&request, &call.identity, authorizer)?
        }
        "subjectaccessreviews" => reviews::subject_access_review(&request, authorizer)?,
        "localsubjectaccessreviews" => {
            reviews::local_subject_access_review(&request, &call.request.namespace, authorizer)?
        }
        "selfsubjectrulesreviews" => {
            reviews::self_subject_rules_review(&request, &call.identity, authorizer)?
        }
        "selfsubjectreviews" => reviews::self_subject_review(&request, &call.identity, now),
        "tokenreviews" => reviews::token_review(&request, &app.gate.authenticator, now)?,
        "bindings" => return super::subresource::bind_named(app, call, &request).await,
        _ => return Err(ApiError::unknown_path()),
    };
    created(app, call, &answer)
}

/// `POST /api/v1/namespaces/{ns}/serviceaccounts/{name}/token`
pub(crate) async fn token(app: &App, call: &Call, payload: Body) -> Result<Response, ApiError> {
    let bytes = body::read(payload, body::LIMIT).await?;
    let request = body::decode(&bytes, &call.headers, FieldValidation::Ignore)?.object;
    let hub = app.registry.hub();
    let key = call.request.key();
    let account = hub
        .get(&key)
        .ok_or_else(|| Status::not_found(&key))?
        .object();
    let bound_key = reviews::bound_key(&request, &call.request.namespace)?;
    let bound = match &bound_key {
        Some(key) => Some(hub.get(key).ok_or_else(|| Status::not_found(key))?.object()),
        None => None,
    };
    app.registry
        .restrict_token(&call.identity, &key, &account, &request)?;
    let subject = reviews::TokenSubject {
        account: &account,
        bound: bound.as_ref(),
    };
    let tokens = app.gate.authenticator.tokens();
    let env = app.registry.env();
    let answer = reviews::token_request(&request, subject, tokens, env.ids.uid(), env.now())?;
    created(app, call, &answer)
}

fn created(app: &App, call: &Call, answer: &Object) -> Result<Response, ApiError> {
    let representation = call.representation()?;
    Ok(respond::object(
        StatusCode::CREATED,
        representation,
        None,
        answer,
        app.registry.env().now(),
    ))
}
