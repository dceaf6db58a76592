//! What the API server does with objects: one generic implementation of create, update, patch,
//! delete, list and watch, driven by the table in `kinds`. It knows no HTTP.

mod admission;
mod allocate;
mod alone;
mod commit;
mod context;
mod create;
mod definitions;
mod delete;
mod forget;
mod intent;
pub mod kinds;
mod local;
mod manage;
pub mod metadata;
mod past;
mod patch;
mod prepared;
mod read;
mod subresource;
mod transaction;
mod update;
mod view;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use api::{Object, ObjectKey, Status};
use client::Env;

use crate::auth::node::Change;
use crate::auth::{Authorizer, Identity};
use crate::store::Router;
use crate::watch::Hub;

use kinds::Served;

pub use allocate::Pools;
pub use alone::faults;
pub(crate) use commit::unread;
pub use context::{Context, FieldValidation, Origin, Outcome, Written};
pub use definitions::Kinds;
pub use intent::Part;
pub use local::LocalClient;
pub use past::{HistoryRequest, Moment};
pub use patch::Force;
pub use read::{Page, PageRequest, Selection, field_getter};
pub(crate) use subresource::binding_target;
pub use transaction::MAX_STEPS;
pub(crate) use transaction::{addressable, key_of};

/// The objects of one cluster: reads from the hub's cache, writes through the store.
pub struct Registry {
    stores: Router,
    hub: Hub,
    kinds: Kinds,
    authorizer: Arc<Authorizer>,
    env: Env,
    pools: Pools,
}

impl Registry {
    pub fn new(
        stores: Router,
        hub: Hub,
        authorizer: Arc<Authorizer>,
        env: Env,
        pools: Pools,
    ) -> Self {
        Self {
            stores,
            kinds: Kinds::new(hub.clone()),
            hub,
            authorizer,
            env,
            pools,
        }
    }

    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// The kinds there are now.
    pub fn kinds(&self) -> Arc<Served> {
        self.kinds.now()
    }

    /// The admission check on a token that a node agent asks for.
    pub(crate) fn restrict_token(
        &self,
        identity: &Identity,
        key: &ObjectKey,
        account: &Object,
        request: &Object,
    ) -> Result<(), Status> {
        let (old, new) = (Some(account), Some(request));
        self.authorizer.restrict(
            identity,
            &Change {
                verb: "create",
                key,
                subresource: "token",
                old,
                new,
            },
        )
    }

    pub fn env(&self) -> &Env {
        &self.env
    }
}
