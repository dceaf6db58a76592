//! A probe that asks for what the container does not serve.

use serde_json::Value;

use super::container::{Container, containers};
use super::port_taken::listening;
use crate::why::chain::{Cause, Field, Step, Tone};
use crate::why::facts::{Facts, items, message};

const KINDS: [(&str, &str); 3] = [
    ("Startup", "startupProbe"),
    ("Readiness", "readinessProbe"),
    ("Liveness", "livenessProbe"),
];

pub(super) fn find(facts: &Facts) -> Option<Cause> {
    let all = containers(&facts.object);
    facts.warnings("Unhealthy").find_map(|event| {
        let said = message(event);
        let (_, field) = KINDS.iter().find(|(word, _)| said.starts_with(word))?;
        let path = event.text("/involvedObject/fieldPath");
        let container = all.iter().find(|it| {
            let meant = path.is_empty() || path.ends_with(&format!("{{{}}}", it.name));
            meant && it.spec[field].is_object() && it.status["ready"] != true
        })?;
        Some(of(facts, container, field, said))
    })
}

fn of(facts: &Facts, container: &Container, field: &str, said: &str) -> Cause {
    let probe = &container.spec[field];
    let (action, asked) = action(probe);
    let word = field.trim_end_matches("Probe");
    let fails = Step::new(
        Tone::Bad,
        "newest warning of the node",
        format!("Its {word} probe fails"),
    );
    let mut steps = vec![fails.text(said)];
    if let Some((step, advice)) = port(container, asked) {
        steps.push(step);
        let field = container.field(facts, &format!("{field}.{action}.port"));
        return Cause::of(steps).at(field).advice(advice);
    }
    let code = said
        .rsplit("statuscode: ")
        .next()
        .and_then(|it| it.trim().parse::<u16>().ok());
    if let (Some(code), "httpGet") = (code, action) {
        let path = asked["path"].as_str().unwrap_or("/");
        let heading = format!("{path} is answered with {code}");
        let step = Step::new(Tone::Warn, "probe", heading);
        if code == 404 || code == 405 {
            steps.push(step.text("The process listens and does not serve this path."));
            let field = container.field(facts, &format!("{field}.httpGet.path"));
            return Cause::of(steps)
                .at(field)
                .advice("Ask for a path that the process serves");
        }
        steps.push(step.text("The process listens, and says itself that it is not well."));
        return Cause::of(steps).missing("only the process's log says why it answers so");
    }
    let asks = (&*format!("{field}.{action}"), asked);
    if is_refused(said)
        && let Some((step, at, advice)) = listens_elsewhere(facts, container, asks)
    {
        steps.push(step);
        return Cause::of(steps).at(at).advice(advice);
    }
    Cause::of(steps).missing(format!(
        "the probe asks for what container {} declares: only its log says why it does not answer",
        container.name
    ))
}

/// What a node says of an address at which nobody listens.
const REFUSED: &str = "connection refused";

fn is_refused(said: &str) -> bool {
    said.to_lowercase().contains(REFUSED)
}

/// Whether nobody listens where a probe asks: then what the process says of its port tells more.
pub fn asks_in_vain(facts: &Facts) -> bool {
    let mut said = facts.warnings("Unhealthy").map(message);
    said.any(is_refused)
}

/// The number of the port that is asked.
fn number(container: &Container, asked: &Value) -> Option<u16> {
    let port = match &asked["port"] {
        Value::String(name) => {
            let mut declared = items(&container.spec["ports"]);
            &declared.find(|it| it["name"] == **name)?["containerPort"]
        }
        number => number,
    };
    u16::try_from(port.as_u64()?).ok()
}

/// That the process says that it has another port than the one that is asked, and the field that says
/// that one: the probe's, or the declaration that the probe names.
fn listens_elsewhere(
    facts: &Facts,
    container: &Container,
    (probe, asked): (&str, &Value),
) -> Option<(Step, Field, String)> {
    let wanted = number(container, asked)?;
    let lines = &facts.log(container.name)?.lines;
    let says = |line: &String| Some((listening(line)?, line.clone()));
    let all: Vec<(u16, String)> = lines.iter().filter_map(says).collect();
    if all.iter().any(|(port, _)| *port == wanted) {
        return None;
    }
    let (port, line) = all.last()?;
    let heading = format!("The process listens on port {port}, and port {wanted} is asked");
    let source = format!("log of container {}", container.name);
    let step = Step::new(Tone::Warn, source, heading).said(line);
    let path = if asked["port"].is_string() {
        format!("ports[containerPort={wanted},protocol=TCP].containerPort")
    } else {
        format!("{probe}.port")
    };
    let advice = format!("Say {port} here, or have the process listen on {wanted}");
    Some((step, container.field(facts, &path), advice))
}

/// How a probe asks, and what for.
fn action(probe: &Value) -> (&'static str, &Value) {
    ["httpGet", "tcpSocket", "grpc"]
        .into_iter()
        .find(|action| probe[action].is_object())
        .map_or(("exec", &probe["exec"]), |action| (action, &probe[action]))
}

/// That the port is none of the container's, where it declares any.
fn port(container: &Container, asked: &Value) -> Option<(Step, String)> {
    let declared = || items(&container.spec["ports"]);
    let name = container.name;
    let wanted = match &asked["port"] {
        Value::String(wanted) if declared().any(|it| it["name"] == **wanted) => return None,
        Value::String(wanted) => wanted.clone(),
        Value::Number(wanted) if declared().any(|it| it["containerPort"] == asked["port"]) => {
            let _ = wanted;
            return None;
        }
        // A port need not be declared: that none is proves nothing.
        Value::Number(_) if declared().next().is_none() => return None,
        Value::Number(wanted) => wanted.to_string(),
        _ => return None,
    };
    let ports: Vec<String> = declared()
        .map(|it| match it["name"].as_str() {
            Some(name) => format!("{} ({name})", it["containerPort"]),
            None => it["containerPort"].to_string(),
        })
        .collect();
    let text = match ports.as_slice() {
        [] => "It declares no port at all.".to_owned(),
        ports => format!("It declares {}.", ports.join(", ")),
    };
    let heading = format!("The probe asks port {wanted}, which container {name} does not declare");
    let advice = match ports.as_slice() {
        [only] => format!("Ask port {}", only.split(' ').next().unwrap_or(only)),
        _ => "Ask a port that the container listens on".to_owned(),
    };
    Some((Step::new(Tone::Warn, "pod", heading).text(text), advice))
}
