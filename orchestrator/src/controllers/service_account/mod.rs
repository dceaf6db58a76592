//! What every namespace has so that pods can run in it: the service account `default`, and the
//! certificate by which they know the API server.

mod decide;
#[cfg(test)]
mod tests;

use async_trait::async_trait;

use api::ObjectKey;
use client::{Cache, Change, Context, Controller, Error, EventRecorder, Informers, Requeue, Watch};

use super::action::execute;
use super::collections::{config_maps, namespaces, service_accounts};
use super::wake;

use decide::{ACCOUNT, AUTHORITY, Observed, decide};

pub(crate) struct ServiceAccounts {
    namespaces: Cache,
    accounts: Cache,
    config_maps: Cache,
    /// Certificates, PEM.
    authority: String,
    recorder: EventRecorder,
}

impl ServiceAccounts {
    pub(crate) fn new(informers: &Informers, authority: &str, recorder: EventRecorder) -> Self {
        Self {
            namespaces: informers.cache(&namespaces()),
            accounts: informers.cache(&service_accounts()),
            config_maps: informers.cache(&config_maps()),
            authority: authority.to_owned(),
            recorder,
        }
    }
}

/// The namespace of a changed object, if it has this name.
fn named(cache: &Cache, name: &'static str) -> Watch<ObjectKey> {
    let wake = move |change: &Change| {
        let is_meant = change.key.name == name;
        let namespace = || namespaces().key("", &change.key.namespace);
        is_meant.then(namespace).into_iter().collect()
    };
    Watch {
        cache: cache.clone(),
        wake: Box::new(wake),
    }
}

#[async_trait]
impl Controller for ServiceAccounts {
    type Key = ObjectKey;

    fn name(&self) -> &'static str {
        "serviceaccount-controller"
    }

    fn watches(&self) -> Vec<Watch<ObjectKey>> {
        vec![
            wake::itself(&self.namespaces),
            named(&self.accounts, ACCOUNT),
            named(&self.config_maps, AUTHORITY),
        ]
    }

    async fn reconcile(&self, key: &ObjectKey, context: &Context<'_>) -> Result<Requeue, Error> {
        let Some(namespace) = self.namespaces.get(key) else {
            return Ok(Requeue::Done);
        };
        let observed = Observed {
            account: self.accounts.find(&key.name, ACCOUNT),
            authority_map: self.config_maps.find(&key.name, AUTHORITY),
            authority: &self.authority,
            namespace,
        };
        execute(&decide(&observed), context, &self.recorder).await?;
        Ok(Requeue::Done)
    }
}
