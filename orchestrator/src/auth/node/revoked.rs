//! Nodes whose keys open nothing any more: `kube-system/kedge-revoked-nodes` says since when. What was
//! issued for a name later is good again.

use jiff::Timestamp;

use api::{Collection, Object, ObjectKey, Revision};
use tokio::sync::watch::Receiver;

use crate::watch::Hub;

/// The ConfigMap: names of nodes, and the moments before which their certificates are refused.
pub const NAME: &str = "kedge-revoked-nodes";
/// Where it is.
pub const NAMESPACE: &str = "kube-system";

/// Where the ConfigMap is.
pub fn key() -> ObjectKey {
    Collection::new("", "configmaps").key(NAMESPACE, NAME)
}

/// Knows since when the keys of a node are refused.
pub trait Revoked: Send + Sync {
    /// `None` for a node that nobody removed.
    fn since(&self, node: &str) -> Option<Timestamp>;

    /// Tells that it may be otherwise now.
    fn moves(&self) -> Receiver<Revision>;
}

impl Revoked for Hub {
    fn since(&self, node: &str) -> Option<Timestamp> {
        let item = self.get(&key())?;
        since(&item.object(), node)
    }

    fn moves(&self) -> Receiver<Revision> {
        Self::moves(self, &key().collection)
    }
}

/// A moment that cannot be read refuses everything: somebody meant to revoke.
fn since(object: &Object, node: &str) -> Option<Timestamp> {
    let told = object.body["data"].get(node)?;
    let told = told.as_str().and_then(|text| text.parse().ok());
    Some(told.unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_moment_is_told_for_each_node() {
        let data = json!({"worker-1": "2026-06-01T00:00:00Z", "worker-2": "yesterday"});
        let object = Object::from(json!({"data": data}));
        let june: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
        assert_eq!(since(&object, "worker-1"), Some(june));
        assert_eq!(since(&object, "worker-2"), Some(Timestamp::MAX));
        assert_eq!(since(&object, "worker-3"), None);
        assert_eq!(since(&Object::from(json!({})), "worker-1"), None);
    }
}
