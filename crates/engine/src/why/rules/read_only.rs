//! A process that writes where it may not.

use serde_json::Value;

use super::container::{Container, containers};
use crate::why::chain::{Cause, Step, Tone};
use crate::why::facts::{Facts, items};

pub(super) fn find(facts: &Facts) -> Option<Cause> {
    containers(&facts.object)
        .iter()
        .find_map(|it| of(facts, it))
}

fn of(facts: &Facts, container: &Container) -> Option<Cause> {
    let is_refused = |line: &str| {
        line.to_lowercase().contains("read-only file system") || line.contains("EROFS")
    };
    let line = container.said(facts, is_refused)?;
    let mut steps = vec![
        Step::new(
            Tone::Bad,
            "last lines of the log",
            "The process writes to a read-only file system",
        )
        .said(line),
    ];
    if let Some(mount) = mount(container, line) {
        let path = mount["mountPath"].as_str().unwrap_or_default();
        let heading = format!("{path} is mounted read-only");
        steps.push(Step::new(Tone::Warn, "pod", heading));
        let field = container.field(facts, &format!("volumeMounts[mountPath={path}].readOnly"));
        let advice = format!("Mount {path} writable, or have the process write elsewhere");
        return Some(Cause::of(steps).at(field).advice(advice));
    }
    if container.spec["securityContext"]["readOnlyRootFilesystem"] == true {
        let heading = format!(
            "Container {} has a read-only root file system",
            container.name
        );
        let step = Step::new(Tone::Warn, "pod", heading);
        steps.push(step.text(writable(container)));
        let field = container.field(facts, "securityContext.readOnlyRootFilesystem");
        let advice = "Mount an emptyDir where the process writes";
        return Some(Cause::of(steps).at(field).advice(advice));
    }
    let missing = "nothing in the pod makes a file system read-only: the image or the node does";
    Some(Cause::of(steps).missing(missing))
}

/// The read-only mount that a path in the line is in.
fn mount<'a>(container: &Container<'a>, line: &str) -> Option<&'a Value> {
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ':' | ',' | '(' | ')');
    let paths: Vec<&str> = line.split(ends).filter(|it| it.starts_with('/')).collect();
    let is_in = |path: &str, mount: &str| {
        path.strip_prefix(mount)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let mounts = items(&container.spec["volumeMounts"]);
    let mut of = mounts.filter(|mount| {
        let at = mount["mountPath"]
            .as_str()
            .unwrap_or("/")
            .trim_end_matches('/');
        paths.iter().any(|path| is_in(path, at))
    });
    of.find(|mount| mount["readOnly"] == true)
}

/// Where the container may write.
fn writable(container: &Container) -> String {
    let mounts = items(&container.spec["volumeMounts"]).filter(|it| it["readOnly"] != true);
    let paths: Vec<&str> = mounts.filter_map(|it| it["mountPath"].as_str()).collect();
    match paths.as_slice() {
        [] => "It may write nowhere.".into(),
        paths => format!("It may write to {} only.", paths.join(", ")),
    }
}
