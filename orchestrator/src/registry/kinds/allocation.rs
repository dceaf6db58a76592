//! Cluster-wide names that an object takes from a pool: cluster IPs, node ports.

use api::Object;
use serde_json::json;

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pool {
    ClusterIp,
    NodePort,
}

impl Pool {
    /// The pool's name in the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClusterIp => "clusterip",
            Self::NodePort => "nodeport",
        }
    }
}

/// A field that the registry fills from a pool before the write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub pool: Pool,
    /// Index into `spec.ports`; 0 for a cluster IP.
    pub index: usize,
}

impl Wanted {
    /// Writes the allocated value where it belongs.
    pub fn fill(&self, object: &mut Object, value: &str) {
        match self.pool {
            Pool::ClusterIp => {
                object.body["spec"]["clusterIP"] = json!(value);
                object.body["spec"]["clusterIPs"] = json!([value]);
            }
            Pool::NodePort => {
                let port = value.parse::<u16>().unwrap_or_default();
                if let Some(entry) = object
                    .body
                    .pointer_mut(&format!("/spec/ports/{}", self.index))
                {
                    entry["nodePort"] = json!(port);
                }
            }
        }
    }

    /// The path of the field, for messages.
    pub fn field(&self) -> String {
        match self.pool {
            Pool::ClusterIp => "spec.clusterIPs".to_owned(),
            Pool::NodePort => format!("spec.ports[{}].nodePort", self.index),
        }
    }
}

/// What an object holds from the pools and what it still needs. Read it after defaulting and
/// `prepare_*`: an update has by then taken over what the old object held and may keep.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allocations {
    /// Named by the object: each must be its own already, or free. Without duplicates.
    pub held: Vec<(Pool, String)>,
    /// To be picked.
    pub wanted: Vec<Wanted>,
}
