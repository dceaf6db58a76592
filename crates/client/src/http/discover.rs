//! Asks a server which kinds it has: in two requests where it can answer so, else group by group.

use std::sync::{Arc, PoisonError};

use futures::{StreamExt, TryStreamExt};

use api::Catalog;
use api::discovery::{self, GroupVersion, Listing};

use super::HttpClient;
use super::request::Request;
use crate::{Client, Error, Remedy};

/// Groups that an old server is asked about at once.
const AT_ONCE: usize = 8;

/// What the server has from now on. The same value where it has what it had before.
pub(super) async fn discover(client: &HttpClient) -> Result<Arc<Catalog>, Error> {
    let (core, groups) =
        futures::future::try_join(root(client, "/api"), root(client, "/apis")).await?;
    let before = client.catalog();
    let found = Arc::new(merged(&before, [core, groups]));
    if *found == *before {
        return Ok(before);
    }
    let mut catalog = client
        .catalog
        .write()
        .unwrap_or_else(PoisonError::into_inner);
    catalog.clone_from(&found);
    Ok(found)
}

/// What is served by somebody who is away is as it was.
pub(super) fn merged(before: &Catalog, listings: [Listing; 2]) -> Catalog {
    let stale = |at: &GroupVersion| {
        let of = |it: &&api::Resource| it.group == at.group && it.version == at.version;
        let known = before.resources().iter().filter(of);
        known.cloned().collect::<Vec<_>>()
    };
    let mut resources = Vec::new();
    for listing in listings {
        resources.extend(listing.resources);
        resources.extend(listing.stale.iter().flat_map(stale));
    }
    Catalog::new(resources)
}

async fn root(client: &HttpClient, path: &str) -> Result<Listing, Error> {
    let request = Request::get(path.to_owned()).accept(discovery::ACCEPT);
    let document = client.json(request).await?;
    if let Some(listing) = discovery::aggregated(&document) {
        return Ok(listing);
    }
    let versions = discovery::versions(&document);
    let asked: Vec<_> = versions.into_iter().map(|at| group(client, at)).collect();
    let answers = futures::stream::iter(asked).buffered(AT_ONCE);
    let answers: Vec<Listing> = answers.try_collect().await?;
    let mut listing = Listing::default();
    for answer in answers {
        listing.resources.extend(answer.resources);
        listing.stale.extend(answer.stale);
    }
    Ok(listing)
}

async fn group(client: &HttpClient, at: GroupVersion) -> Result<Listing, Error> {
    let mut listing = Listing::default();
    match client.json(Request::get(at.path())).await {
        Ok(document) => listing.resources = discovery::resources(&at, &document),
        // It was taken away between the two answers.
        Err(error) if error.is_not_found() => {}
        // The server is there, and who serves this group for it is not.
        Err(error @ Error::Api(_)) if error.remedy() == Remedy::Transient => listing.stale.push(at),
        Err(error) => return Err(error),
    }
    Ok(listing)
}
