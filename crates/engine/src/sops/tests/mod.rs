mod encrypt;
mod render;

use serde_json::json;

use self::encrypt::{DATA, KEY, RECIPIENT, Rule, json as encrypted_json, yaml as encrypted};
use super::*;
use crate::render::{Options, Rendered, Substitutions, render};
use crate::tree::MapTree;
use crate::{Kinds, Manifest, Problems};

const PLAIN: &str = "\
apiVersion: v1
kind: Secret
metadata:
  name: db
  labels: {app: web}
stringData:
  password: p4ss w0rd
  empty: ''
data:
  token: dG9rZW4=
";

fn keys() -> Keys {
    Keys::parse(KEY).unwrap()
}

fn rendered(tree: &MapTree) -> Result<Rendered, Problems> {
    with(tree, None)
}

fn with(tree: &MapTree, substitutions: Option<&Substitutions>) -> Result<Rendered, Problems> {
    let kinds = Kinds::served();
    let options = Options {
        kinds: &kinds,
        namespace: "shop",
        substitutions,
    };
    render(tree, "app", &options)
}

fn opened(tree: &MapTree) -> Result<Vec<Manifest>, Problems> {
    let rendered = rendered(tree)?;
    rendered.sealed.open(&rendered.manifests, &keys())
}

/// The data of the first object, decoded; or what is wrong.
fn data(tree: &MapTree) -> String {
    match opened(tree) {
        Ok(manifests) => decoded(&manifests[0]),
        Err(problems) => problems.summary(),
    }
}

fn decoded(manifest: &Manifest) -> String {
    use base64::Engine as _;
    let body = &manifest.object.body;
    let fields = body["data"].as_object().into_iter().flatten();
    let fields = fields.map(|(key, value)| {
        let text: String = value.as_str().unwrap().split_whitespace().collect();
        let bytes = base64::engine::general_purpose::STANDARD.decode(text);
        format!("{key}={}", String::from_utf8_lossy(&bytes.unwrap()))
    });
    fields.collect::<Vec<_>>().join(" ")
}

fn file(name: &str, text: impl AsRef<[u8]>) -> MapTree {
    MapTree::default().with_file(&format!("app/{name}"), text)
}

#[test]
fn opens_what_sops_itself_encrypted() {
    let kustomization = "secretGenerator: [{name: a, envs: [values.env], files: [file.txt]}]\n";
    let tree = file("secret.yaml", include_str!("vectors/secret.yaml"));
    assert_eq!(data(&tree), "key=value");
    let tree = file("values.env", include_str!("vectors/values.env"))
        .with_file("app/file.txt", include_str!("vectors/file.txt"))
        .with_file("app/kustomization.yaml", kustomization);
    assert_eq!(data(&tree), "file.txt=value key=value");
}

#[test]
fn every_rule_says_what_is_encrypted() {
    let check = |name, text, encrypts, mac_only_encrypted| {
        let rule = Rule {
            name,
            text,
            encrypts,
            mac_only_encrypted,
        };
        let plain = "apiVersion: v1\nkind: Secret\nmetadata: {name: db, generation: 3}\n\
                     immutable: false\ndata: {}\nstringData: {a_secret: one, b_open: two}\n";
        let tree = file("a.yaml", encrypted(plain, &rule));
        assert_eq!(data(&tree), "a_secret=one b_open=two", "{name}");
    };
    for only in [false, true] {
        check(
            "encrypted_regex",
            "^stringData$",
            |it| it[0] == "stringData",
            only,
        );
        check(
            "encrypted_suffix",
            "_secret",
            |it| it.iter().any(|it| it.ends_with("_secret")),
            only,
        );
        check(
            "unencrypted_regex",
            "^(apiVersion|kind|metadata|immutable|type|b_.*)$",
            |it| it[0] == "stringData" && it[1] != "b_open",
            only,
        );
    }
    let all: fn(&[String]) -> bool = |path| !path.iter().any(|key| key.ends_with("_unencrypted"));
    for name in ["", "unencrypted_suffix"] {
        let rule = Rule {
            name,
            text: "_unencrypted",
            encrypts: all,
            mac_only_encrypted: false,
        };
        let plain = json!({"data": {"a": "x", "b_unencrypted": "y"}});
        let kustomization = "secretGenerator: [{name: a, files: [v.json]}]\n";
        let tree = file("v.json", encrypted_json(&plain, &rule))
            .with_file("app/kustomization.yaml", kustomization);
        let expected = format!("v.json={}", text::json(&[plain]));
        assert_eq!(data(&tree), expected);
    }
}

#[test]
fn nothing_that_was_changed_is_opened() {
    let file_text = encrypted(PLAIN, &DATA);
    let changed = |edit: &dyn Fn(&str) -> String| data(&file("a.yaml", edit(&file_text)));
    let mac = "app/a.yaml: was changed after it was encrypted: its MAC is another one, \
               change encrypted files with sops edit";
    assert_eq!(
        changed(&str::to_owned),
        "token=token password=p4ss w0rd empty="
    );
    assert_eq!(changed(&|text| text.replace("app: web", "app: api")), mac);
    assert_eq!(
        changed(&|text| text.replace("empty: \"\"", "empty: more"))
            .matches("is not encrypted")
            .count(),
        1
    );
    // A value under another key is another value.
    assert_eq!(
        changed(&|text| text.replace("password:", "user:")),
        "app/a.yaml: stringData.user cannot be decrypted: it was changed, or moved from another \
         field or file"
    );
    let plain = |text: &str| {
        let at = text.find("password: ").unwrap();
        let end = text[at..].find('\n').unwrap() + at;
        format!("{}password: open{}", &text[..at], &text[end..])
    };
    assert_eq!(
        changed(&plain),
        "app/a.yaml: stringData.password is not encrypted, though the file says that it is, \
         change encrypted files with sops edit"
    );
    let without_mac = |text: &str| {
        let lines = text.lines().filter(|line| !line.contains("mac: "));
        lines.map(|line| format!("{line}\n")).collect()
    };
    // What has no MAC is nothing of SOPS.
    assert!(changed(&without_mac).contains("unknown field"));
    assert!(
        changed(&|text| text.replace("lastmodified: \"2026", "lastmodified: \"2027"))
            .contains("MAC")
    );
}

#[test]
fn says_who_could_open_a_file() {
    let tree = file("a.yaml", encrypted(PLAIN, &DATA));
    let rendered = rendered(&tree).unwrap();
    let files: Vec<_> = rendered.sealed.files().collect();
    assert_eq!(files, [("app/a.yaml", vec![RECIPIENT.to_owned()])]);
    let said = |keys: &Keys| {
        let opened = rendered.sealed.open(&rendered.manifests, keys);
        opened.unwrap_err().summary()
    };
    let end = format!(
        "opens it, it is encrypted to {RECIPIENT}; give the key of one of them with \
         --sops-age-key-file"
    );
    let begin = "app/a.yaml: is encrypted with SOPS, and";
    assert_eq!(
        said(&Keys::default()),
        format!("{begin} no key was given that {end}")
    );
    let other = "AGE-SECRET-KEY-10U7MAELH09KZU63F65P2TYLN7TQM5X6GSDDCQ4YMUGDS3DS6XZMSTYY2PN";
    let other = Keys::parse(other).unwrap();
    assert_eq!(said(&other), format!("{begin} none of the keys here {end}"));
    assert!(!format!("{other:?}").contains("SECRET"));
    let pgp = encrypted(PLAIN, &DATA).replace("  age:\n", "  pgp: [{fp: ABCD}]\n  others:\n");
    assert_eq!(
        data(&file("a.yaml", pgp)),
        "app/a.yaml: is encrypted with SOPS, and none of the keys here opens it, it is encrypted \
         to PGP key ABCD, and only age keys are used here: add an age recipient"
    );
}
