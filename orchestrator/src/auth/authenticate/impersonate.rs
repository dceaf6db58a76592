//! Acting as somebody else: the `Impersonate-*` headers, each of which needs a permission.

use http::HeaderMap;

use api::Status;

use crate::auth::rbac::{Attributes, Authorize};
use crate::auth::{ANONYMOUS, AUTHENTICATED, Identity, UNAUTHENTICATED, parse_service_account};

const USER: &str = "impersonate-user";
const GROUP: &str = "impersonate-group";
const UID: &str = "impersonate-uid";
const EXTRA: &str = "impersonate-extra-";

/// The identity that the headers ask for, or `identity` itself where they ask for none.
pub fn impersonate(
    identity: Identity,
    headers: &HeaderMap,
    authorizer: &dyn Authorize,
) -> Result<Identity, Status> {
    let Some(wanted) = wanted(headers)? else {
        return Ok(identity);
    };
    for attributes in permissions(&wanted) {
        authorizer.require(&identity, &attributes)?;
    }
    Ok(complete(wanted))
}

/// What the headers say, as they say it.
fn wanted(headers: &HeaderMap) -> Result<Option<Identity>, Status> {
    let mut wanted = Identity::default();
    for (header, value) in headers {
        let header = header.as_str();
        if !header.starts_with("impersonate-") {
            continue;
        }
        let unreadable = |_| Status::bad_request(format!("header {header} is not text"));
        let value = std::str::from_utf8(value.as_bytes())
            .map_err(unreadable)?
            .to_owned();
        match header {
            USER => wanted.name = value,
            GROUP => wanted.groups.push(value),
            UID => wanted.uid = value,
            _ => {
                if let Some(key) = header.strip_prefix(EXTRA) {
                    wanted.extra.entry(unescape(key)).or_default().push(value);
                }
            }
        }
    }
    let asks = !(wanted.groups.is_empty() && wanted.uid.is_empty() && wanted.extra.is_empty());
    if wanted.name.is_empty() && asks {
        return Err(Status::bad_request(
            "requested groups, uid or extra without impersonating a user",
        ));
    }
    Ok((!wanted.name.is_empty()).then_some(wanted))
}

/// One permission for each thing taken on.
fn permissions(wanted: &Identity) -> Vec<Attributes> {
    const AUTHENTICATION: &str = "authentication.k8s.io";
    let of = |group: &str, resource: &str, name: &str| {
        Attributes::resource("impersonate", group, resource).named(name)
    };
    let mut needed = vec![match parse_service_account(&wanted.name) {
        Some((namespace, name)) => of("", "serviceaccounts", name).in_namespace(namespace),
        None => of("", "users", &wanted.name),
    }];
    needed.extend(wanted.groups.iter().map(|group| of("", "groups", group)));
    if !wanted.uid.is_empty() {
        needed.push(of(AUTHENTICATION, "uids", &wanted.uid));
    }
    for (key, values) in &wanted.extra {
        let extra = |value: &String| of(AUTHENTICATION, "userextras", value).subresource(key);
        needed.extend(values.iter().map(extra));
    }
    needed
}

/// Adds the groups that go with being that user.
fn complete(mut wanted: Identity) -> Identity {
    if let Some((namespace, name)) = parse_service_account(&wanted.name)
        && wanted.groups.is_empty()
    {
        wanted.groups = Identity::service_account(namespace, name).groups;
    }
    let group = if wanted.name == ANONYMOUS {
        UNAUTHENTICATED
    } else {
        AUTHENTICATED
    };
    if !wanted.is_in(AUTHENTICATED) && !wanted.is_in(UNAUTHENTICATED) {
        wanted.groups.push(group.to_owned());
    }
    wanted
}

/// `%2F` and the like: keys of extra hold characters that header names cannot.
fn unescape(key: &str) -> String {
    let bytes = key.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let escaped = (bytes[index] == b'%')
            .then(|| key.get(index + 1..index + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        plain.push(escaped.unwrap_or(bytes[index]));
        index += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8(plain).unwrap_or_else(|_| key.to_owned())
}
