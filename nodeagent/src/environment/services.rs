//! The variables that name the services of a pod's namespace.

use std::sync::Arc;

use api::Object;
use api::k8s::core::v1 as core;

use crate::pods::spec;

/// `WEB_SERVICE_HOST` and its kin, for services in the pod's namespace, and always for
/// `kubernetes` in `default`. Services without a cluster address have none.
pub(crate) fn service_variables(
    pod: &core::Pod,
    services: &[Arc<Object>],
) -> Vec<(String, String)> {
    let links = pod.spec.as_ref().and_then(|spec| spec.enable_service_links);
    let namespace = spec::namespace(pod);
    let mut result = Vec::new();
    for service in services {
        let is_master = service.namespace() == "default" && service.name() == "kubernetes";
        let is_linked = links.unwrap_or(true) && service.namespace() == namespace;
        let address = service.text("/spec/clusterIP");
        if (is_master || is_linked) && !address.is_empty() && address != "None" {
            variables(service, address, &mut result);
        }
    }
    result
}

fn variables(service: &Object, address: &str, result: &mut Vec<(String, String)>) {
    let name = service.name().to_ascii_uppercase().replace('-', "_");
    let ports = service
        .pointer("/spec/ports")
        .and_then(|ports| ports.as_array());
    let ports = ports.map(Vec::as_slice).unwrap_or_default();
    result.push((format!("{name}_SERVICE_HOST"), address.to_owned()));
    for (index, port) in ports.iter().enumerate() {
        let number = port["port"].as_i64().unwrap_or(0);
        let protocol = port["protocol"].as_str().unwrap_or("TCP");
        let lower = protocol.to_ascii_lowercase();
        let url = format!("{lower}://{address}:{number}");
        if index == 0 {
            result.push((format!("{name}_SERVICE_PORT"), number.to_string()));
            result.push((format!("{name}_PORT"), url.clone()));
        }
        if let Some(port_name) = port["name"].as_str().filter(|name| !name.is_empty()) {
            let port_name = port_name.to_ascii_uppercase().replace('-', "_");
            result.push((
                format!("{name}_SERVICE_PORT_{port_name}"),
                number.to_string(),
            ));
        }
        let prefix = format!("{name}_PORT_{number}_{protocol}");
        result.push((prefix.clone(), url));
        result.push((format!("{prefix}_PROTO"), lower));
        result.push((format!("{prefix}_PORT"), number.to_string()));
        result.push((format!("{prefix}_ADDR"), address.to_owned()));
    }
}
