//! Two processes that want one port.

use serde_json::Value;

use super::container::{Container, containers};
use crate::why::chain::{Cause, Step, Tone};
use crate::why::facts::{Facts, items};
use crate::why::text::names;

pub(super) fn find(facts: &Facts) -> Option<Cause> {
    let all = containers(&facts.object);
    all.iter().find_map(|it| of(facts, it, &all))
}

/// Whether a process says that it cannot listen: then what the others of its pod say tells more.
pub fn port_is_taken(line: &str) -> bool {
    line.to_lowercase().contains("address already in use") || line.contains("EADDRINUSE")
}

fn of(facts: &Facts, container: &Container, all: &[Container]) -> Option<Cause> {
    let line = container.said(facts, port_is_taken)?;
    let heading = "The process cannot listen: its port is taken";
    let mut steps = vec![Step::new(Tone::Bad, "last lines of the log", heading).said(line)];
    let Some(port) = port(line) else {
        return Some(Cause::of(steps).missing("the line does not say which port it wants"));
    };
    let others = || all.iter().filter(|it| it.name != container.name);
    let says = others().find_map(|it| Some((it, listens(facts, it, port)?)));
    let declares = |it: &&Container| ports(it).any(|declared| declared["containerPort"] == port);
    let declares = others().find(declares);
    if let Some((other, line)) = says {
        let heading = format!(
            "Container {} of the same pod listens on port {port}",
            other.name
        );
        let step = Step::new(
            Tone::Warn,
            format!("log of container {}", other.name),
            heading,
        );
        steps.push(step.text(SHARED).said(line));
    }
    let advice = |other: &Container| {
        let (one, other) = (container.name, other.name);
        format!("Give one of {one} and {other} another port")
    };
    if let Some(other) = declares {
        let heading = format!("Container {} of the same pod has port {port}", other.name);
        steps.push(Step::new(Tone::Warn, "pod", heading).text(SHARED));
        let path = format!("ports[containerPort={port},protocol=TCP].containerPort");
        let field = other.field(facts, &path);
        return Some(Cause::of(steps).at(field).advice(advice(other)));
    }
    if let Some((other, _)) = says {
        let missing = format!("no field of the pod says port {port}: the processes choose it");
        return Some(Cause::of(steps).advice(advice(other)).missing(missing));
    }
    if facts.object.body["spec"]["hostNetwork"] == true {
        let heading = format!("The pod is in the node's network, where port {port} is taken");
        steps.push(Step::new(Tone::Warn, "pod", heading));
        let field = facts.pod_field("spec.hostNetwork");
        let advice = "Have it a network of its own";
        return Some(Cause::of(steps).at(field).advice(advice));
    }
    let missing =
        format!("no other container of the pod declares port {port}: the process may start twice");
    Some(Cause::of(steps).missing(missing))
}

const SHARED: &str = "The containers of a pod share one network address.";

/// The port that a process says in this line that it has.
pub(super) fn listening(line: &str) -> Option<u16> {
    let lower = line.to_lowercase();
    let other = ["not listen", "upstream"]
        .iter()
        .any(|it| lower.contains(it));
    let is_it = lower.contains("listen") && !other && !port_is_taken(line);
    port(line).filter(|_| is_it)
}

/// The line in which a container says that it has the port.
fn listens<'a>(facts: &'a Facts, container: &Container, port: u16) -> Option<&'a str> {
    let log = facts.log(container.name)?;
    let says = |line: &&String| {
        let is_it = line.to_lowercase().contains("listen") && names(line, &port.to_string());
        is_it && !port_is_taken(line)
    };
    log.lines.iter().find(says).map(String::as_str)
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
