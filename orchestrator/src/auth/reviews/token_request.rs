//! `POST …/serviceaccounts/NAME/token`

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use api::{Cause, Collection, Object, ObjectKey, Reason, Status};

use crate::auth::service_account_name;
use crate::auth::token::{Bound, Claims, Reference, Tokens};

const GROUP: &str = "authentication.k8s.io";
const HOUR: i64 = 3600;
const SHORTEST: i64 = 600;
const LONGEST: i64 = 1 << 32;

/// Whom a token is for.
#[derive(Debug, Clone, Copy)]
pub struct TokenSubject<'a> {
    pub account: &'a Object,
    /// The object under [`bound_key`], where the request names one and it exists.
    pub bound: Option<&'a Object>,
}

/// The object that the token is to be bound to.
pub fn bound_key(request: &Object, namespace: &str) -> Result<Option<ObjectKey>, Status> {
    let reference = &request.body["spec"]["boundObjectRef"];
    if !reference.is_object() {
        return Ok(None);
    }
    let text = |field: &str| reference[field].as_str().unwrap_or_default();
    let (resource, namespace) = match (text("apiVersion"), text("kind")) {
        ("v1", "Pod") => ("pods", namespace),
        ("v1", "Secret") => ("secrets", namespace),
        ("v1", "Node") => ("nodes", ""),
        (version, kind) => {
            return Err(Status::bad_request(format!(
                "cannot bind token for serviceaccount to object of type {version} {kind}"
            )));
        }
    };
    Ok(Some(
        Collection::new("", resource).key(namespace, text("name")),
    ))
}

/// Issues the token. `id` becomes its `jti`.
pub fn token_request(
    request: &Object,
    subject: TokenSubject<'_>,
    tokens: &Tokens,
    id: String,
    now: Timestamp,
) -> Result<Object, Status> {
    let account = subject.account;
    let seconds = expiration(request)?;
    let asked: Vec<String> = request.body["spec"]["audiences"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(ToOwned::to_owned)
        .collect();
    let audiences = if asked.is_empty() {
        tokens.audiences().to_vec()
    } else {
        asked
    };
    let claims = Claims {
        audiences: audiences.clone(),
        expires: now.as_second() + seconds,
        issued: now.as_second(),
        issuer: tokens.issuer().to_owned(),
        id,
        bound: bound(request, subject, tokens)?,
        not_before: now.as_second(),
        subject: service_account_name(account.namespace(), account.name()),
    };
    let token = tokens
        .sign(&claims)
        .map_err(|error| Status::internal(error.to_string()))?;

    let mut response = request.clone();
    let metadata = response.metadata_mut();
    metadata.insert("name".into(), json!(account.name()));
    metadata.insert("namespace".into(), json!(account.namespace()));
    metadata.insert("creationTimestamp".into(), json!(api::time(now)));
    response.body["spec"]["audiences"] = json!(audiences);
    response.body["spec"]["expirationSeconds"] = json!(seconds);
    let expires = now + SignedDuration::from_secs(seconds);
    response.body["status"] = json!({
        "token": token, "expirationTimestamp": api::time(expires),
    });
    Ok(response)
}

fn expiration(request: &Object) -> Result<i64, Status> {
    let field = "spec.expirationSeconds";
    let value = &request.body["spec"]["expirationSeconds"];
    let seconds = value.as_i64().unwrap_or(HOUR);
    let rule = match seconds {
        ..SHORTEST => "may not specify a duration less than 10 minutes",
        SHORTEST..=LONGEST => return Ok(seconds),
        _ => "may not specify a duration larger than 2^32 seconds",
    };
    let cause = Cause::invalid(field, &json!(seconds), rule);
    Err(Status::invalid(
        GROUP,
        "TokenRequest",
        request.name(),
        vec![cause],
    ))
}

fn bound(request: &Object, subject: TokenSubject<'_>, tokens: &Tokens) -> Result<Bound, Status> {
    let account = subject.account;
    let mut bound = Bound {
        namespace: account.namespace().to_owned(),
        service_account: reference(account),
        ..Bound::default()
    };
    let Some(key) = bound_key(request, account.namespace())? else {
        return Ok(bound);
    };
    let object = subject.bound.ok_or_else(|| Status::not_found(&key))?;
    let uid = request.text("/spec/boundObjectRef/uid");
    if !uid.is_empty() && uid != object.uid().0 {
        let why = format!(
            "the UID in the bound object reference ({uid}) does not match the UID in record ({}). The object might have been deleted and then recreated",
            object.uid()
        );
        return Err(Status::conflict(&key, &why));
    }
    match key.collection.resource.as_str() {
        "pods" => {
            let runs_as = object.text("/spec/serviceAccountName");
            if runs_as != account.name() {
                return Err(Status::new(
                    Reason::BadRequest,
                    format!(
                        "cannot bind token for serviceaccount {:?} to pod running with different serviceaccount name {runs_as:?}.",
                        account.name()
                    ),
                ));
            }
            bound.pod = Some(reference(object));
            bound.node = node(object, tokens);
        }
        "secrets" => bound.secret = Some(reference(object)),
        _ => bound.node = Some(reference(object)),
    }
    Ok(bound)
}

/// Where the pod is: a record, not a condition.
fn node(pod: &Object, tokens: &Tokens) -> Option<Reference> {
    let name = pod.text("/spec/nodeName");
    let key = Collection::new("", "nodes").key("", name);
    (!name.is_empty()).then(|| Reference {
        name: name.to_owned(),
        uid: tokens.bindings().uid(&key).unwrap_or_default().0,
    })
}

fn reference(object: &Object) -> Reference {
    Reference {
        name: object.name().to_owned(),
        uid: object.uid().0,
    }
}
