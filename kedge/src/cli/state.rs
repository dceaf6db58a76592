//! `kedge state`

use clap::Args;
use jiff::Timestamp;
use serde_json::Value;

use api::Object;
use client::Env;

use super::age;
use super::cluster::{self, Cluster, Moment, Named, OWN};
use super::complete;
use super::difference;
use super::output::{Output, Screen};
use super::table::Table;

pub(super) const EXAMPLE: &str = "\
The log of changes reaches back a week unless the orchestrator says otherwise. A commit stands for
the last change that was made in its name. With --to, what is different between the two: objects
that came and went, and fields that changed, except status. Values of Secrets are not shown.

Example:
  kedge state --at 10m
  kedge state --at 2026-01-01T10:00:00Z deployments -n shop
  kedge state --at 0a1b2c3 configmaps -n shop
  kedge state --at 4711 deployment/web -n shop -o yaml
  kedge state --at 0a1b2c3 --to 4d5e6f7 -n shop
  kedge state --at 2h --to 10m";

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// Only this kind, or this object [default: everything but events]
    #[arg(value_name = "KIND[/NAME]", value_parser = cluster::named, add = complete::objects())]
    what: Option<Named>,
    /// When: a revision, a time, how long ago (90s, 10m, 2h, 3d), or a commit
    #[arg(long, value_name = "WHEN", value_parser = cluster::moment, add = complete::commits())]
    at: Moment,
    /// Show what is different from --at to then
    #[arg(long, value_name = "WHEN", value_parser = cluster::moment, add = complete::commits())]
    to: Option<Moment>,
    /// Only in this namespace [default: all; of one object: default]
    #[arg(short = 'n', long, value_name = "NAMESPACE", value_parser = cluster::namespace, add = complete::namespaces())]
    namespace: Option<String>,
    #[command(flatten)]
    cluster: cluster::Arguments,
    #[command(flatten)]
    output: Output,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let cluster = Cluster::open(&arguments.cluster).await?;
    let now = Env::system().now();
    let at = arguments.at.text(now);
    let answer = ask(&cluster, arguments, &at).await?;
    let mut screen = Screen::open();
    if let Some(to) = &arguments.to {
        let to = ask(&cluster, arguments, &to.text(now)).await?;
        let found = difference::between(&objects(&answer), &objects(&to));
        return match arguments.output.format.data(&difference::data(&found)) {
            Some(data) => screen.text(&data),
            None => screen.lines(difference::lines(&found)),
        };
    }
    if let Some(data) = arguments.output.format.data(&answer) {
        return screen.text(&data);
    }
    screen.table(&table(&objects(&answer), now))
}

async fn ask(cluster: &Cluster, arguments: &Arguments, at: &str) -> anyhow::Result<Value> {
    let namespace = arguments.namespace.as_deref();
    let Some(what) = &arguments.what else {
        let mut query = vec![("at", at)];
        query.extend(namespace.map(|namespace| ("namespace", namespace)));
        return cluster.read(&format!("{OWN}/state"), &query).await;
    };
    let Named { resource, name } = what;
    if name.is_empty() {
        let path = resource.collection_path(namespace.unwrap_or_default());
        return cluster.read(&path, &[("at", at)]).await;
    }
    let path = resource.collection_path(namespace.unwrap_or("default"));
    let answer = cluster.read(&format!("{path}/{name}"), &[("at", at)]).await;
    match answer {
        Err(error) => Err(cluster
            .about(what, namespace.unwrap_or("default"), error)
            .await),
        answer => answer,
    }
}

/// The objects of a list, or the one that it is. Lists of a kind do not say the kind in each.
fn objects(answer: &Value) -> Vec<Object> {
    match answer.get("items").and_then(Value::as_array) {
        Some(items) => items.iter().cloned().map(Object::from).collect(),
        None => vec![Object::from(answer.clone())],
    }
}

fn table(objects: &[Object], now: Timestamp) -> Table {
    let mut table = Table::new(&["KIND", "NAMESPACE", "NAME", "REVISION", "CREATED"]).yielding(&[
        "REVISION",
        "CREATED",
        "NAMESPACE",
        "KIND",
    ]);
    for object in objects {
        let created = api::parse_time(object.creation_timestamp());
        let created = created.map_or(String::new(), |at| format!("{} ago", age::between(at, now)));
        table.row([
            object.kind().into(),
            object.namespace().into(),
            object.name().into(),
            object.resource_version().0.into(),
            created.into(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_object_and_many_have_the_same_columns() {
        let object = json!({"kind": "Pod", "metadata": {"name": "a", "namespace": "shop",
            "resourceVersion": "7", "creationTimestamp": "2026-01-01T10:00:00Z"}});
        let now = "2026-01-01T10:00:50Z".parse().unwrap();
        let expected = [
            "KIND   NAMESPACE   NAME   REVISION   CREATED",
            "Pod    shop        a      7          50s ago",
        ];
        for answer in [object.clone(), json!({"items": [object]})] {
            assert_eq!(table(&objects(&answer), now).lines(), expected);
        }
    }
}
