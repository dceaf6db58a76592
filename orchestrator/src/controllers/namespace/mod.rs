//! Empties a namespace that is going, pods first, and then lets it go.
//!
//! Looks at the server itself, not at caches: what is missed here would outlive its namespace.

mod decide;
#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;

use api::{Collection, Object, ObjectKey, resource};
use client::{
    Cache, Change, Context, Controller, Error, EventRecorder, Informers, ListOptions, Requeue,
    Target, Watch, WriteOptions,
};

use super::action::{Action, execute};
use super::collections::{namespaces, pods};
use super::wake;

use decide::{Remaining, finalized, is_going, status};

/// After something was deleted: most of it is gone at once.
const SOON: Duration = Duration::from_millis(200);
/// While pods stop and finalizers run; the end of a pod wakes earlier.
const LATER: Duration = Duration::from_secs(5);

pub(crate) struct Namespaces {
    cache: Cache,
    pods: Cache,
    recorder: EventRecorder,
}

impl Namespaces {
    pub(crate) fn new(informers: &Informers, recorder: EventRecorder) -> Self {
        Self {
            cache: informers.cache(&namespaces()),
            pods: informers.cache(&pods()),
            recorder,
        }
    }

    /// The end of a pod may be what its namespace waits for.
    fn pod_watch(&self) -> Watch<ObjectKey> {
        let wake = |change: &Change| match change.after {
            None => vec![namespaces().key("", &change.key.namespace)],
            Some(_) => Vec::new(),
        };
        Watch {
            cache: self.pods.clone(),
            wake: Box::new(wake),
        }
    }

    /// Deletes what is not going yet; answers what was there.
    async fn empty(
        &self,
        collection: &Collection,
        namespace: &str,
        context: &Context<'_>,
    ) -> Result<Remaining, Error> {
        let options = ListOptions {
            namespace: Some(namespace.to_owned()),
            newest: true,
            ..ListOptions::default()
        };
        let items = context.client.list(collection, &options).await?.items;
        let deletions: Vec<Action> = items
            .iter()
            .filter(|item| !item.is_deleting())
            .map(|item| Action::delete(collection, item))
            .collect();
        execute(&deletions, context, &self.recorder).await?;
        Ok(Remaining::new(collection, &items))
    }

    async fn empty_all(
        &self,
        namespace: &str,
        context: &Context<'_>,
    ) -> Result<Vec<Remaining>, Error> {
        let pods = self.empty(&pods(), namespace, context).await?;
        if !pods.is_empty() {
            return Ok(vec![pods]);
        }
        let mut remaining = Vec::new();
        for collection in contents(&definitions(context).await?) {
            let left = self.empty(&collection, namespace, context).await?;
            if !left.is_empty() {
                remaining.push(left);
            }
        }
        Ok(remaining)
    }
}

#[async_trait]
impl Controller for Namespaces {
    type Key = ObjectKey;

    fn name(&self) -> &'static str {
        "namespace-controller"
    }

    fn watches(&self) -> Vec<Watch<ObjectKey>> {
        vec![wake::itself(&self.cache), self.pod_watch()]
    }

    async fn reconcile(&self, key: &ObjectKey, context: &Context<'_>) -> Result<Requeue, Error> {
        let Some(namespace) = self.cache.get(key).filter(|namespace| is_going(namespace)) else {
            return Ok(Requeue::Done);
        };
        let emptied = self.empty_all(&key.name, context).await;
        let (remaining, failure) = match emptied {
            Ok(remaining) => (remaining, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let message = failure.as_ref().map(Error::to_string);
        if let Some(action) = status(&namespace, &remaining, message, context.now) {
            execute(&[action], context, &self.recorder).await?;
        }
        if let Some(error) = failure {
            return Err(error);
        }
        if remaining.is_empty() {
            finalize(key, context).await?;
            return Ok(Requeue::Done);
        }
        let is_stuck = remaining.iter().all(|left| left.is_waiting);
        Ok(Requeue::After(if is_stuck { LATER } else { SOON }))
    }
}

/// Takes Kubernetes' finalizer off, at the newest version: the status may have moved it.
async fn finalize(key: &ObjectKey, context: &Context<'_>) -> Result<(), Error> {
    let live = match context.client.get(key).await {
        Ok(live) => live,
        Err(error) if error.is_not_found() => return Ok(()),
        Err(error) => return Err(error),
    };
    if !is_going(&live) {
        return Ok(());
    }
    let target = Target::subresource(key.clone(), "finalize");
    let object: Object = finalized(&live);
    match context
        .client
        .replace(&target, &object, &WriteOptions::default())
        .await
    {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

/// The definitions of custom kinds, as the server has them.
async fn definitions(context: &Context<'_>) -> Result<Vec<Object>, Error> {
    let options = ListOptions {
        newest: true,
        ..ListOptions::default()
    };
    let collection = api::custom::definitions();
    match context.client.list(&collection, &options).await {
        Ok(list) => Ok(list.items),
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Everything in a namespace that can be listed and deleted.
fn contents(definitions: &[Object]) -> impl Iterator<Item = Collection> {
    let custom = definitions.iter().filter(|definition| {
        let established = definition.condition("Established");
        let is_served = established.is_some_and(|it| it.status == "True");
        is_served && definition.text("/spec/scope") == "Namespaced"
    });
    let custom = custom.map(|definition| {
        let text = |pointer| definition.text(pointer).to_owned();
        Collection::new(text("/spec/group"), text("/spec/names/plural"))
    });
    let can = |resource: &resource::Resource, verb: &str| resource.verbs.iter().any(|v| v == verb);
    resource::served()
        .iter()
        .filter(move |resource| {
            resource.is_namespaced() && can(resource, "list") && can(resource, "delete")
        })
        .map(resource::Resource::collection)
        .chain(custom)
}
