//! `ConfigMaps` and Secrets.

use serde_json::{Value, json};

use super::{accept, accept_update, kind, refuse, refuse_update};

#[test]
fn config_maps() {
    let maps = kind("", "configmaps");
    let old = accept(
        maps,
        &json!({"data": {"app.conf": "x=1"}, "binaryData": {"logo": "AAE="}}),
    );
    accept_update(maps, &old, |new| new["data"]["b"] = json!("2"));
    refuse(
        maps,
        &json!({"data": {"a/b": "x", "same": "1"}, "binaryData": {"same": "AA==", "c": "not base64"}}),
        &[
            ("data[a/b]", "a valid config key must consist of"),
            ("data[same]", "duplicate of key present in binaryData"),
            ("binaryData[c]", "must be base64-encoded"),
        ],
    );
    let big = "x".repeat(1024 * 1024);
    refuse(
        maps,
        &json!({"data": {"big": big}}),
        &[("", "may not be more than 1048576 bytes")],
    );

    let frozen = accept(maps, &json!({"data": {"a": "1"}, "immutable": true}));
    accept_update(maps, &frozen, |new| {
        new["metadata"]["labels"] = json!({"a": "b"});
    });
    refuse_update(
        maps,
        &frozen,
        |new| {
            new["immutable"] = json!(false);
            new["data"]["a"] = json!("2");
        },
        &[
            ("immutable", "field is immutable when `immutable` is set"),
            ("data", "field is immutable when `immutable` is set"),
        ],
    );
}

#[test]
fn plain_secrets_are_encoded() {
    let secrets = kind("", "secrets");
    let object = accept(
        secrets,
        &json!({"data": {"a": "MQ==", "b": "Mg=="}, "stringData": {"b": "two", "c": "three"}}),
    );
    assert_eq!(
        object.body["data"],
        json!({"a": "MQ==", "b": "dHdv", "c": "dGhyZWU="})
    );
    assert_eq!(object.body.get("stringData"), None);
    assert_eq!(object.body["type"], "Opaque");
    refuse_update(
        secrets,
        &object,
        |new| new["type"] = json!("kubernetes.io/tls"),
        &[
            ("type", "field is immutable"),
            ("data[tls.crt]", "Required value"),
            ("data[tls.key]", "Required value"),
        ],
    );
}

#[test]
fn typed_secrets_have_their_keys() {
    let secrets = kind("", "secrets");
    let check = |kind: &str, data: Value, expected: &[(&str, &str)]| {
        refuse(
            secrets,
            &json!({"type": kind, "stringData": data}),
            expected,
        );
    };
    check(
        "kubernetes.io/tls",
        json!({"tls.crt": "c"}),
        &[("data[tls.key]", "Required value")],
    );
    check(
        "kubernetes.io/tls",
        json!({"tls.crt": "c", "tls.key": "k"}),
        &[],
    );
    check(
        "kubernetes.io/basic-auth",
        json!({}),
        &[
            ("data[username]", "Required"),
            ("data[password]", "Required"),
        ],
    );
    check(
        "kubernetes.io/ssh-auth",
        json!({}),
        &[("data[ssh-privatekey]", "Required")],
    );
    let config = "data[.dockerconfigjson]";
    check(
        "kubernetes.io/dockerconfigjson",
        json!({}),
        &[(config, "Required value")],
    );
    check(
        "kubernetes.io/dockerconfigjson",
        json!({".dockerconfigjson": "{oops"}),
        &[(config, "<secret contents redacted>")],
    );
    check(
        "kubernetes.io/dockerconfigjson",
        json!({".dockerconfigjson": "{}"}),
        &[],
    );
    let account = "metadata.annotations[kubernetes.io/service-account.name]";
    check(
        "kubernetes.io/service-account-token",
        json!({}),
        &[(account, "Required value")],
    );
}

#[test]
fn messages_never_show_a_secret() {
    let secrets = kind("", "secrets");
    let manifest = json!({"data": {"password": "hunter2!"}, "stringData": {"x": 12345}});
    let (_, causes) = super::create(secrets, &manifest);
    assert_eq!(causes.len(), 2);
    let shown = format!("{causes:?}");
    assert!(
        !shown.contains("hunter2") && !shown.contains("12345"),
        "{shown}"
    );
}
