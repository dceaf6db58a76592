//! What a render makes of encrypted files: tokens, and only in Secrets.

use std::collections::BTreeMap;

use super::encrypt::binary;
use super::*;
use crate::plan::content_digest;

#[test]
fn a_render_never_sees_a_value() {
    let text = encrypted(PLAIN, &DATA);
    let rendered = rendered(&file("a.yaml", &text)).unwrap();
    let all = format!("{rendered:?}");
    for plain in ["p4ss", "dG9rZW4", "cDRzcyB3MHJk"] {
        assert!(!all.contains(plain), "{plain}");
    }
    let again = super::rendered(&file("other.yaml", &text)).unwrap();
    assert_eq!(
        content_digest(&rendered.manifests),
        content_digest(&again.manifests)
    );
    let other = super::rendered(&file(
        "a.yaml",
        encrypted(&PLAIN.replace("p4ss", "q"), &DATA),
    ));
    let other = other.unwrap();
    assert_ne!(
        content_digest(&rendered.manifests),
        content_digest(&other.manifests)
    );
    let shown = rendered.sealed.shown(&rendered.manifests[0].object);
    assert_eq!(
        shown.body["data"]["password"],
        "(hidden, encrypted in app/a.yaml)"
    );
    assert_eq!(shown.body["data"]["empty"], "");
    assert_eq!(rendered.manifests[0].origin.to_string(), "app/a.yaml:1");
}

#[test]
fn lines_stay_where_they_are() {
    let two = format!("{PLAIN}---\n{}", PLAIN.replace("name: db", "name: two"));
    let text = encrypted(&two, &DATA);
    let rendered = rendered(&file("a.yaml", &text)).unwrap();
    let line = text.lines().position(|line| line == "---").unwrap() + 2;
    let second = &rendered.manifests[1];
    assert_eq!(usize::try_from(second.origin.line), Ok(line));
    let opened = rendered.sealed.open(&rendered.manifests, &keys()).unwrap();
    assert_eq!(decoded(&opened[1]), "token=token password=p4ss w0rd empty=");
}

#[test]
fn what_is_encrypted_lands_in_secrets_alone() {
    let check = |plain: &str, rule: &Rule, expected: &str| {
        let told = data(&file("a.yaml", encrypted(plain, rule)));
        assert_eq!(told, expected);
    };
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {k: open}\n";
    check(
        config,
        &DATA,
        "app/a.yaml: data.k is encrypted, and would be shown and kept in plain text in a \
         ConfigMap, only data and stringData of a Secret may hold what is encrypted",
    );
    let all = Rule {
        name: "",
        text: "",
        encrypts: |_| true,
        mac_only_encrypted: false,
    };
    check(
        PLAIN,
        &all,
        "app/a.yaml: apiVersion is encrypted, and would be shown and kept in plain text in a \
         Secret, encrypt with --encrypted-regex '^(data|stringData)$'",
    );
    let named = Rule {
        name: "encrypted_regex",
        text: "^(labels|data)$",
        encrypts: |path| path.iter().any(|key| key == "labels" || key == "data"),
        mac_only_encrypted: false,
    };
    check(
        PLAIN,
        &named,
        "app/a.yaml: metadata.labels.app is encrypted, and would be shown and kept in plain text \
         in a Secret, encrypt with --encrypted-regex '^(data|stringData)$'",
    );
    check(
        &PLAIN.replace("p4ss w0rd", "5432"),
        &DATA,
        "app/a.yaml:1: data.password is a number, and only text can be in a Secret in Secret \
         shop/db, put it in quotes, and encrypt it again",
    );
    check(
        &PLAIN.replace("dG9rZW4=", "no-base64!"),
        &DATA,
        "app/a.yaml:1: data.token is not base64 once it is decrypted in Secret shop/db, use \
         stringData for plain text",
    );
}

#[test]
fn kustomize_carries_it_into_secrets_and_nowhere_else() {
    let env = "user=ann\n";
    let env: serde_json::Value = json!({"user": env.trim().split_once('=').unwrap().1});
    let yaml = "user: ann\nport: 5432\n";
    let all = Rule {
        name: "",
        text: "",
        encrypts: |_| true,
        mac_only_encrypted: false,
    };
    let secret = encrypted(PLAIN, &DATA);
    let check = |kustomization: &str, expected: &str| {
        let tree = file("kustomization.yaml", kustomization)
            .with_file("app/secret.yaml", &secret)
            .with_file("app/patch.yaml", encrypted("apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {more: patched}\n", &DATA))
            .with_file("app/config.yaml", encrypted(yaml, &all))
            .with_file("app/values.json", encrypted_json(&env, &all))
            .with_file("app/key.pem", binary("-----BEGIN\nkey\n"))
            .with_file("app/c.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {k: v}\n");
        assert_eq!(data(&tree), expected, "{kustomization}");
    };
    check(
        "secretGenerator: [{name: a, files: [key.pem, config.yaml]}]\n",
        "config.yaml=user: ann\nport: 5432\n key.pem=-----BEGIN\nkey\n",
    );
    check(
        "resources: [secret.yaml]\npatches: [{path: patch.yaml}]\n",
        "token=token password=p4ss w0rd empty= more=patched",
    );
    check(
        "configMapGenerator: [{name: a, files: [key.pem]}]\n",
        "app/key.pem: what is in it is encrypted, and would be shown and kept in plain text in a \
         ConfigMap in ConfigMap shop/a-7m57tf42m7, only data and stringData of a Secret may hold what \
         is encrypted",
    );
    let replacement = "resources: [c.yaml, secret.yaml]\nreplacements: [{source: {kind: Secret, \
        fieldPath: stringData.password}, targets: [{select: {kind: ConfigMap}, fieldPaths: [data.k]}]}]\n";
    check(
        replacement,
        "app/secret.yaml: stringData.password is encrypted, and would be shown and kept in plain \
         text in a ConfigMap in ConfigMap shop/c, only data and stringData of a Secret may hold \
         what is encrypted",
    );
}

#[test]
fn a_generated_name_says_nothing_of_the_value() {
    let named = |content: &str| {
        let tree = file("key.pem", binary(content)).with_file(
            "app/kustomization.yaml",
            "secretGenerator: [{name: a, files: [key.pem]}]\n",
        );
        rendered(&tree).unwrap().manifests[0]
            .object
            .name()
            .to_owned()
    };
    let plain = file("key.pem", "one").with_file(
        "app/kustomization.yaml",
        "secretGenerator: [{name: a, files: [key.pem]}]\n",
    );
    let plain = rendered(&plain).unwrap().manifests[0]
        .object
        .name()
        .to_owned();
    assert_ne!(named("one"), plain);
    assert_ne!(named("one"), named("two"));
}

#[test]
fn variables_are_not_looked_for_in_what_is_encrypted() {
    let tree = file(
        "a.yaml",
        encrypted(&PLAIN.replace("p4ss w0rd", "${NAME}"), &DATA),
    );
    let substitutions = Substitutions {
        values: BTreeMap::new(),
        strict: true,
    };
    let rendered = with(&tree, Some(&substitutions)).unwrap();
    let opened = rendered.sealed.open(&rendered.manifests, &keys()).unwrap();
    assert_eq!(decoded(&opened[0]), "token=token password=${NAME} empty=");
}
