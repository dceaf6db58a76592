//! The controllers: each moves one kind of thing toward its spec, through the client seam.
//!
//! A directory per controller: `mod.rs` observes and executes, `decide.rs` decides. All of them
//! are safe, not merely idle, when two leaders overlap.

mod action;
mod collections;
mod conditions;
mod cronjob;
mod deployment;
mod garbage;
mod job;
mod names;
mod namespace;
mod ownership;
mod pod;
mod replicaset;
mod wake;

use std::sync::Arc;

use client::{Client, Controller, Drive, Driver, Env, EventRecorder, Informers, Tasks};

/// Keys of one controller that run at the same time.
const WORKERS: usize = 4;

/// Every controller, not yet started: a simulation steps them, [`start`] runs them.
pub fn drivers(
    client: &Arc<dyn Client>,
    informers: &Informers,
    env: &Env,
    tasks: &Tasks,
) -> Vec<Box<dyn Drive>> {
    let parts = Parts {
        client,
        informers,
        env,
        tasks,
    };
    vec![
        parts.drive("deployment-controller", deployment::Deployments::new),
        parts.drive("replicaset-controller", replicaset::ReplicaSets::new),
        parts.drive("job-controller", job::Jobs::new),
        parts.drive("cronjob-controller", cronjob::CronJobs::new),
        parts.drive("garbage-collector", garbage::Garbage::new),
        parts.drive("namespace-controller", namespace::Namespaces::new),
    ]
}

/// Runs every controller until `tasks` is drained. Only for the leader.
pub fn start(client: &Arc<dyn Client>, informers: &Informers, env: &Env, tasks: &Tasks) {
    for driver in drivers(client, informers, env, tasks) {
        driver.start(WORKERS, tasks);
    }
}

struct Parts<'a> {
    client: &'a Arc<dyn Client>,
    informers: &'a Informers,
    env: &'a Env,
    tasks: &'a Tasks,
}

impl Parts<'_> {
    /// A controller is made from the caches it shares and a recorder of its own.
    fn drive<C: Controller>(
        &self,
        name: &str,
        new: impl FnOnce(&Informers, EventRecorder) -> C,
    ) -> Box<dyn Drive> {
        let recorder = EventRecorder::start(self.client.clone(), self.env, name, "", self.tasks);
        let controller = new(self.informers, recorder);
        let driver = Driver::new(controller, self.client.clone(), self.informers, self.env);
        Box::new(driver)
    }
}
