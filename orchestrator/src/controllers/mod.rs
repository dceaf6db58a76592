//! The controllers: each moves one kind of thing toward its spec, through the client seam.
//!
//! A directory per controller: `mod.rs` observes and executes, `decide.rs` decides. All of them
//! are safe, not merely idle, when two leaders overlap.

mod action;
mod api_service;
mod collections;
mod conditions;
mod cronjob;
mod definition;
mod deployment;
mod endpoint_slice;
mod garbage;
mod job;
mod names;
mod namespace;
mod node_lifecycle;
mod ownership;
mod persistent_volumes;
mod pod;
mod pod_collector;
mod replicaset;
mod service_account;
mod system;
#[cfg(test)]
mod tests;
mod wake;

use std::sync::Arc;

use client::{Client, Controller, Drive, Driver, Env, EventRecorder, Informers, Tasks};

pub use persistent_volumes::install as install_local_class;
pub use system::Config;

/// Keys of one controller that run at the same time.
const WORKERS: usize = 4;

/// Every controller, not yet started: a simulation steps them, [`start`] runs them.
pub fn drivers(
    config: &Config,
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
    let mut drivers = vec![
        parts.drive("deployment-controller", deployment::Deployments::new),
        parts.drive("replicaset-controller", replicaset::ReplicaSets::new),
        parts.drive("job-controller", job::Jobs::new),
        parts.drive("cronjob-controller", cronjob::CronJobs::new),
        parts.drive("garbage-collector", garbage::Garbage::new),
        parts.drive("namespace-controller", namespace::Namespaces::new),
        parts.drive(
            "customresourcedefinition-controller",
            definition::Definitions::new,
        ),
    ];
    drivers.extend(parts.system(config));
    drivers
}

/// Runs every controller until `tasks` is drained. Only for the leader.
pub fn start(
    config: &Config,
    client: &Arc<dyn Client>,
    informers: &Informers,
    env: &Env,
    tasks: &Tasks,
) {
    for driver in drivers(config, client, informers, env, tasks) {
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
        let controller = new(
            self.informers,
            EventRecorder::start(self.client.clone(), self.env, name, "", self.tasks),
        );
        let driver = Driver::new(controller, self.client.clone(), self.informers, self.env);
        Box::new(driver)
    }
}
