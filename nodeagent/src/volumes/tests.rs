//! Plans, files and paths.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use api::k8s::core::v1 as core;
use serde_json::{Value, json};

use super::mount::parse;
use super::plan::{Bound, File, Payload, Source, Sources, TokenRequest, plan, references};
use super::{give_to_group, needs_refresh, subpath, write_payload};
use crate::environment::{CONFIG_MAP, SECRET};
use crate::report::report;

fn pod(spec: Value) -> core::Pod {
    let mut spec = spec;
    spec["containers"] = json!([{"name": "c"}]);
    serde_json::from_value(json!({
        "metadata": {"name": "web", "namespace": "default", "uid": "u1", "labels": {"a": "b"}},
        "spec": spec,
    }))
    .unwrap()
}

fn sources() -> Sources {
    let token = TokenRequest {
        audience: String::new(),
        expiration_seconds: 3607,
    };
    let bound = Bound {
        path: "/srv/v1".into(),
        create: true,
    };
    Sources {
        objects: BTreeMap::from([
            (
                (CONFIG_MAP, "cm".into()),
                BTreeMap::from([("a".into(), b"1".to_vec()), ("b".into(), b"2".to_vec())]),
            ),
            (
                (SECRET, "s".into()),
                BTreeMap::from([("p".into(), b"x".to_vec())]),
            ),
        ]),
        tokens: BTreeMap::from([(token, "token".into())]),
        claims: BTreeMap::from([
            ("good".into(), Ok(bound)),
            (
                "pending".into(),
                Err("persistentvolumeclaim \"pending\" is not bound".into()),
            ),
        ]),
        ..Sources::default()
    }
}

/// One volume `v`: its files as `path mode content`, another source in short, or the error.
fn planned(mut volume: Value) -> Vec<String> {
    volume["name"] = json!("v");
    match plan(&pod(json!({"volumes": [volume]})), &sources()) {
        Err(problem) => vec![report(&problem)],
        Ok(plans) => match &plans[0].source {
            Source::Files { payload, is_secret } => {
                let secret = is_secret.then(|| "secret".to_owned());
                let files = payload.iter().map(|(path, file)| {
                    format!(
                        "{path} {:o} {}",
                        file.mode,
                        String::from_utf8_lossy(&file.data)
                    )
                });
                secret.into_iter().chain(files).collect()
            }
            other => vec![format!("{other:?}")],
        },
    }
}

#[test]
fn plans_every_kind() {
    let check = |volume: Value, expected: &[&str]| assert_eq!(planned(volume), expected);
    check(json!({"emptyDir": {}}), &["Empty"]);
    check(
        json!({"emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}}),
        &["Memory { limit: Some(1048576) }"],
    );
    check(
        json!({"hostPath": {"path": "/x", "type": "File"}}),
        &["Host { path: \"/x\", kind: \"File\" }"],
    );
    check(
        json!({"persistentVolumeClaim": {"claimName": "good", "readOnly": true}}),
        &["Local { path: \"/srv/v1\", create: true, read_only: true }"],
    );
    check(
        json!({"configMap": {"name": "cm"}}),
        &["a 644 1", "b 644 2"],
    );
    check(
        json!({"configMap": {"name": "cm", "defaultMode": 0o400, "items": [
            {"key": "b", "path": "d/e", "mode": 0o600},
        ]}}),
        &["d/e 600 2"],
    );
    check(
        json!({"secret": {"secretName": "s"}}),
        &["secret", "p 644 x"],
    );
    check(
        json!({"secret": {"secretName": "gone", "optional": true}}),
        &["secret"],
    );
    check(
        json!({"downwardAPI": {"items": [{"path": "l", "fieldRef": {"fieldPath": "metadata.labels"}}]}}),
        &["l 644 a=\"b\""],
    );
    check(
        json!({"projected": {"sources": [
            {"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}},
            {"configMap": {"name": "cm", "items": [{"key": "a", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}]}},
        ]}}),
        &[
            "secret",
            "ca.crt 644 1",
            "namespace 644 default",
            "token 644 token",
        ],
    );
}

#[test]
fn says_which_volume_cannot_be_made_and_why() {
    let check = |volume: Value, expected: &str| {
        let prefix = "MountVolume.SetUp failed for volume \"v\"";
        assert_eq!(planned(volume), [format!("{prefix} : {expected}")]);
    };
    check(
        json!({"configMap": {"name": "gone"}}),
        "configmap \"gone\" not found",
    );
    check(
        json!({"secret": {"secretName": "s", "items": [{"key": "q", "path": "q"}]}}),
        "references non-existent secret key: q",
    );
    check(
        json!({"persistentVolumeClaim": {"claimName": "pending"}}),
        "persistentvolumeclaim \"pending\" is not bound",
    );
    check(
        json!({"configMap": {"name": "cm", "items": [{"key": "a", "path": "../x"}]}}),
        "invalid path \"../x\"",
    );
    let other = planned(json!({"nfs": {"server": "s", "path": "/"}}));
    assert_eq!(other, ["volume \"v\" is of a kind this node cannot mount"]);
}

#[test]
fn a_token_is_for_its_user_alone() {
    let check = |context: Value, mode: u32, owner: Option<u32>| {
        let source = json!({"serviceAccountToken": {"path": "token"}});
        let pod = pod(json!({
            "securityContext": context,
            "volumes": [{"name": "v", "projected": {"sources": [source]}}],
        }));
        let plans = plan(&pod, &sources()).unwrap();
        let Source::Files { payload, .. } = &plans[0].source else {
            panic!("{plans:?}");
        };
        let file = &payload["token"];
        assert_eq!((file.mode, file.owner), (mode, owner));
    };
    check(json!({}), 0o644, None);
    check(json!({"runAsUser": 1000}), 0o600, Some(1000));
    check(json!({"runAsUser": 1000, "fsGroup": 5}), 0o640, None);
}

#[test]
fn references_are_found_in_all_places() {
    let pod = pod(json!({"volumes": [
        {"name": "a", "configMap": {"name": "cm"}},
        {"name": "b", "persistentVolumeClaim": {"claimName": "claim"}},
        {"name": "c", "projected": {"sources": [
            {"secret": {"name": "s"}}, {"serviceAccountToken": {"path": "t", "audience": "x"}},
        ]}},
    ]}));
    let found = references(&pod);
    assert_eq!(
        found.objects,
        [(CONFIG_MAP, "cm".to_owned()), (SECRET, "s".to_owned())]
    );
    assert_eq!(found.claims, ["claim"]);
    assert_eq!(found.tokens[0].audience, "x");
    assert!(needs_refresh(&pod));
}

/// A directory of its own, gone with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("kedge-volumes-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn payload(files: &[(&str, &str)]) -> Payload {
    let file = |text: &str| File {
        data: text.as_bytes().to_vec(),
        mode: 0o640,
        owner: None,
    };
    files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), file(text)))
        .collect()
}

#[test]
fn versions_follow_each_other_atomically() {
    let scratch = Scratch::new("atomic");
    let volume = scratch.0.join("v");
    let read = |path: &str| fs::read_to_string(volume.join(path)).ok();
    assert!(write_payload(&volume, &payload(&[("a", "1"), ("d/e", "2")]), "one", None).unwrap());
    assert_eq!(
        (read("a"), read("d/e")),
        (Some("1".into()), Some("2".into()))
    );
    let mode = fs::metadata(volume.join("a")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert_eq!(
        fs::read_link(volume.join("a")).unwrap(),
        Path::new("..data/a")
    );

    // The same again changes nothing.
    assert!(!write_payload(&volume, &payload(&[("a", "1"), ("d/e", "2")]), "two", None).unwrap());
    assert_eq!(
        fs::read_link(volume.join("..data")).unwrap(),
        Path::new("..one")
    );

    assert!(write_payload(&volume, &payload(&[("a", "3"), ("f", "4")]), "three", None).unwrap());
    assert_eq!(
        (read("a"), read("f"), read("d/e")),
        (Some("3".into()), Some("4".into()), None)
    );
    let names: Vec<_> = fs::read_dir(&volume)
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 4, "{names:?}");
}

#[test]
fn a_subpath_stays_in_its_volume() {
    let scratch = Scratch::new("subpath");
    let volume = scratch.0.join("v");
    fs::create_dir_all(volume.join("real")).unwrap();
    fs::write(scratch.0.join("outside"), "").unwrap();
    symlink("real", volume.join("inside")).unwrap();
    symlink("../outside", volume.join("escape")).unwrap();
    symlink("/", volume.join("root")).unwrap();
    let root = fs::canonicalize(&volume).unwrap();
    assert_eq!(subpath(&volume, "a/b").unwrap(), root.join("a/b"));
    assert!(volume.join("a/b").is_dir());
    assert_eq!(subpath(&volume, "inside/x").unwrap(), root.join("real/x"));
    for bad in ["../v", "/etc", "escape", "root/etc", "a/../.."] {
        assert!(subpath(&volume, bad).is_err(), "{bad}");
    }
}

#[test]
fn a_group_owns_what_is_there_and_what_comes() {
    let scratch = Scratch::new("group");
    let group = fs::metadata(&scratch.0).unwrap().gid();
    fs::create_dir(scratch.0.join("d")).unwrap();
    fs::write(scratch.0.join("d/f"), "").unwrap();
    fs::set_permissions(scratch.0.join("d/f"), fs::Permissions::from_mode(0o600)).unwrap();
    give_to_group(&scratch.0, group, false).unwrap();
    let mode = |path: &str| {
        fs::metadata(scratch.0.join(path))
            .unwrap()
            .permissions()
            .mode()
            & 0o7777
    };
    assert_eq!(mode("d/f"), 0o660);
    assert_eq!(mode("d") & 0o2070, 0o2070);
}

#[test]
fn finds_mounts_below_a_path() {
    let table = "22 1 0:21 / /proc rw - proc proc rw\n\
        30 1 0:30 / /data/pods/u1/volumes/files/a\\040b rw - tmpfs tmpfs rw\n\
        31 1 0:31 / /data/pods/u11/x rw - tmpfs tmpfs rw\n";
    let found = parse(table, Path::new("/data/pods/u1"));
    assert_eq!(found, [Path::new("/data/pods/u1/volumes/files/a b")]);
}
