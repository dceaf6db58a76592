//! What a request addresses: the path and method of the Kubernetes API, read once.

use std::sync::Arc;

use http::Method;

use api::{ObjectKey, Resource};

use crate::registry::kinds::{Kind, Served};

/// A request below `/api/v1` or `/apis/GROUP/VERSION`.
#[derive(Debug, Clone)]
pub(crate) struct ResourceRequest {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`: what
    /// permissions are about.
    pub(crate) verb: &'static str,
    pub(crate) resource: Arc<Resource>,
    /// What is stored; reviews, bindings and what is measured are not.
    pub(crate) kind: Option<Arc<Kind>>,
    /// Empty for cluster-scoped requests and lists over all namespaces.
    pub(crate) namespace: String,
    /// Empty for requests on the collection.
    pub(crate) name: String,
    /// Empty for the object itself.
    pub(crate) subresource: String,
}

impl ResourceRequest {
    pub(crate) fn key(&self) -> ObjectKey {
        self.resource.collection().key(&self.namespace, &self.name)
    }
}

/// What is wrong with a path or method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nothing is served under this path.
    NotFound,
    /// The resource is there and does not take this method.
    MethodNotAllowed,
}

/// Reads method, path and query, where these kinds are served.
pub(crate) fn parse(
    served: &Served,
    method: &Method,
    path: &str,
    query: &Query,
) -> Result<ResourceRequest, Refusal> {
    let segments: Vec<String> = path
        .split('/')
        .skip(1)
        .map(decode_segment)
        .collect::<Option<_>>()
        .ok_or(Refusal::NotFound)?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (group, version, rest) = match segments.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return Err(Refusal::NotFound),
    };
    // The old form `/api/v1/watch/…` is not served.
    let (namespace, rest) = match rest {
        ["namespaces", namespace, rest @ ..] if is_namespaced_path(group, version, rest) => {
            (*namespace, rest)
        }
        rest => ("", rest),
    };
    let (plural, name, subresource) = match rest {
        [plural] => (*plural, "", ""),
        [plural, name] => (*plural, *name, ""),
        [plural, name, subresource] => (*plural, *name, *subresource),
        _ => return Err(Refusal::NotFound),
    };
    let found = served.by_path(group, version, plural);
    let (resource, kind) = found.ok_or(Refusal::NotFound)?;
    let namespace_fits = match (resource.is_namespaced(), namespace.is_empty()) {
        (true, true) => name.is_empty(),
        (true, false) | (false, true) => true,
        (false, false) => false,
    };
    if !namespace_fits {
        return Err(Refusal::NotFound);
    }
    let verb = verb(method, &resource, name, subresource, query)?;
    Ok(ResourceRequest {
        verb,
        resource,
        kind,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        subresource: subresource.to_owned(),
    })
}

/// `/api/v1/namespaces/x/pods` is in a namespace; `/api/v1/namespaces/x` and
/// `/api/v1/namespaces/x/status` are about the namespace itself.
fn is_namespaced_path(group: &str, version: &str, rest: &[&str]) -> bool {
    let own_subresource =
        group.is_empty() && version == "v1" && matches!(rest, ["status" | "finalize"]);
    !rest.is_empty() && !own_subresource
}

fn verb(
    method: &Method,
    resource: &Resource,
    name: &str,
    subresource: &str,
    query: &Query,
) -> Result<&'static str, Refusal> {
    let on_collection = name.is_empty();
    let verb = match (method.as_str(), on_collection) {
        ("GET" | "HEAD", true) if query.flag("watch") => "watch",
        ("GET" | "HEAD", true) => "list",
        ("GET" | "HEAD", false) => "get",
        ("POST", _) => "create",
        ("PUT", false) => "update",
        ("PATCH", false) => "patch",
        ("DELETE", false) => "delete",
        ("DELETE", true) => "deletecollection",
        _ => return Err(Refusal::MethodNotAllowed),
    };
    let verbs = if subresource.is_empty() {
        if verb == "create" && !on_collection {
            return Err(Refusal::MethodNotAllowed);
        }
        &resource.verbs
    } else {
        let found = resource
            .subresources
            .iter()
            .find(|candidate| candidate.name == subresource);
        &found.ok_or(Refusal::NotFound)?.verbs
    };
    if verbs.iter().any(|allowed| allowed == verb) {
        Ok(verb)
    } else {
        Err(Refusal::MethodNotAllowed)
    }
}

fn decode_segment(segment: &str) -> Option<String> {
    let decoded = percent_decode(segment)?;
    // Names are path segments: what would climb or split the path is nobody's name.
    let is_name =
        decoded != "." && decoded != ".." && !decoded.contains('/') && !decoded.contains('%');
    is_name.then_some(decoded)
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// The query string, decoded once. Repeated keys keep their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    pub(crate) fn parse(query: Option<&str>) -> Self {
        let pairs = query
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty())
            .filter_map(|pair| {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                let decode = |text: &str| percent_decode(&text.replace('+', " "));
                Some((decode(key)?, decode(value)?))
            })
            .collect();
        Self { pairs }
    }

    /// The first value of a key; empty values count as absent.
    pub(crate) fn value(&self, key: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(candidate, _)| candidate == key)
            .map(|(_, value)| value.as_str())
            .filter(|v| !v.is_empty())
    }

    /// All values of a repeated key.
    pub(crate) fn values<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs
            .iter()
            .filter(move |(candidate, _)| candidate == key)
            .map(|(_, value)| value.as_str())
    }

    /// `true` or `1`; a key without a value counts as set, as in Go's clients.
    pub(crate) fn flag(&self, key: &str) -> bool {
        self.pairs
            .iter()
            .any(|(candidate, value)| candidate == key && !matches!(value.as_str(), "false" | "0"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: &Method, path: &str, query: &str, expected: &str) {
        let seen = match parse(Served::built_in(), method, path, &Query::parse(Some(query))) {
            Ok(request) => format!(
                "{} {} ns={} name={} sub={}",
                request.verb,
                request.resource.collection(),
                request.namespace,
                request.name,
                request.subresource
            ),
            Err(refusal) => format!("{refusal:?}"),
        };
        assert_eq!(seen, expected, "{method} {path}?{query}");
    }

    #[test]
    fn reads_what_a_request_addresses() {
        check(&Method::GET, "/api/v1/pods", "", "list pods ns= name= sub=");
        check(
            &Method::GET,
            "/api/v1/pods",
            "watch=true",
            "watch pods ns= name= sub=",
        );
        check(
            &Method::GET,
            "/api/v1/pods",
            "watch=0",
            "list pods ns= name= sub=",
        );
        check(
            &Method::POST,
            "/api/v1/namespaces/a/pods",
            "",
            "create pods ns=a name= sub=",
        );
        check(
            &Method::GET,
            "/api/v1/namespaces/a/pods/web-0/log",
            "",
            "get pods ns=a name=web-0 sub=log",
        );
        check(
            &Method::GET,
            "/api/v1/namespaces/a",
            "",
            "get namespaces ns= name=a sub=",
        );
        check(
            &Method::PUT,
            "/api/v1/namespaces/a/finalize",
            "",
            "update namespaces ns= name=a sub=finalize",
        );
        check(
            &Method::PATCH,
            "/apis/apps/v1/namespaces/a/deployments/web/scale",
            "",
            "patch deployments.apps ns=a name=web sub=scale",
        );
        check(
            &Method::DELETE,
            "/apis/apps/v1/namespaces/a/deployments",
            "",
            "deletecollection deployments.apps ns=a name= sub=",
        );
        check(
            &Method::GET,
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode",
            "",
            "get clusterroles.rbac.authorization.k8s.io ns= name=system:node sub=",
        );
    }

    #[test]
    fn refuses_what_is_not_there() {
        for path in [
            "/api/v1",
            "/api/v2/pods",
            "/apis/apps/v1/widgets",
            "/api/v1/pods/web-0",
            "/api/v1/namespaces/a/nodes",
            "/api/v1/namespaces/a/pods/..%2Fx",
        ] {
            check(&Method::GET, path, "", "NotFound");
        }
        check(
            &Method::PUT,
            "/api/v1/namespaces/a/pods",
            "",
            "MethodNotAllowed",
        );
        check(
            &Method::POST,
            "/api/v1/namespaces/a/pods/web",
            "",
            "MethodNotAllowed",
        );
        check(
            &Method::GET,
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            "",
            "MethodNotAllowed",
        );
    }

    #[test]
    fn queries_decode_and_repeat() {
        let query = Query::parse(Some(
            "command=sh&command=-c&labelSelector=a%3Db%2Cc&follow&x=a+b",
        ));
        assert_eq!(query.values("command").collect::<Vec<_>>(), ["sh", "-c"]);
        assert_eq!(query.value("labelSelector"), Some("a=b,c"));
        assert!(query.flag("follow") && !query.flag("watch"));
        assert_eq!(query.value("x"), Some("a b"));
    }
}
