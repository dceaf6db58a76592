//! Probes and lifecycle hooks: one handler each.

use super::super::field::{Causes, Field};

pub(super) fn validate(causes: &mut Causes, container: &Field) {
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let probe = container.get(name);
        if !probe.is_set() {
            continue;
        }
        handler(causes, &probe, &["exec", "httpGet", "tcpSocket", "grpc"]);
        for field in [
            "initialDelaySeconds",
            "timeoutSeconds",
            "periodSeconds",
            "successThreshold",
            "failureThreshold",
        ] {
            causes.at_least(&probe.get(field), 0);
        }
        let grace = probe.get("terminationGracePeriodSeconds");
        causes.at_least(&grace, 1);
        let successes = probe.get("successThreshold");
        if name == "readinessProbe" {
            if grace.is_set() {
                causes.invalid(&grace, "must not be set for readinessProbes");
            }
        } else if successes.number().is_some_and(|count| count > 1) {
            causes.invalid(&successes, "must be 1");
        }
    }
    for name in ["postStart", "preStop"] {
        let hook = container.get("lifecycle").get(name);
        if hook.is_set() {
            handler(causes, &hook, &["exec", "httpGet", "tcpSocket", "sleep"]);
        }
    }
}

fn handler(causes: &mut Causes, holder: &Field, kinds: &[&str]) {
    let set: Vec<Field> = kinds
        .iter()
        .map(|kind| holder.get(kind))
        .filter(Field::is_set)
        .collect();
    if set.is_empty() {
        causes.required(holder, "must specify a handler type");
    }
    for extra in set.iter().skip(1) {
        causes.forbidden(extra, "may not specify more than 1 handler type");
    }
    let exec = holder.get("exec");
    if exec.is_set() {
        causes.require(&exec.get("command"), "");
    }
    let http = holder.get("httpGet");
    if http.is_set() {
        causes.require(&http.get("path"), "");
        causes.port(&http.get("port"));
        causes.one_of(&http.get("scheme"), &["HTTP", "HTTPS"]);
        for header in http.get("httpHeaders").items() {
            let name = header.get("name");
            causes.rules(&name, api::name::http_header_name(name.text()));
        }
    }
    let tcp = holder.get("tcpSocket");
    if tcp.is_set() {
        causes.port(&tcp.get("port"));
    }
    let grpc = holder.get("grpc");
    if grpc.is_set() {
        let port = grpc.get("port");
        causes.rules(
            &port,
            api::name::port_number(port.number().unwrap_or_default()),
        );
    }
    let sleep = holder.get("sleep");
    if sleep.is_set() {
        causes.at_least(&sleep.get("seconds"), 0);
    }
}
