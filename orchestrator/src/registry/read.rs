//! GET and LIST: from the cache, at a revision the client may have named.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use api::selector::{FieldSelector, LabelSelector};
use api::{Cause, Reason, ResourceVersion, Revision, Status};

use crate::watch::{FieldGetter, Filter, Item};

use super::Registry;
use super::commit::status;
use super::kinds::{Kind, Served};

/// Which objects of a kind, checked to be askable.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    pub labels: LabelSelector,
    pub fields: FieldSelector,
}

impl Selection {
    /// # Errors
    /// 400 for a field the kind cannot be selected by.
    pub fn new(kind: &Kind, labels: LabelSelector, fields: FieldSelector) -> Result<Self, Status> {
        let blank = api::Object::default();
        for term in &fields.terms {
            if kind.field(&blank, &term.field).is_none() {
                let message = format!("field label not supported: {}", term.field);
                return Err(Status::bad_request(message));
            }
        }
        Ok(Self { labels, fields })
    }

    pub(crate) fn filter(&self, namespace: &str) -> Filter {
        Filter {
            namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
            labels: self.labels.clone(),
            fields: self.fields.clone(),
        }
    }
}

/// Reads selectable fields for the hub, whatever the kind.
pub fn field_getter() -> FieldGetter {
    Arc::new(|object, field| {
        let built_in = Served::built_in().by_kind(&object.gvk());
        let read = built_in.map(|kind| kind.field(object, field));
        // Of custom kinds, which fields can be selected is checked before: they are what they say.
        read.unwrap_or_else(|| at_path(object, field))
            .unwrap_or_default()
    })
}

/// The value at a path such as `spec.color`.
fn at_path(object: &api::Object, path: &str) -> Option<String> {
    let start = &object.body;
    let found = path.split('.').try_fold(start, |at, name| at.get(name))?;
    Some(match found.as_str() {
        Some(text) => text.to_owned(),
        None => found.to_string(),
    })
}

/// A list as a client asks for it.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    /// All namespaces where empty.
    pub namespace: String,
    pub selection: Selection,
    /// 0: everything.
    pub limit: usize,
    pub continue_token: String,
    pub resource_version: String,
    pub resource_version_match: String,
}

/// Some of a list.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub items: Vec<Arc<Item>>,
    pub revision: Revision,
    /// Empty on the last page.
    pub continue_token: String,
    /// How many come after this page; unknown where a selector filters.
    pub remaining: Option<usize>,
}

/// Where a list goes on. The client carries it and must not look inside.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Token {
    v: String,
    /// -1: at whatever revision is the newest then.
    rv: i64,
    /// The key after which the page begins: `namespace/name`.
    start: String,
}

impl Registry {
    /// Waits until the cache is as new as the client demands: nothing named means newest.
    pub async fn catch_up(&self, kind: &Kind, resource_version: &str) -> Result<(), Status> {
        let collection = kind.resource.collection();
        match resource_version {
            "" => self.refresh(&collection).await.map(|_| ()),
            "0" => Ok(()),
            version => self.seen(&collection, revision(version)?).await,
        }
    }

    /// Everything the selection matches, now.
    pub fn matching(&self, kind: &Kind, namespace: &str, selection: &Selection) -> Vec<Arc<Item>> {
        self.hub
            .list(&kind.resource.collection(), &selection.filter(namespace))
            .items
    }

    /// One page of a list.
    ///
    /// # Errors
    /// 410 for a continue token whose revision is no longer kept, with a token that goes on at
    /// the newest; 422 for contradictory parameters.
    pub async fn page(&self, kind: &Kind, request: &PageRequest) -> Result<Page, Status> {
        check(request)?;
        let token = (!request.continue_token.is_empty())
            .then(|| decode(&request.continue_token))
            .transpose()?;
        let (items, revision) = self.listing(kind, request, token.as_ref()).await?;
        let start = token.map(|token| token.start).unwrap_or_default();
        let rest: Vec<Arc<Item>> = items
            .into_iter()
            .filter(|item| start.is_empty() || place(item) > start)
            .collect();
        let is_last = request.limit == 0 || rest.len() <= request.limit;
        if is_last {
            return Ok(Page {
                items: rest,
                revision,
                ..Page::default()
            });
        }
        let unfiltered = request.selection.labels.is_empty() && request.selection.fields.is_empty();
        let remaining = unfiltered.then(|| rest.len() - request.limit);
        let items: Vec<Arc<Item>> = rest.into_iter().take(request.limit).collect();
        let start = items.last().map(|item| place(item)).unwrap_or_default();
        let continue_token = encode(&Token {
            v: TOKEN_VERSION.into(),
            rv: revision.0,
            start,
        });
        Ok(Page {
            items,
            revision,
            continue_token,
            remaining,
        })
    }

    /// The whole list the page is cut from: from the cache where its revision will do, out of
    /// the log where the client insists on an older one.
    async fn listing(
        &self,
        kind: &Kind,
        request: &PageRequest,
        token: Option<&Token>,
    ) -> Result<(Vec<Arc<Item>>, Revision), Status> {
        let collection = kind.resource.collection();
        let filter = request.selection.filter(&request.namespace);
        let exact = match token {
            Some(token) if token.rv >= 0 => Some(Revision(token.rv)),
            None if wants_exact(request) => Some(revision(&request.resource_version)?),
            Some(_) | None => None,
        };
        match exact {
            // A revision that is still to come has no list yet.
            Some(exact) => self.seen(&collection, exact).await?,
            None if token.is_none() => self.catch_up(kind, &request.resource_version).await?,
            None => {}
        }
        let listing = self.hub.list(&collection, &filter);
        match exact {
            Some(exact) if exact != listing.revision => {
                let old = self
                    .stores
                    .of(&collection)
                    .at(Some(&collection), exact)
                    .await;
                let old = old.map_err(|error| expired(&status(&error), token))?;
                let items = old
                    .items
                    .iter()
                    .map(|stored| Arc::new(Item::from_stored(stored)));
                let getter = field_getter();
                Ok((
                    items.filter(|item| filter.matches(item, &getter)).collect(),
                    exact,
                ))
            }
            _ => Ok((listing.items, listing.revision)),
        }
    }
}

const TOKEN_VERSION: &str = "meta.k8s.io/v1";

fn place(item: &Item) -> String {
    format!("{}/{}\0", item.key.namespace, item.key.name)
}

fn encode(token: &Token) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(token).expect("a token always encodes"))
}

fn decode(text: &str) -> Result<Token, Status> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    let token = bytes.and_then(|bytes| serde_json::from_slice::<Token>(&bytes).ok());
    token
        .filter(|token| token.v == TOKEN_VERSION)
        .ok_or_else(|| {
            Status::bad_request("continue key is not valid: it was not made by this server")
        })
}

/// 410 whose token lets the client go on from the same key at the newest revision.
fn expired(failure: &Status, token: Option<&Token>) -> Status {
    let mut failure = failure.clone();
    if failure.reason == Reason::Expired
        && let Some(token) = token
    {
        failure.continue_token = Some(encode(&Token {
            rv: -1,
            ..token.clone()
        }));
        "The provided continue parameter is too old to display a consistent list result. You can start a new list \
         without the continue parameter, or use the continue token in this response to retrieve the remainder of the \
         results."
            .clone_into(&mut failure.message);
    }
    failure
}

fn revision(version: &str) -> Result<Revision, Status> {
    ResourceVersion(version.to_owned())
        .revision()
        .filter(|revision| revision.0 >= 0)
        .ok_or_else(|| Status::bad_request(format!("resource version {version:?} is not valid")))
}

/// A limited list at a named revision without a match rule means exactly that one (legacy).
fn wants_exact(request: &PageRequest) -> bool {
    let named = !request.resource_version.is_empty() && request.resource_version != "0";
    match request.resource_version_match.as_str() {
        "Exact" => true,
        "" => named && request.limit > 0,
        _ => false,
    }
}

fn check(request: &PageRequest) -> Result<(), Status> {
    let rule = request.resource_version_match.as_str();
    let field = "resourceVersionMatch";
    let cause = match rule {
        "" if !request.continue_token.is_empty()
            && !request.resource_version.is_empty()
            && request.resource_version != "0" =>
        {
            return Err(Status::bad_request(
                "specifying resource version is not allowed when using continue",
            ));
        }
        "" => return Ok(()),
        _ if !request.continue_token.is_empty() => {
            Cause::forbidden(field, "is forbidden for continue")
        }
        "Exact" if request.resource_version == "0" => Cause::forbidden(
            field,
            "resourceVersionMatch \"Exact\" is forbidden for resourceVersion \"0\"",
        ),
        "Exact" | "NotOlderThan" if request.resource_version.is_empty() => Cause::forbidden(
            field,
            "resourceVersionMatch is forbidden unless resourceVersion is provided",
        ),
        "Exact" | "NotOlderThan" => return Ok(()),
        other => Cause::not_supported(field, &json!(other), &["Exact", "NotOlderThan"]),
    };
    Err(Status::invalid(
        "meta.k8s.io",
        "ListOptions",
        "",
        vec![cause],
    ))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::registry::kinds;
    use crate::testing::Cluster;

    #[tokio::test]
    async fn a_revision_that_is_still_to_come_has_no_list() {
        let cluster = Cluster::new().await;
        let pods = kinds::of(&api::Collection::new("", "pods")).unwrap();
        let request = PageRequest {
            resource_version: "99".into(),
            resource_version_match: "Exact".into(),
            ..PageRequest::default()
        };
        let page = cluster.registry.page(pods, &request);
        let time_passes = async { cluster.clock.advance(Duration::from_secs(3)) };
        let (page, ()) = tokio::join!(page, time_passes);
        assert_eq!(page.unwrap_err().reason, Reason::Timeout);
    }

    #[test]
    fn tokens_come_back_and_forgeries_do_not() {
        let token = Token {
            v: TOKEN_VERSION.into(),
            rv: 7,
            start: "a/b\0".into(),
        };
        assert_eq!(decode(&encode(&token)).unwrap(), token);
        assert!(decode("nonsense").is_err());
        assert!(
            decode(&encode(&Token {
                v: "other".into(),
                ..token
            }))
            .is_err()
        );
    }

    #[test]
    fn contradictions_are_named() {
        let request = |version: &str, rule: &str, token: &str| PageRequest {
            resource_version: version.into(),
            resource_version_match: rule.into(),
            continue_token: token.into(),
            ..PageRequest::default()
        };
        for (version, rule, token) in [
            ("", "Exact", ""),
            ("0", "Exact", ""),
            ("5", "Sometimes", ""),
            ("5", "Exact", "x"),
            ("5", "", "x"),
        ] {
            assert!(
                check(&request(version, rule, token)).is_err(),
                "{version} {rule} {token}"
            );
        }
        assert!(check(&request("5", "NotOlderThan", "")).is_ok());
        assert!(wants_exact(&PageRequest {
            limit: 1,
            ..request("5", "", "")
        }));
        assert!(!wants_exact(&request("5", "", "")));
    }
}
