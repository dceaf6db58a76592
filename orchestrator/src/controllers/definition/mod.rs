//! Definitions of custom kinds: whose names are free, and the end of what they define.
//!
//! Whether a kind is served follows from the status of its definition; nothing is kept here.

mod decide;
#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;

use api::{Collection, Object, custom};
use client::{
    Cache, Change, Context, Controller, Error, EventRecorder, Informers, ListOptions, Requeue,
    Watch,
};

use super::action::execute;

use decide::{empty, is_going, settle};

/// After objects were deleted: most of them are gone at once.
const SOON: Duration = Duration::from_millis(200);

pub(crate) struct Definitions {
    cache: Cache,
    recorder: EventRecorder,
}

impl Definitions {
    pub(crate) fn new(informers: &Informers, recorder: EventRecorder) -> Self {
        Self {
            cache: informers.cache(&custom::definitions()),
            recorder,
        }
    }

    /// Deletes the objects of a definition that is going. Whether it still waits for some.
    async fn end(&self, definition: &Object, context: &Context<'_>) -> Result<bool, Error> {
        let spec = |pointer| definition.text(pointer).to_owned();
        let collection = Collection::new(spec("/spec/group"), spec("/spec/names/plural"));
        let options = ListOptions {
            newest: true,
            ..ListOptions::default()
        };
        let objects = match context.client.list(&collection, &options).await {
            Ok(list) => list.items,
            // It was never served: there are none.
            Err(error) if error.is_not_found() => Vec::new(),
            Err(error) => return Err(error),
        };
        let now = api::time(context.now);
        let actions = empty(definition, &collection, &objects, &now);
        execute(&actions, context, &self.recorder).await?;
        Ok(!objects.is_empty())
    }
}

#[async_trait]
impl Controller for Definitions {
    /// A group: names are unique in it.
    type Key = String;

    fn name(&self) -> &'static str {
        "customresourcedefinition-controller"
    }

    fn watches(&self) -> Vec<Watch<String>> {
        let wake = |change: &Change| vec![change.object().text("/spec/group").to_owned()];
        vec![Watch {
            cache: self.cache.clone(),
            wake: Box::new(wake),
        }]
    }

    async fn reconcile(&self, group: &String, context: &Context<'_>) -> Result<Requeue, Error> {
        let all = self.cache.all();
        let group: Vec<&Object> = all
            .iter()
            .map(|it| &**it)
            .filter(|it| it.text("/spec/group") == group)
            .collect();
        let now = api::time(context.now);
        let mut waits = false;
        for definition in &group {
            if is_going(definition) {
                waits |= self.end(definition, context).await?;
            } else if let Some(action) = settle(definition, &group, &now) {
                execute(&[action], context, &self.recorder).await?;
            }
        }
        Ok(if waits {
            Requeue::After(SOON)
        } else {
            Requeue::Done
        })
    }
}
