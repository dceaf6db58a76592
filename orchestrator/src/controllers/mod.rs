//! The controllers: each moves one kind of thing toward its spec, through the client seam.
//!
//! A directory per controller: `mod.rs` observes and executes, `decide.rs` decides. All of them
//! are safe, not merely idle, when two leaders overlap.

mod action;
mod collections;
mod conditions;
mod cronjob;
mod deployment;
mod job;
mod names;
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
    let recorder = |component| parts.recorder(component);
    vec![
        parts.drive(deployment::Deployments::new(
            informers,
            recorder("deployment-controller"),
        )),
        parts.drive(replicaset::ReplicaSets::new(
            informers,
            recorder("replicaset-controller"),
        )),
        parts.drive(job::Jobs::new(informers, recorder("job-controller"))),
        parts.drive(cronjob::CronJobs::new(
            informers,
            recorder("cronjob-controller"),
        )),
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
    fn drive(&self, controller: impl Controller) -> Box<dyn Drive> {
        Box::new(Driver::new(
            controller,
            self.client.clone(),
            self.informers,
            self.env,
        ))
    }

    fn recorder(&self, component: &str) -> EventRecorder {
        EventRecorder::start(self.client.clone(), self.env, component, "", self.tasks)
    }
}
