//! `kedge node remove`: on the machine of an instance.

use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use api::codec::strict::nearest;
use api::{Collection, Object};
use client::{Client, DeleteOptions, Env, HttpClient, Patch, PatchOptions, Target, WriteOptions};
use orchestrator::auth::node::revoked;
use orchestrator::auth::pki::Pki;

use super::{add, machines, verbs};
use crate::data_dir::DataDir;
use crate::up::{Layout, node_name};

const MANAGER: &str = "kedge-node";

#[derive(Args)]
#[group(skip)]
pub(super) struct Arguments {
    /// The node
    #[arg(value_name = "NAME", value_parser = verbs::name, add = machines::names())]
    name: String,
    #[command(flatten)]
    data_dir: DataDir,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let layout = add::instance(&arguments.data_dir.path)?;
    let (name, env) = (&arguments.name, Env::system());
    is_known(&layout, name)?;
    let client = HttpClient::from_kubeconfig_file(&layout.kubeconfig())
        .await
        .context("cannot use the instance's kubeconfig")?;
    // To the next second: certificates know no less, and what was issued until now is revoked.
    let since = Timestamp::from_second(env.now().as_second() + 1).context("no such time")?;
    revoke(&client, name, since)
        .await
        .context("cannot revoke the node's keys; the instance has to be up: kedge up")?;
    let node = Collection::new("", "nodes").key("", name);
    match client.delete(&node, &DeleteOptions::default()).await {
        Err(error) if !error.is_not_found() => {
            return Err(error).context("cannot delete the node");
        }
        _ => {}
    }
    let pki = Pki::open(&layout.pki(), env.now())
        .context("cannot use the instance's keys; run as who started it")?;
    pki.forget(name).context("cannot forget the node's keys")?;
    machines::forget(&layout, name)?;
    // What is issued from here on is good.
    while env.now() < since {
        env.clock.sleep(Duration::from_millis(50)).await;
    }
    anstream::println!(
        "{name} is no node of this instance any more: its keys open nothing.\n\
         On its machine, kedge down --purge removes pods, networks and state."
    );
    Ok(())
}

fn is_known(layout: &Layout, name: &str) -> anyhow::Result<()> {
    if *name == node_name(1) {
        bail!("{name} is the node of this machine; kedge down --purge removes the instance");
    }
    let known = machines::known(layout)?;
    if known.iter().any(|it| it == name) {
        return Ok(());
    }
    bail!(missing(name, &known))
}

/// That there is no such machine, and what to do.
fn missing(name: &str, known: &[String]) -> String {
    if known.is_empty() {
        return "no machine was added to this instance; `kedge node add NAME` adds one, --data-dir \
                names another instance"
            .to_owned();
    }
    let instead = match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("remove one of {}", known.join(", ")),
    };
    format!("no machine was added as {name}; {instead}")
}

#[test]
fn a_machine_that_was_not_added_leads_to_those_that_were() {
    let known = ["north".to_owned(), "south".to_owned()];
    let check = |name: &str, known: &[String], expected: &str| {
        let told = missing(name, known);
        assert!(told.contains(expected), "{told}");
    };
    check("nort", &known, "added as nort; did you mean north?");
    check("nope", &known, "remove one of north, south");
    check("nope", &[], "instance; `kedge node add NAME` adds one");
}

/// Writes down that whatever was issued for the node before is refused.
async fn revoke(client: &HttpClient, name: &str, since: Timestamp) -> Result<(), client::Error> {
    let key = revoked::key();
    let data = json!({ name: since.to_string() });
    let patch = Patch::Merge(json!({ "data": data }));
    let options = PatchOptions {
        field_manager: MANAGER.into(),
        ..PatchOptions::default()
    };
    match client
        .patch(&Target::object(key.clone()), &patch, &options)
        .await
    {
        Err(error) if error.is_not_found() => {
            let object = Object::from(json!({
                "apiVersion": "v1", "kind": "ConfigMap", "data": data,
                "metadata": {"name": key.name, "namespace": key.namespace}
            }));
            let options = WriteOptions {
                field_manager: MANAGER.into(),
                ..WriteOptions::default()
            };
            client
                .create(&key.collection, &object, &options)
                .await
                .map(drop)
        }
        patched => patched.map(drop),
    }
}
