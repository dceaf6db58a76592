//! "May I?", "may they?", "what may I do here?"

use serde_json::{Value, json};

use api::selector::FieldSelector;
use api::{Cause, Object, Status};

use crate::auth::Identity;
use crate::auth::rbac::{Attributes, Authorize, Decision, Rule};

const GROUP: &str = "authorization.k8s.io";

/// `kubectl auth can-i`
pub fn self_subject_access_review(
    request: &Object,
    identity: &Identity,
    authorizer: &dyn Authorize,
) -> Result<Object, Status> {
    let attributes = attributes(request)?;
    Ok(answer(
        request,
        &authorizer.authorize(identity, &attributes),
    ))
}

pub fn subject_access_review(
    request: &Object,
    authorizer: &dyn Authorize,
) -> Result<Object, Status> {
    let (identity, attributes) = (subject(request)?, attributes(request)?);
    Ok(answer(
        request,
        &authorizer.authorize(&identity, &attributes),
    ))
}

/// The same for one namespace, `namespace`, which the request must be about.
pub fn local_subject_access_review(
    request: &Object,
    namespace: &str,
    authorizer: &dyn Authorize,
) -> Result<Object, Status> {
    let (identity, attributes) = (subject(request)?, attributes(request)?);
    if !attributes.is_resource() {
        let field = "spec.nonResourceAttributes";
        let cause = Cause::forbidden(field, "disallowed on this kind of request");
        return Err(invalid(request, cause));
    }
    if attributes.namespace != namespace {
        let cause = Cause::invalid(
            "spec.resourceAttributes.namespace",
            &json!(attributes.namespace),
            "must match metadata.namespace",
        );
        return Err(invalid(request, cause));
    }
    Ok(answer(
        request,
        &authorizer.authorize(&identity, &attributes),
    ))
}

/// `kubectl auth can-i --list`
pub fn self_subject_rules_review(
    request: &Object,
    identity: &Identity,
    authorizer: &dyn Authorize,
) -> Result<Object, Status> {
    let namespace = request.text("/spec/namespace");
    if namespace.is_empty() {
        return Err(Status::bad_request("no namespace on request"));
    }
    let rules = authorizer.rules(identity, namespace);
    let (paths, resources): (Vec<&Rule>, Vec<&Rule>) = rules
        .iter()
        .partition(|rule| !rule.non_resource_urls.is_empty());
    let mut response = request.clone();
    response.body["status"] = json!({
        "resourceRules": resources,
        "nonResourceRules": paths,
        "incomplete": false,
    });
    Ok(response)
}

fn answer(request: &Object, decision: &Decision) -> Object {
    let mut status = json!({"allowed": decision.is_allowed()});
    if !decision.reason().is_empty() {
        status["reason"] = json!(decision.reason());
    }
    let mut response = request.clone();
    response.body["status"] = status;
    response
}

/// The user that a review is about.
fn subject(request: &Object) -> Result<Identity, Status> {
    let spec = &request.body["spec"];
    let strings = |value: &Value| -> Vec<String> {
        let list = value.as_array().into_iter().flatten();
        list.filter_map(Value::as_str)
            .map(ToOwned::to_owned)
            .collect()
    };
    let identity = Identity {
        name: request.text("/spec/user").to_owned(),
        uid: request.text("/spec/uid").to_owned(),
        groups: strings(&spec["groups"]),
        extra: spec["extra"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, values)| (key.clone(), strings(values)))
            .collect(),
    };
    if identity.name.is_empty() && identity.groups.is_empty() {
        let rule = "at least one of user or group must be specified";
        return Err(invalid(
            request,
            Cause::invalid("spec.user", &json!(""), rule),
        ));
    }
    Ok(identity)
}

/// What a review is about.
fn attributes(request: &Object) -> Result<Attributes, Status> {
    let spec = &request.body["spec"];
    let (resource, path) = (&spec["resourceAttributes"], &spec["nonResourceAttributes"]);
    let text = |value: &Value, field: &str| value[field].as_str().unwrap_or_default().to_owned();
    match (resource.is_object(), path.is_object()) {
        (true, false) => Ok(Attributes {
            verb: text(resource, "verb"),
            group: text(resource, "group"),
            version: text(resource, "version"),
            resource: text(resource, "resource"),
            subresource: text(resource, "subresource"),
            namespace: text(resource, "namespace"),
            name: text(resource, "name"),
            fields: fields(&resource["fieldSelector"]),
            path: String::new(),
        }),
        (false, true) => {
            let wanted = text(path, "path");
            // An empty path is that of no resource, too.
            let wanted = if wanted.is_empty() { "/" } else { &wanted };
            Ok(Attributes::path(&text(path, "verb"), wanted))
        }
        (true, true) => Err(invalid(
            request,
            Cause::invalid(
                "spec.nonResourceAttributes",
                path,
                "cannot be specified in combination with resourceAttributes",
            ),
        )),
        (false, false) => Err(invalid(
            request,
            Cause::invalid(
                "spec.resourceAttributes",
                resource,
                "exactly one of nonResourceAttributes or resourceAttributes must be specified",
            ),
        )),
    }
}

/// The selector that narrows a list; one that cannot be read narrows nothing.
fn fields(selector: &Value) -> FieldSelector {
    if let Some(raw) = selector["rawSelector"].as_str() {
        return FieldSelector::parse(raw).unwrap_or_default();
    }
    let mut all = FieldSelector::default();
    for requirement in selector["requirements"].as_array().into_iter().flatten() {
        let values = requirement["values"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        let key = requirement["key"].as_str().unwrap_or_default();
        if let (Some("In"), [value]) = (requirement["operator"].as_str(), values) {
            let value = value.as_str().unwrap_or_default();
            all.terms.extend(FieldSelector::equals(key, value).terms);
        }
    }
    all
}

fn invalid(request: &Object, cause: Cause) -> Status {
    Status::invalid(GROUP, request.kind(), request.name(), vec![cause])
}
