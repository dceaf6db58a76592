//! The Service `kubernetes`: how pods reach the API server.

mod decide;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};

use async_trait::async_trait;

use client::{Cache, Context, Controller, Error, EventRecorder, Informers, Requeue, Watch};

use super::action::execute;
use super::collections::{endpoint_slices, namespaces, services};

use decide::{NAME, NAMESPACE, Observed, decide};

pub(crate) struct ApiService {
    namespaces: Cache,
    services: Cache,
    slices: Cache,
    address: IpAddr,
    servers: Vec<SocketAddr>,
    recorder: EventRecorder,
}

impl ApiService {
    /// `address` is the Service's, `servers` where pods reach the API servers.
    pub(crate) fn new(
        informers: &Informers,
        address: IpAddr,
        servers: &[SocketAddr],
        recorder: EventRecorder,
    ) -> Self {
        Self {
            namespaces: informers.cache(&namespaces()),
            services: informers.cache(&services()),
            slices: informers.cache(&endpoint_slices()),
            address,
            servers: servers.to_vec(),
            recorder,
        }
    }
}

fn named(cache: &Cache) -> Watch<()> {
    Watch {
        cache: cache.clone(),
        wake: Box::new(|change| {
            let is_meant = change.key.namespace == NAMESPACE && change.key.name == NAME;
            is_meant.then_some(()).into_iter().collect()
        }),
    }
}

#[async_trait]
impl Controller for ApiService {
    type Key = ();

    fn name(&self) -> &'static str {
        "kubernetes-service-controller"
    }

    fn watches(&self) -> Vec<Watch<()>> {
        // The namespace is there from the start: it wakes where nothing else is yet.
        let namespace = Watch {
            cache: self.namespaces.clone(),
            wake: Box::new(|change| {
                let is_home = change.key.name == NAMESPACE;
                is_home.then_some(()).into_iter().collect()
            }),
        };
        vec![named(&self.services), named(&self.slices), namespace]
    }

    async fn reconcile(&self, (): &(), context: &Context<'_>) -> Result<Requeue, Error> {
        let observed = Observed {
            service: self.services.find(NAMESPACE, NAME),
            slice: self.slices.find(NAMESPACE, NAME),
            address: self.address,
            servers: &self.servers,
        };
        execute(&decide(&observed), context, &self.recorder).await?;
        Ok(Requeue::Done)
    }
}
