//! The controllers that keep the cluster itself: its nodes, services, storage and rights.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use client::Drive;

use super::{
    Parts, api_service, endpoint_slice, node_lifecycle, persistent_volumes, pod_collector,
    service_account,
};
use crate::auth::rbac::Aggregation;

/// What controllers must be told of this cluster.
#[derive(Debug, Clone)]
pub struct Config {
    /// The certificates by which pods know the API server, PEM.
    pub authority: String,
    /// The address of the Service `kubernetes`.
    pub service_address: IpAddr,
    /// Where pods reach the API servers.
    pub servers: Vec<SocketAddr>,
    /// A node without a sign of life for this long counts as unreachable.
    pub node_grace: Duration,
    /// Where nodes keep volumes of the class `local`: an absolute path, the same on each.
    pub local_volumes: String,
}

impl Config {
    /// How long a node may be silent unless its operator says otherwise.
    pub const NODE_GRACE: Duration = Duration::from_secs(40);
}

impl Parts<'_> {
    pub(super) fn system(&self, config: &Config) -> Vec<Box<dyn Drive>> {
        let roles = self.informers.cache(&Aggregation::collection());
        vec![
            self.drive(
                "endpoint-slice-controller",
                endpoint_slice::EndpointSlices::new,
            ),
            self.drive("serviceaccount-controller", |informers, recorder| {
                service_account::ServiceAccounts::new(informers, &config.authority, recorder)
            }),
            self.drive("kubernetes-service-controller", |informers, recorder| {
                let (address, servers) = (config.service_address, &config.servers);
                api_service::ApiService::new(informers, address, servers, recorder)
            }),
            self.drive("node-controller", |informers, recorder| {
                node_lifecycle::NodeLifecycle::new(informers, config.node_grace, recorder)
            }),
            self.drive("pod-garbage-collector", |informers, _| {
                pod_collector::PodCollector::new(informers)
            }),
            self.drive("persistentvolume-controller", |informers, recorder| {
                let directory = &config.local_volumes;
                persistent_volumes::PersistentVolumes::new(informers, directory, recorder)
            }),
            self.drive("clusterrole-aggregation-controller", |_, _| {
                Aggregation::new(roles)
            }),
        ]
    }
}
