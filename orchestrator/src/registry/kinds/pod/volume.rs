//! Volumes of a pod: one source each, of the kinds a node can mount.

use std::collections::BTreeSet;

use api::Quantity;

use super::super::field::{Causes, Field};
use super::{container, environment};

const SUPPORTED: &[&str] = &[
    "configMap",
    "downwardAPI",
    "emptyDir",
    "hostPath",
    "persistentVolumeClaim",
    "projected",
    "secret",
];
const HOST_PATH_TYPES: &[&str] = &[
    "",
    "BlockDevice",
    "CharDevice",
    "Directory",
    "DirectoryOrCreate",
    "File",
    "FileOrCreate",
    "Socket",
];

/// Validates the list; answers with the names in it, for the mounts to refer to.
pub(super) fn validate<'a>(causes: &mut Causes, volumes: &Field<'a>) -> BTreeSet<&'a str> {
    let mut names = BTreeSet::new();
    for volume in volumes.items() {
        let name = volume.get("name");
        if causes.require(&name, "") {
            causes.rules(&name, api::name::dns1123_label(name.text()));
            if !names.insert(name.text()) {
                causes.duplicate(&name);
            }
        }
        source(causes, &volume);
    }
    names
}

fn source(causes: &mut Causes, volume: &Field) {
    let sources: Vec<&String> = volume
        .value()
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, value)| *key != "name" && !value.is_null())
        .map(|(key, _)| key)
        .collect();
    for (index, kind) in sources.iter().enumerate() {
        let source = volume.get(kind);
        if index > 0 {
            causes.forbidden(&source, "may not specify more than 1 volume type");
        } else if !SUPPORTED.contains(&kind.as_str()) {
            causes.unsupported(&source);
        }
    }
    let (config, secret) = (volume.get("configMap"), volume.get("secret"));
    if config.is_set() {
        causes.require(&config.get("name"), "");
        files(causes, &config);
    }
    if secret.is_set() {
        causes.require(&secret.get("secretName"), "");
        files(causes, &secret);
    }
    let downward = volume.get("downwardAPI");
    if downward.is_set() {
        mode(causes, &downward.get("defaultMode"));
        downward_items(causes, &downward.get("items"));
    }
    let claim = volume.get("persistentVolumeClaim");
    if claim.is_set() {
        causes.require(&claim.get("claimName"), "");
    }
    let path = volume.get("hostPath");
    if path.is_set() {
        host_path(causes, &path);
    }
    let directory = volume.get("emptyDir");
    let limit = directory.get("sizeLimit");
    if limit.is_set() {
        match Quantity::from_json(limit.value()) {
            Ok(size) if size.is_negative() => {
                causes.forbidden(&limit, "SizeLimit field must be a valid resource quantity");
            }
            Ok(_) => {}
            Err(error) => causes.invalid(&limit, &error.to_string()),
        }
    }
    let medium = directory.get("medium");
    if medium.text().starts_with("HugePages") {
        causes.unsupported(&medium);
    } else {
        causes.one_of(&medium, &["", "Memory"]);
    }
    let projected = volume.get("projected");
    if projected.is_set() {
        mode(causes, &projected.get("defaultMode"));
        for source in projected.get("sources").items() {
            projection(causes, &source);
        }
    }
}

fn host_path(causes: &mut Causes, source: &Field) {
    let path = source.get("path");
    if causes.require(&path, "") && path.text().split('/').any(|part| part == "..") {
        causes.invalid(&path, "must not contain '..'");
    }
    causes.one_of(&source.get("type"), HOST_PATH_TYPES);
}

fn projection(causes: &mut Causes, source: &Field) {
    let kinds = ["secret", "configMap", "downwardAPI", "serviceAccountToken"];
    let others = ["clusterTrustBundle", "podCertificate"];
    let set = kinds
        .iter()
        .chain(&others)
        .filter(|kind| source.get(kind).is_set());
    match set.count() {
        0 => causes.required(source, "must specify one of the projection sources"),
        1 => {}
        _ => causes.forbidden(source, "may not specify more than 1 volume type per source"),
    }
    for other in others {
        causes.absent(&source.get(other));
    }
    for kind in ["secret", "configMap"] {
        let object = source.get(kind);
        if object.is_set() {
            causes.require(&object.get("name"), "");
            files(causes, &object);
        }
    }
    downward_items(causes, &source.get("downwardAPI").get("items"));
    let token = source.get("serviceAccountToken");
    if token.is_set() {
        let lifetime = token.get("expirationSeconds");
        if lifetime.number().is_some_and(|seconds| seconds < 600) {
            causes.invalid(&lifetime, "may not specify a duration less than 10 minutes");
        }
        if lifetime.number().is_some_and(|seconds| seconds > 1 << 32) {
            causes.invalid(
                &lifetime,
                "may not specify a duration larger than 2^32 seconds",
            );
        }
        local_path(causes, &token.get("path"));
    }
}

/// `items` and modes of a ConfigMap or Secret.
fn files(causes: &mut Causes, source: &Field) {
    mode(causes, &source.get("defaultMode"));
    for item in source.get("items").items() {
        causes.require(&item.get("key"), "");
        local_path(causes, &item.get("path"));
        mode(causes, &item.get("mode"));
    }
}

fn downward_items(causes: &mut Causes, items: &Field) {
    for item in items.items() {
        local_path(causes, &item.get("path"));
        environment::file_source(causes, &item);
        mode(causes, &item.get("mode"));
    }
}

fn local_path(causes: &mut Causes, path: &Field) {
    if causes.require(path, "") {
        container::relative(causes, path);
    }
}

fn mode(causes: &mut Causes, mode: &Field) {
    if mode
        .number()
        .is_some_and(|bits| !(0..=0o777).contains(&bits))
    {
        causes.invalid(
            mode,
            "must be a number between 0 and 0777 (octal), both inclusive",
        );
    }
}
