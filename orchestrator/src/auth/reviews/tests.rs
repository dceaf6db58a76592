use std::sync::Arc;

use api::{Object, ObjectKey, Uid};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::auth::authenticate::{Authenticator, StaticTokens};
use crate::auth::rbac::bootstrap_objects;
use crate::auth::token::{Bindings, Keys, Tokens};
use crate::auth::{Authorizer, Identity, MASTERS};

struct ByName;

impl Bindings for ByName {
    fn uid(&self, key: &ObjectKey) -> Option<Uid> {
        (key.name != "gone").then(|| Uid(format!("u-{}", key.name)))
    }
}

fn authenticator() -> Authenticator {
    let keys = Keys::from_pem(&tls::certificate::generate_key("test").unwrap()).unwrap();
    let tokens = Tokens::new(keys, "https://issuer".into(), Arc::new(ByName));
    Authenticator::new(Arc::new(tokens), StaticTokens::default())
}

fn authorizer() -> Authorizer {
    let authorizer = Authorizer::default();
    for object in bootstrap_objects() {
        authorizer.observe(&object);
    }
    authorizer
}

fn review(spec: &Value) -> Object {
    json!({"apiVersion": "authorization.k8s.io/v1", "kind": "Review", "metadata": {}, "spec": spec})
        .into()
}

fn object(kind: &str, name: &str, spec: &Value) -> Object {
    json!({"kind": kind, "metadata": {"name": name, "namespace": "web", "uid": format!("u-{name}")}, "spec": spec}).into()
}

#[test]
fn says_what_is_allowed() {
    let authorizer = authorizer();
    let pods = json!({"verb": "list", "resource": "pods", "namespace": "web"});
    let version = json!({"verb": "get", "path": "/version"});
    let cases = [
        (json!({"resourceAttributes": pods}), Ok(false)),
        (json!({"nonResourceAttributes": version}), Ok(true)),
        (
            json!({"resourceAttributes": pods, "nonResourceAttributes": version}),
            Err(422),
        ),
        (json!({}), Err(422)),
    ];
    for (spec, expected) in cases {
        let jane = Identity::authenticated("jane", &[]);
        let got = self_subject_access_review(&review(&spec), &jane, &authorizer)
            .map(|answer| answer.body["status"]["allowed"] == true)
            .map_err(|status| status.code());
        assert_eq!(got, expected, "{spec}");
    }
    let admin = json!({"resourceAttributes": pods, "user": "x", "groups": [MASTERS]});
    let answer = subject_access_review(&review(&admin), &authorizer).unwrap();
    assert_eq!(
        answer.body["status"],
        json!({"allowed": true, "reason": MASTERS})
    );
    let nobody = json!({"resourceAttributes": pods});
    assert_eq!(
        subject_access_review(&review(&nobody), &authorizer)
            .unwrap_err()
            .code(),
        422
    );
    assert!(local_subject_access_review(&review(&admin), "web", &authorizer).is_ok());
    let elsewhere = local_subject_access_review(&review(&admin), "other", &authorizer);
    assert_eq!(elsewhere.unwrap_err().code(), 422);
}

#[test]
fn lists_what_one_may_do() {
    let authorizer = authorizer();
    let jane = Identity::authenticated("jane", &[]);
    let answer =
        self_subject_rules_review(&review(&json!({"namespace": "web"})), &jane, &authorizer);
    let status = answer.unwrap().body["status"].clone();
    assert!(
        status["resourceRules"]
            .as_array()
            .unwrap()
            .iter()
            .any(|rule| {
                rule["resources"]
                    .as_array()
                    .unwrap()
                    .contains(&json!("selfsubjectaccessreviews"))
            })
    );
    assert!(!status["nonResourceRules"].as_array().unwrap().is_empty());
    assert!(self_subject_rules_review(&review(&json!({})), &jane, &authorizer).is_err());
}

#[test]
fn says_who_one_is() {
    let now = Timestamp::UNIX_EPOCH;
    let answer = self_subject_review(
        &review(&json!({})),
        &Identity::authenticated("jane", &["dev"]),
        now,
    );
    assert_eq!(
        answer.body["status"]["userInfo"],
        json!({"username": "jane", "groups": ["dev", "system:authenticated"]})
    );
}

#[test]
fn a_requested_token_passes_review() {
    let authenticator = authenticator();
    let now = Timestamp::from_second(1_000_000).unwrap();
    let account = object("ServiceAccount", "robot", &json!({}));
    let pod = object(
        "Pod",
        "web-0",
        &json!({"serviceAccountName": "robot", "nodeName": "n1"}),
    );
    let other = object("Pod", "web-0", &json!({"serviceAccountName": "boss"}));
    let reference = json!({"kind": "Pod", "apiVersion": "v1", "name": "web-0", "uid": "u-web-0"});
    let stale = json!({"kind": "Pod", "apiVersion": "v1", "name": "web-0", "uid": "old"});
    let strange = json!({"kind": "Job", "apiVersion": "batch/v1", "name": "x"});
    let ask = |spec: &Value, bound: Option<&Object>| {
        let subject = TokenSubject {
            account: &account,
            bound,
        };
        token_request(
            &review(spec),
            subject,
            authenticator.tokens(),
            "j".into(),
            now,
        )
    };
    let cases = [
        (json!({"expirationSeconds": 599}), None, 422),
        (json!({"expirationSeconds": 1_i64 << 33}), None, 422),
        (json!({"boundObjectRef": reference}), None, 404),
        (json!({"boundObjectRef": reference}), Some(&other), 400),
        (json!({"boundObjectRef": stale}), Some(&pod), 409),
        (json!({"boundObjectRef": strange}), None, 400),
    ];
    for (spec, bound, code) in cases {
        assert_eq!(ask(&spec, bound).unwrap_err().code(), code, "{spec}");
    }

    let answer = ask(&json!({"boundObjectRef": reference}), Some(&pod)).unwrap();
    assert_eq!(answer.body["spec"]["expirationSeconds"], 3600);
    assert_eq!(
        answer.text("/status/expirationTimestamp"),
        "1970-01-12T14:46:40Z"
    );
    let token = answer.text("/status/token");
    let reviewed = |spec: Value, at: Timestamp| {
        token_review(&review(&spec), &authenticator, at)
            .unwrap()
            .body["status"]
            .clone()
    };
    let status = reviewed(json!({"token": token}), now);
    assert_eq!(status["authenticated"], true);
    assert_eq!(
        status["user"]["username"],
        "system:serviceaccount:web:robot"
    );
    assert_eq!(
        status["user"]["extra"]["authentication.kubernetes.io/node-uid"],
        json!(["u-n1"])
    );
    assert_eq!(status["audiences"], json!(["https://issuer"]));
    let status = reviewed(json!({"token": token, "audiences": ["vault"]}), now);
    assert_eq!(status["authenticated"], false);
    let late = Timestamp::from_second(1_003_601).unwrap();
    assert_eq!(
        reviewed(json!({"token": token}), late)["error"],
        "the token has expired"
    );
    assert!(token_review(&review(&json!({})), &authenticator, now).is_err());
}
