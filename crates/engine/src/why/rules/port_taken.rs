//! Two processes that want one port.

use serde_json::Value;

use super::container::{Container, containers};
use crate::why::chain::{Cause, Step, Tone};
use crate::why::facts::{Facts, items};

pub(super) fn find(facts: &Facts) -> Option<Cause> {
    let all = containers(&facts.object);
    all.iter().find_map(|it| of(facts, it, &all))
}

fn of(facts: &Facts, container: &Container, all: &[Container]) -> Option<Cause> {
    let is_taken = |line: &str| {
        line.to_lowercase().contains("address already in use") || line.contains("EADDRINUSE")
    };
    let line = container.said(facts, is_taken)?;
    let mut steps = vec![
        Step::new(
            Tone::Bad,
            "last lines of the log",
            "The process cannot listen: its port is taken",
        )
        .said(line),
    ];
    let Some(port) = port(line) else {
        return Some(Cause::of(steps).missing("the line does not say which port it wants"));
    };
    let declares = |it: &&Container| {
        it.name != container.name && ports(it).any(|declared| declared["containerPort"] == port)
    };
    if let Some(other) = all.iter().find(declares) {
        let heading = format!("Container {} of the same pod has port {port}", other.name);
        let step = Step::new(Tone::Warn, "pod", heading);
        steps.push(step.text("The containers of a pod share one network address."));
        let field = other.field(
            facts,
            &format!("ports[containerPort={port},protocol=TCP].containerPort"),
        );
        let advice = format!(
            "Give one of {} and {} another port",
            container.name, other.name
        );
        return Some(Cause::of(steps).at(field).advice(advice));
    }
    if facts.object.body["spec"]["hostNetwork"] == true {
        let heading = format!("The pod is in the node's network, where port {port} is taken");
        steps.push(Step::new(Tone::Warn, "pod", heading));
        let field = facts.pod_field("spec.hostNetwork");
        return Some(
            Cause::of(steps)
                .at(field)
                .advice("Have it a network of its own"),
        );
    }
    let missing =
        format!("no other container of the pod declares port {port}: the process may start twice");
    Some(Cause::of(steps).missing(missing))
}

fn ports<'a>(container: &Container<'a>) -> impl Iterator<Item = &'a Value> + use<'a> {
    items(&container.spec["ports"])
}

/// The last number behind a colon, or behind the word port.
fn port(line: &str) -> Option<u16> {
    let digits = |rest: &str| -> Option<u16> {
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        rest[..end].parse().ok().filter(|port| *port > 0)
    };
    let after = |mark: &str| {
        let found = line
            .match_indices(mark)
            .map(|(at, _)| &line[at + mark.len()..]);
        found.filter_map(digits).last()
    };
    after("port ").or_else(|| after(":"))
}

#[test]
fn the_port_is_in_the_line() {
    for (line, expected) in [
        ("listen tcp :8080: bind: address already in use", Some(8080)),
        (
            "Error: listen EADDRINUSE: address already in use 0.0.0.0:3000",
            Some(3000),
        ),
        (
            "bind() to [::]:80 failed (98: Address already in use)",
            Some(80),
        ),
        (
            "port 9090 is taken: Address already in use (os error 98)",
            Some(9090),
        ),
        ("Address already in use (os error 98)", None),
    ] {
        assert_eq!(port(line), expected, "{line}");
    }
}
