//! `validate` and `render` over real directories.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use serde::Deserialize;
use serde_json::Value;

use crate::cli::reading::{self, Namespace, Read};

/// A directory of its own, removed at the end.
struct Directory(PathBuf);

impl Directory {
    fn new(files: &[(&str, &str)]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("kedge-cli-{}-{number}", std::process::id());
        let directory = Self(std::env::temp_dir().join(name));
        for (path, content) in files {
            let path = directory.0.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        directory
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const WEB: &str = "\
apiVersion: kedge.dev/v1alpha1
kind: Application
metadata: {name: web}
spec: {source: {path: web}, targetNamespace: shop}
";
const CONFIG: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: blue}
";

/// The titles of what is read, or the problems as they are printed.
fn read(path: &Path, namespace: &Namespace) -> Result<Vec<String>, String> {
    let reading = reading::read(path, namespace).map_err(|error| format!("{error:#}"))?;
    if let Some(problems) = reading.problems().unwrap() {
        return Err(problems.to_string());
    }
    let read = reading.result.unwrap();
    let title = |object: &api::Object| {
        format!("{} {}/{}", object.kind(), object.namespace(), object.name())
    };
    Ok(read
        .manifests()
        .iter()
        .map(|one| title(&one.object))
        .collect())
}

#[test]
fn reads_a_cluster_repository_a_directory_of_it_and_a_file() {
    let root = Directory::new(&[("apps/web.yaml", WEB), ("web/config.yaml", CONFIG)]);
    let check = |path: &str, namespace: Namespace, expected: &str| {
        let read = read(&root.0.join(path), &namespace);
        assert_eq!(
            read,
            Ok(vec![expected.to_owned()]),
            "{path:?} {namespace:?}"
        );
    };
    check("", Namespace::Found, "ConfigMap shop/settings");
    check("web", Namespace::Found, "ConfigMap shop/settings");
    check(
        "web",
        Namespace::Named("test".into()),
        "ConfigMap test/settings",
    );
    check("web/config.yaml", Namespace::Found, "ConfigMap /settings");
}

#[test]
fn problems_have_a_place_and_a_picture() {
    let root = Directory::new(&[
        ("apps/web.yaml", WEB),
        ("web/config.yaml", &CONFIG.replace("\ndata:", "\ndta:")),
        ("web/second.yaml", "kind: ConfigMap\n"),
    ]);
    let problems = read(&root.0, &Namespace::Found).unwrap_err();
    let place = root.0.canonicalize().unwrap();
    let problems = problems.replace(&format!("{}/", place.display()), "");
    insta::assert_snapshot!(problems);
}

#[test]
fn the_rules_of_each_kind_are_asked_as_the_server_asks_them() {
    let root = Directory::new(&[
        ("apps/web.yaml", WEB),
        ("web/config.yaml", &CONFIG.replace("settings", "Bad_Name")),
    ]);
    let reading = reading::read(&root.0, &Namespace::Found).unwrap();
    assert!(reading.result.is_ok());
    let problems = reading.ruled().problems().unwrap().unwrap();
    let told: Vec<(&str, u32)> = problems
        .0
        .iter()
        .map(|problem| (problem.field.as_str(), problem.line))
        .collect();
    assert_eq!(told, [("metadata.name", 3)], "{problems}");
    let good = reading::read(&example(), &Namespace::Found)
        .unwrap()
        .ruled();
    assert!(good.result.is_ok(), "{:?}", good.problems());
}

#[test]
fn nothing_outside_the_directory_is_read() {
    let outside = Directory::new(&[("secret.yaml", CONFIG)]);
    let root = Directory::new(&[("apps/web.yaml", WEB), ("web/a.yaml", CONFIG)]);
    let link = root.0.join("web/b.yaml");
    std::os::unix::fs::symlink(outside.0.join("secret.yaml"), &link).unwrap();
    let problems = read(&root.0, &Namespace::Found).unwrap_err();
    assert!(
        problems.contains("points outside the repository"),
        "{problems}"
    );
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("a.yaml", &link).unwrap();
    let problems = read(&root.0, &Namespace::Found).unwrap_err();
    assert!(problems.contains("is defined twice"), "{problems}");
}

#[test]
fn a_path_that_is_not_there_is_named() {
    let error = read(Path::new("no/such/place"), &Namespace::Found).unwrap_err();
    assert!(error.contains("cannot read no/such/place"), "{error}");
}

/// Made by sops; `key` of it is `value`.
const SECRET: &str = include_str!("../../../../crates/engine/src/sops/tests/vectors/secret.yaml");
const KEYS: [&str; 2] = [
    "AGE-SECRET-KEY-1RH87A5Z54ZGUR9S0AS3R6WHFSEFNPLYMAKF5Z2CEU7R06VRJ0A3Q7242AM",
    "AGE-SECRET-KEY-10U7MAELH09KZU63F65P2TYLN7TQM5X6GSDDCQ4YMUGDS3DS6XZMSTYY2PN",
];

#[test]
fn what_is_encrypted_is_looked_into_and_never_shown() {
    use std::os::unix::fs::PermissionsExt;

    let root = Directory::new(&[
        ("apps/web.yaml", WEB),
        ("web/secret.yaml", SECRET),
        ("good.txt", KEYS[0]),
        ("other.txt", KEYS[1]),
    ]);
    let keys = |name: &str| {
        let path = root.0.join(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        reconciler::source::Keyring::new(Some(path))
    };
    let reading = || reading::read(&root.0, &Namespace::Found).unwrap();
    for keys in [reconciler::source::Keyring::default(), keys("good.txt")] {
        let read = reading().decrypted(&keys).result.unwrap();
        let files: Vec<&str> = read.encrypted().into_keys().collect();
        assert_eq!(files, ["web/secret.yaml"]);
        let shown = read.shown();
        let shown = crate::cli::render::yaml(&shown.iter().collect::<Vec<_>>());
        assert!(
            shown.contains("key: (hidden, encrypted in web/secret.yaml)"),
            "{shown}"
        );
    }
    let Err(problems) = reading().decrypted(&keys("other.txt")).result else {
        panic!("it is for another key");
    };
    assert!(
        problems
            .summary()
            .contains("none of the keys here opens it"),
        "{problems}"
    );
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples-repo")
}

#[test]
fn the_example_repository_is_valid() {
    let reading = reading::read(&example(), &Namespace::Found).unwrap();
    let problems = reading.problems().unwrap();
    assert!(problems.is_none(), "{}", problems.unwrap());
    let Ok(Read::Cluster(parts)) = reading.result else {
        panic!("it is a cluster repository");
    };
    assert!(parts.len() >= 5 && parts.iter().all(|part| !part.manifests.is_empty()));
}

#[test]
fn renders_what_kubectl_builds() {
    let path = example().join("ui");
    let output = Command::new("kubectl")
        .arg("kustomize")
        .arg(&path)
        .output()
        .expect("kubectl must be installed: this test compares with it");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let expected = objects(&String::from_utf8(output.stdout).unwrap());
    let reading = reading::read(&path, &Namespace::Found).unwrap();
    let read = reading
        .result
        .unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(
        objects(&crate::cli::render::yaml(&read.manifests())),
        expected
    );
}

/// By kind and name.
fn objects(yaml: &str) -> Vec<Value> {
    let documents = serde_yaml::Deserializer::from_str(yaml);
    let mut objects: Vec<Value> = documents
        .map(|document| Value::deserialize(document).expect("it is YAML"))
        .collect();
    objects.sort_by_key(|object| format!("{} {}", object["kind"], object["metadata"]["name"]));
    objects
}
