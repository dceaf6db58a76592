//! Why a pod has no node, as the scheduler that decides it tells.

use serde::{Deserialize, Serialize};

use api::ObjectKey;

use crate::{Client, Error};

/// Each node against each filter, and what would have to change.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Placement {
    /// The node it is on, or would be put on now; empty where none can take it.
    pub node: String,
    /// In the scheduler's own words; empty where a node can take it.
    pub message: String,
    /// Why it is no matter of nodes; empty where it is one.
    pub obstacle: String,
    /// By name.
    pub nodes: Vec<NodeVerdict>,
    /// Single changes that make it fit, the smallest first. Each was run through the filters.
    pub fixes: Vec<Fix>,
    /// How many changes were run through the filters.
    pub tried: usize,
}

/// What the filters say of one node: all of them, whatever the first one says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeVerdict {
    pub node: String,
    /// The same filters, in the same order, for every node.
    pub filters: Vec<Filtered>,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Filtered {
    /// `memory 4Gi`
    pub filter: String,
    pub fits: bool,
    /// `2Gi free`
    pub text: String,
}

/// One change after which a node can take the pod.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Fix {
    /// `Uncordon north-d`
    pub change: String,
    /// What comes of it, in a sentence.
    pub effect: String,
    /// The nodes that can take the pod then.
    pub fits_on: Vec<String>,
    /// The command that does it; empty where it is a change of a manifest.
    pub command: String,
    /// The field of the pod that it changes; absent where it is no field's value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<NewValue>,
    /// What to write into the pod's spec, as YAML; empty where that is a value of a field.
    pub snippet: String,
}

/// A field's value, now and then.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NewValue {
    /// `spec.containers[name=web].resources.requests.cpu`
    pub path: String,
    pub from: String,
    pub to: String,
}

/// Where it is asked for, below the group's path.
pub const PATH: &str = "/apis/kedge.dev/v1alpha1/placement";

/// Asks for it. `None` where the server's scheduler does not explain itself, or the pod is gone.
pub async fn ask(client: &dyn Client, pod: &ObjectKey) -> Result<Option<Placement>, Error> {
    let query = [
        ("namespace", pod.namespace.as_str()),
        ("name", pod.name.as_str()),
    ];
    match client.read(PATH, &query).await {
        // An answer of another version is none.
        Ok(answer) => Ok(Placement::deserialize(&answer).ok()),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}
