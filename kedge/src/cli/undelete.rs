//! `kedge undelete`

use clap::Args;
use serde_json::json;

use api::Resource;
use client::{Env, Error};

use super::cluster::{self, Cluster, Moment, Named, OWN};
use super::complete;
use super::output::Output;

pub(super) const EXAMPLE: &str = "\
The object is created again as it was before its deletion began, with a new uid and without its
status. What it owned does not come back with it, nor does what was in a namespace.

Example:
  kedge undelete configmap/settings -n shop
  kedge undelete configmap/settings -n shop --at 2h";

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// The object
    #[arg(value_name = "KIND/NAME", value_parser = cluster::named_object, add = complete::deleted_objects())]
    what: Named,
    /// Its namespace
    #[arg(short = 'n', long, value_name = "NAMESPACE", default_value = "default", value_parser = cluster::namespace, add = complete::namespaces())]
    namespace: String,
    /// As it was then: a revision, a time, how long ago (90s, 10m, 2h, 3d), or a commit
    #[arg(long, value_name = "WHEN", value_parser = cluster::moment, add = complete::commits())]
    at: Option<Moment>,
    #[command(flatten)]
    cluster: cluster::Arguments,
    #[command(flatten)]
    output: Output,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let cluster = Cluster::open(&arguments.cluster).await?;
    let Named { resource, name } = &arguments.what;
    let mut request = json!({
        "apiVersion": "kedge.dev/v1alpha1", "kind": "Undelete",
        "object": {"group": resource.group, "resource": resource.plural, "name": name},
    });
    if resource.is_namespaced() {
        request["object"]["namespace"] = json!(arguments.namespace);
    }
    if let Some(at) = &arguments.at {
        request["at"] = json!(at.text(Env::system().now()));
    }
    let answer = cluster.post(&format!("{OWN}/undelete"), &request).await;
    let answer = answer.map_err(|error| refused(error, resource, name))?;
    arguments.output.show(&answer, |screen| {
        screen.lines([format!("{}/{name} is back", resource.collection())])
    })
}

/// What the API server says of names, in words about deletion.
fn refused(error: anyhow::Error, resource: &Resource, name: &str) -> anyhow::Error {
    let kind = &resource.kind;
    match error.downcast_ref::<Error>() {
        Some(error) if error.is_not_found() => anyhow::anyhow!(
            "the log knows no {kind} {name} that was deleted there: -n names another namespace, and \
             what the log no longer reaches back to is gone"
        ),
        Some(error) if error.is_already_exists() => {
            anyhow::anyhow!("there is a {kind} {name}: nothing is to be created again")
        }
        _ => error,
    }
}
