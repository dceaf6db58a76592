//! The contract against a real database, and what only a database can do.

mod commits;
mod compaction;
mod contents;
mod lost_answers;
mod proxy;
mod requests;
mod servers;

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlx::Connection;

use api::{Collection, Revision};
use client::{Env, Tasks};

use super::settle::{Outcome, settle};
use super::*;
use crate::store::contract::contract;
use crate::store::contract::fixture::{commit, committed, create, delete, pod, replace};
use crate::store::{Change, Commit, EPOCH_SHIFT, Error, Router, Store, epoch};
use crate::watch;

/// A store on a database of its own.
struct Opened {
    store: PostgresStore,
    options: Options,
    tasks: Tasks,
}

impl Opened {
    fn store(&self) -> &dyn Store {
        &self.store
    }

    /// Another API server on the same database.
    async fn again(&self) -> Self {
        Self::with(self.options.clone()).await
    }

    async fn with(options: Options) -> Self {
        let tasks = Tasks::default();
        let store = connect(options.clone(), &Env::system(), &tasks)
            .await
            .unwrap();
        Self {
            store,
            options,
            tasks,
        }
    }

    async fn sql(&self, statement: &'static str) -> u64 {
        let mut connection = self.options.connect().await.unwrap();
        sqlx::query(statement)
            .execute(&mut connection)
            .await
            .unwrap()
            .rows_affected()
    }

    async fn texts(&self, query: &'static str) -> Vec<String> {
        let mut connection = self.options.connect().await.unwrap();
        sqlx::query_scalar(query)
            .fetch_all(&mut connection)
            .await
            .unwrap()
    }
}

async fn options(lane: Lane) -> Options {
    let keys = || Arc::new(Keys::new("test", &[7; 32]));
    let url = embedded_postgres::testing::database("orchestrator", |url| async move {
        for lane in [Lane::Objects, Lane::Events] {
            let tasks = Tasks::default();
            let options = Options::new(&url, lane, keys());
            let store = connect(options, &Env::system(), &tasks).await?;
            tasks.drain().await;
            store.close().await;
        }
        Ok::<_, Error>(())
    })
    .await;
    // Small partitions, so that the contract crosses many.
    Options {
        partition: 3,
        ..Options::new(&url, lane, keys())
    }
}

async fn open() -> Opened {
    Opened::with(options(Lane::Objects).await).await
}

contract!(open);
