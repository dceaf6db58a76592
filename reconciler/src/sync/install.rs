//! Gives a server that is not Kedge's own the kinds that Kedge needs of it.

use api::kinds;
use client::Error;
use engine::Kinds;
use engine::diff;

use super::core::Core;
use super::each::{self, Write};

/// Defines Application and Rollout where the server takes definitions and does not have them, or
/// has those of another release.
///
/// # Errors
/// Where the server refuses, or has no answer.
pub(super) async fn install(core: &Core) -> Result<(), Error> {
    let catalog = core.client.catalog();
    let collection = kinds::definition_collection();
    if catalog.by_collection(&collection).is_none() {
        return Ok(());
    }
    let known = Kinds::of(catalog.clone());
    for definition in kinds::definitions() {
        let key = collection.key("", definition.name());
        let live = match core.client.get(&key).await {
            Ok(live) => Some(live),
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error),
        };
        let kind = definition.text("/spec/names/kind");
        let gvk = api::GroupVersionKind::new(kinds::GROUP, kinds::VERSION, kind);
        let is_wanted = match &live {
            // Kedge's own server has them without a definition.
            None => catalog.by_kind(&gvk).is_none(),
            Some(live) => {
                let wanted = diff::overlay(live, &definition);
                !diff::changes(live, &wanted).is_empty()
            }
        };
        if is_wanted {
            each::apply(&*core.client, &known, &definition, Write::Real).await?;
            tracing::info!(kind, "defined on the cluster");
        }
    }
    Ok(())
}
