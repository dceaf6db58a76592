//! "Who am I?", "whose token is this?"

use jiff::Timestamp;
use serde_json::{Value, json};

use api::{Object, Status};

use crate::auth::Identity;
use crate::auth::authenticate::Authenticator;

/// `kubectl auth whoami`
pub fn self_subject_review(request: &Object, identity: &Identity, now: Timestamp) -> Object {
    let mut response = request.clone();
    response
        .metadata_mut()
        .insert("creationTimestamp".into(), json!(api::time(now)));
    response.body["status"] = json!({"userInfo": user_info(identity)});
    response
}

/// Whether a token counts, and for whom. The answer is always a review: a bad token is no failure.
pub fn token_review(
    request: &Object,
    authenticator: &Authenticator,
    now: Timestamp,
) -> Result<Object, Status> {
    let token = request.text("/spec/token");
    if token.is_empty() {
        return Err(Status::bad_request(
            "token is required for TokenReview in authentication",
        ));
    }
    let asked: Vec<String> = request.body["spec"]["audiences"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(ToOwned::to_owned)
        .collect();
    let own = authenticator.tokens().audiences();
    let audiences = if asked.is_empty() { own } else { &asked };
    let status = match authenticator.review(token, audiences, now) {
        Ok((identity, shared)) => json!({
            "authenticated": true, "user": user_info(&identity), "audiences": shared,
        }),
        Err(why) => json!({"authenticated": false, "error": why}),
    };
    let mut response = request.clone();
    response.body["status"] = status;
    Ok(response)
}

fn user_info(identity: &Identity) -> Value {
    let mut info = json!({"username": identity.name});
    if !identity.uid.is_empty() {
        info["uid"] = json!(identity.uid);
    }
    info["groups"] = json!(identity.groups);
    if !identity.extra.is_empty() {
        info["extra"] = json!(identity.extra);
    }
    info
}
