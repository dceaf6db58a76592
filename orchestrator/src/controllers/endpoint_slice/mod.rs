//! Lists the pods behind each Service in slices. Says of every pod what it is, never whether
//! traffic goes there: that is the proxy's business.

mod decide;
mod endpoint;
#[cfg(test)]
mod tests;

use async_trait::async_trait;

use api::selector::LabelSelector;
use api::{Object, ObjectKey};
use client::{Cache, Change, Context, Controller, Error, EventRecorder, Informers, Requeue, Watch};

use super::action::execute;
use super::collections::{endpoint_slices, pods, services};
use super::wake;

use decide::{MANAGED_BY, MANAGER, Observed, SERVICE_NAME, decide};

const BY_SERVICE: &str = "slices by service";

pub(crate) struct EndpointSlices {
    services: Cache,
    pods: Cache,
    slices: Cache,
    recorder: EventRecorder,
}

impl EndpointSlices {
    pub(crate) fn new(informers: &Informers, recorder: EventRecorder) -> Self {
        let slices = informers.cache(&endpoint_slices());
        slices.add_index(
            BY_SERVICE,
            Box::new(|slice| service_of(slice).into_iter().collect()),
        );
        Self {
            services: informers.cache(&services()),
            pods: informers.cache(&pods()),
            slices,
            recorder,
        }
    }

    fn observe(&self, key: &ObjectKey) -> Option<Observed> {
        let service = self.services.get(key)?;
        let selector = LabelSelector::from_map(service.pointer("/spec/selector"));
        let pods = if selector.is_empty() {
            Vec::new()
        } else {
            let mut pods = self.pods.in_namespace(&key.namespace);
            pods.retain(|pod| selector.matches(pod));
            pods
        };
        let name = format!("{}/{}", key.namespace, key.name);
        Some(Observed {
            slices: self.slices.indexed(BY_SERVICE, &name),
            pods,
            service,
        })
    }

    fn pod_watch(&self) -> Watch<ObjectKey> {
        let services = self.services.clone();
        let selecting = move |change: &Change| {
            services
                .in_namespace(&change.key.namespace)
                .iter()
                .filter(|service| {
                    let selector = LabelSelector::from_map(service.pointer("/spec/selector"));
                    !selector.is_empty() && change.states().any(|pod| selector.matches(pod))
                })
                .map(|service| service.key(services.collection()))
                .collect()
        };
        Watch {
            cache: self.pods.clone(),
            wake: Box::new(selecting),
        }
    }

    fn slice_watch(&self) -> Watch<ObjectKey> {
        let owner = |change: &Change| {
            change
                .states()
                .filter_map(|slice| slice.label(SERVICE_NAME))
                .map(|name| services().key(&change.key.namespace, name))
                .collect()
        };
        Watch {
            cache: self.slices.clone(),
            wake: Box::new(owner),
        }
    }
}

/// The Service whose pods this controller lists in the slice, as `namespace/name`.
fn service_of(slice: &Object) -> Option<String> {
    let is_ours = slice.label(MANAGED_BY) == Some(MANAGER);
    let name = slice.label(SERVICE_NAME).filter(|_| is_ours)?;
    Some(format!("{}/{name}", slice.namespace()))
}

#[async_trait]
impl Controller for EndpointSlices {
    type Key = ObjectKey;

    fn name(&self) -> &'static str {
        "endpointslice-controller"
    }

    fn watches(&self) -> Vec<Watch<ObjectKey>> {
        vec![
            wake::itself(&self.services),
            self.pod_watch(),
            self.slice_watch(),
        ]
    }

    async fn reconcile(&self, key: &ObjectKey, context: &Context<'_>) -> Result<Requeue, Error> {
        // Slices of a Service that is gone go with it: it owns them.
        if let Some(observed) = self.observe(key) {
            execute(&decide(&observed), context, &self.recorder).await?;
        }
        Ok(Requeue::Done)
    }
}
