//! The views that are documented, read as the role that may read nothing else.

use anyhow::{Context, ensure};
use sim::instance::{Instance, empty_seed};
use sim::work_tree::WorkTree;

const APPLICATION: &str = "
apiVersion: kedge.dev/v1alpha1
kind: Application
metadata: {name: shop, namespace: kedge}
spec:
  deadlineSeconds: 5
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
data: {colour: red}
---
apiVersion: v1
kind: Secret
metadata: {name: password, namespace: shop}
stringData: {word: sesame}
";

/// Never becomes healthy: the simulated runtime has no such image.
const BROKEN: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: registry.invalid/web}]}
";

#[test]
fn documented_queries_run_as_a_reader() {
    let seed = empty_seed().expect("a seed");
    let instance = Instance::start("sql", &["--seed", &seed, "--runtime", "simulated"])
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
    people(instance)?;
    work.write("shop/web.yaml", BROKEN)?;
    work.add("Broken")?;
    let said = work.push()?;
    ensure!(said.contains("failed for 1 application"), "{said}");

    let read = |query: &str| sim::sql::read(instance, query);
    let documentation = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/sql.md");
    let documentation = std::fs::read_to_string(documentation)?;
    let queries = queries(&documentation);
    ensure!(queries.len() > 8, "{} queries", queries.len());
    for query in queries {
        let rows = read(query).with_context(|| query.to_owned())?;
        let may_be_empty = [
            "reconciler.drift",
            "reconciler.audit",
            "reconciler.application_use",
            "orchestrator.pods",
        ];
        ensure!(
            !rows.is_empty() || may_be_empty.iter().any(|view| query.contains(view)),
            "no rows:\n{query}"
        );
    }
    facts(&red, &read)?;
    for forbidden in [
        "select body from orchestrator.objects",
        "select body from orchestrator.changes",
        "select report from reconciler.pushes",
        "delete from reconciler.rollouts",
        "create table reconciler.mine ()",
    ] {
        let said = read(forbidden).expect_err(forbidden).to_string();
        ensure!(said.contains("permission denied"), "{forbidden}: {said}");
    }
    Ok(())
}

/// One who may, one who may not.
fn people(instance: &Instance) -> anyhow::Result<()> {
    let create = [
        "create",
        "configmap",
        "mine",
        "-n",
        "shop",
        "--from-literal=a=1",
    ];
    let refused = instance.kubectl(&[&create[..], &["--as", "ann"]].concat());
    refused.expect_err("ann may create");
    instance.kubectl(&create).map(drop)
}

fn facts(red: &str, read: &dyn Fn(&str) -> anyhow::Result<String>) -> anyhow::Result<()> {
    for (query, expected) in [
        (
            "select rollout, phase from reconciler.outcomes order by started_at",
            "shop-1|Succeeded\nshop-2|Failed",
        ),
        (
            "select deployments, failures, failure_rate, restore_seconds_median is not null
               from reconciler.dora",
            "2|1|0.5|t",
        ),
        (
            "select action, file, line from reconciler.object_changes
              where rollout = 'shop-1' and name = 'settings'",
            "create|shop/objects.yaml|6",
        ),
        (
            "select operation, writer, manager from orchestrator.history
              where name = 'settings' and namespace = 'shop'",
            "created|system:kedge:reconciler|kedge",
        ),
        (
            "select until is null, body is null from orchestrator.object_versions
              where name = 'password'",
            "t|t",
        ),
        (
            "select writer, impersonator, address, verb, code, allowed, reason
               from orchestrator.audit where namespace = 'shop' and agent like 'kubectl%'
              order by id",
            "ann|kubernetes-admin|127.0.0.1|create|403|f|Forbidden\nkubernetes-admin||127.0.0.1|create|201|t|",
        ),
        (
            "select verb, resource, name, manager from orchestrator.audit
              where writer = 'system:kedge:reconciler' and name = 'settings' and not dry_run",
            "patch|configmaps|settings|kedge",
        ),
        // Every view can be read, and no table.
        (
            "select count(*) from pg_class c join pg_namespace n on n.oid = relnamespace
              where nspname in ('orchestrator', 'reconciler')
                and relkind in ('v', 'r', 'p')
                and (relkind = 'v') <> has_table_privilege('kedge_readonly', c.oid, 'select')",
            "0",
        ),
    ] {
        let rows = read(query)?;
        ensure!(rows.trim() == expected, "{query}\n{rows}");
    }
    let commit = "select distinct commit from orchestrator.history where name = 'settings'";
    ensure!(read(commit)?.trim() == red, "{}", read(commit)?);
    Ok(())
}

/// What stands in blocks of SQL.
fn queries(documentation: &str) -> Vec<&str> {
    let blocks = documentation.split("```sql\n").skip(1);
    blocks
        .filter_map(|block| Some(block.split_once("```")?.0))
        .collect()
}
