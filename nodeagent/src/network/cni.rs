//! The CNI configuration of a node: a bridge, addresses from the node's range, host ports.

use serde_json::json;

use super::plan::NodeNetwork;

/// The conflist to put into containerd's `conf_dir` before it starts. `ipam_dir` keeps the
/// addresses that are in use. Masquerading is the proxy's, in nftables.
pub fn conflist(node: &NodeNetwork, ipam_dir: &str) -> String {
    let list = json!({
        "cniVersion": "0.4.0",
        "name": "kedge",
        "plugins": [
            {
                "type": "bridge", "bridge": node.bridge, "isGateway": true, "ipMasq": false, "hairpinMode": true,
                "ipam": {
                    "type": "host-local", "dataDir": ipam_dir,
                    "ranges": [[{"subnet": node.pods.to_string()}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            },
            {"type": "portmap", "capabilities": {"portMappings": true}, "snat": true},
        ],
    });
    format!("{list:#}\n")
}
