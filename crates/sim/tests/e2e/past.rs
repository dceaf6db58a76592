//! The past of a cluster, as a user asks for it: what was, who changed it, and back again.

use anyhow::ensure;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sim::instance::{Instance, empty_seed, wait};
use sim::work_tree::WorkTree;

const APPLICATION: &str = "
apiVersion: kedge.dev/v1alpha1
kind: Application
metadata: {name: shop, namespace: kedge}
spec:
  source: {path: shop}
";

const OBJECTS: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data:
  colour: 'red'
---
apiVersion: v1
kind: Secret
metadata: {name: password, namespace: shop}
stringData: {word: sesame}
";

#[test]
fn the_past_is_told_and_comes_back() {
    let instance = Instance::start(
        "past",
        &[
            "--seed",
            &empty_seed().expect("a seed"),
            "--runtime",
            "simulated",
        ],
    )
    .expect("the instance starts");
    if let Err(error) = play(&instance) {
        panic!("{error:#}\n\nThe logs:\n{}", instance.logs());
    }
}

fn play(instance: &Instance) -> anyhow::Result<()> {
    let work = WorkTree::clone(instance, "work")?;
    work.write("apps/shop.yaml", APPLICATION)?;
    work.write("shop/objects.yaml", OBJECTS)?;
    work.add("Red")?;
    work.push()?;
    let red = work.head()?;
    let red_at = Timestamp::now().to_string();
    work.edit("shop/objects.yaml", "red", "blue")?;
    work.add("Blue")?;
    work.push()?;
    let blue = work.head()?;

    reads(instance, &red, &red_at)?;
    permissions(instance, &red)?;
    blame(instance, &blue)?;
    undelete(instance)
}

/// Revisions, times and commits; objects, lists and everything; what is not known any more.
fn reads(instance: &Instance, red: &str, red_at: &str) -> anyhow::Result<()> {
    let colour = |at: &str| -> anyhow::Result<String> {
        let arguments = [
            "state",
            "--at",
            at,
            "cm/settings",
            "-n",
            "shop",
            "-o",
            "json",
        ];
        let object: Value = serde_json::from_str(&instance.kedge(&arguments)?)?;
        Ok(object["data"]["colour"].as_str().unwrap_or_default().into())
    };
    let now: Value =
        serde_json::from_str(&instance.kedge(&["state", "--at", "0s", "-o", "json"])?)?;
    let revision = now["metadata"]["revision"].as_str().unwrap_or_default();
    for (at, expected) in [
        (red_at, "red"),
        (&red[..12], "red"),
        (red, "red"),
        (revision, "blue"),
        ("0s", "blue"),
    ] {
        ensure!(colour(at)? == expected, "at {at}: {}", colour(at)?);
    }
    let all = instance.kedge(&["state", "--at", red, "-n", "shop"])?;
    for expected in ["ConfigMap", "settings", "Secret", "password"] {
        ensure!(all.contains(expected), "no {expected} in:\n{all}");
    }
    let path = format!("/api/v1/configmaps?at={red}&fieldSelector=metadata.name=settings");
    let list: Value = serde_json::from_str(&instance.kubectl(&["get", "--raw", &path])?)?;
    ensure!(list["items"][0]["data"]["colour"] == "red", "{list}");
    for (at, expected) in [
        ("300d", "the log does not reach back"),
        ("999999", "is still to come"),
        ("0123456789abcdef", "no change made for commit"),
    ] {
        let said = colour(at).expect_err("it is not known").to_string();
        ensure!(said.contains(expected), "at {at}: {said}");
    }
    Ok(())
}

/// Nobody reads more of the past than of the present.
fn permissions(instance: &Instance, red: &str) -> anyhow::Result<()> {
    let namespace = ["-n", "shop"];
    let run = |arguments: &[&str]| instance.kubectl(&[arguments, &namespace].concat());
    run(&[
        "create",
        "role",
        "maps",
        "--verb=get,list",
        "--resource=configmaps",
    ])?;
    run(&["create", "rolebinding", "ann", "--role=maps", "--user=ann"])?;
    let ann = |path: &str| instance.kubectl(&["get", "--raw", path, "--as", "ann"]);
    let map = format!("/api/v1/namespaces/shop/configmaps/settings?at={red}");
    let allowed = || ann(&map).is_ok();
    wait(
        "the binding to be known",
        SignedDuration::from_secs(10),
        allowed,
    )?;
    let secret = format!("/api/v1/namespaces/shop/secrets/password?at={red}");
    let about = "group=&resource=secrets&namespace=shop&name=password";
    for path in [
        &secret,
        &format!("/api/v1/secrets?at={red}"),
        &format!("/apis/kedge.dev/v1alpha1/history?{about}"),
        &format!("/apis/kedge.dev/v1alpha1/blame?{about}"),
    ] {
        let said = ann(path).expect_err("ann reads secrets").to_string();
        ensure!(said.contains("orbidden"), "{path}: {said}");
    }
    let state = format!("/apis/kedge.dev/v1alpha1/state?namespace=shop&at={red}");
    let state: Value = serde_json::from_str(&ann(&state)?)?;
    let hidden = state["hidden"].to_string();
    ensure!(hidden.contains("\"secrets\""), "{hidden}");
    let kinds: Vec<&str> = state["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|item| item["kind"].as_str())
        .collect();
    ensure!(
        kinds.contains(&"ConfigMap") && !kinds.contains(&"Secret"),
        "{kinds:?}"
    );
    let admin = instance.kubectl(&["get", "--raw", &secret])?;
    ensure!(admin.contains("c2VzYW1l"), "{admin}");
    Ok(())
}

fn blame(instance: &Instance, blue: &str) -> anyhow::Result<()> {
    let about = |what: &str| instance.kedge(&["blame", what, "-n", "shop"]);
    let settings = about("configmap/settings")?;
    let line = settings.lines().find(|line| line.contains("data.colour"));
    let words: Vec<&str> = line.unwrap_or_default().split_whitespace().collect();
    ensure!(
        words.starts_with(&["data.colour", "blue", "red"])
            && words.ends_with(&[&blue[..12], "shop/objects.yaml:10"]),
        "{settings}"
    );
    let patch = r#"{"data":{"word":"b3Blbg=="}}"#;
    instance.kubectl(&["patch", "secret", "password", "-n", "shop", "-p", patch])?;
    for told in [
        about("secret/password")?,
        instance.kedge(&["blame", "secret/password", "-n", "shop", "--history"])?,
    ] {
        ensure!(told.contains("data.word"), "{told}");
        ensure!(!told.contains("b3Bl") && !told.contains("c2Vz"), "{told}");
    }
    Ok(())
}

fn undelete(instance: &Instance) -> anyhow::Result<()> {
    let own = ["configmap", "mine", "-n", "shop"];
    let create = [
        "create",
        "configmap",
        "mine",
        "-n",
        "shop",
        "--from-literal=a=1",
    ];
    instance.kubectl(&create)?;
    instance.kubectl(&[&["delete"], &own[..]].concat())?;
    let told = instance.kedge(&["blame", "cm/mine", "-n", "shop"])?;
    ensure!(told.contains("It was deleted"), "{told}");
    instance.kedge(&["undelete", "cm/mine", "-n", "shop"])?;
    ensure!(instance.field(&own, "{.data.a}")? == "1", "it is not back");
    let again = instance.kedge(&["undelete", "cm/mine", "-n", "shop"]);
    let said = again.expect_err("it is there already").to_string();
    ensure!(said.contains("there is a ConfigMap mine"), "{said}");
    Ok(())
}
