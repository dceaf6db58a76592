//! What moves one claim toward a volume.

use std::sync::Arc;

use api::Object;
use api::local_volume::PROVISIONER;
use serde_json::{Value, json};

use super::local;
use crate::controllers::action::Action;
use crate::controllers::collections::{claims, volumes};
use crate::scheduler::volume::{
    Claim, Class, SELECTED_NODE, Storage, Volume, best_volume, default_class,
};

const PROTECTION: &str = "kubernetes.io/pvc-protection";
const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";

/// What the caches hold for one claim.
pub(super) struct Observed {
    pub(super) object: Arc<Object>,
    pub(super) claim: Claim,
    /// Classes; volumes where the claim has none yet.
    pub(super) storage: Storage,
    /// The node its first consumer will run on.
    pub(super) node: Option<Arc<Object>>,
    /// A pod that has not finished mounts it.
    pub(super) is_used: bool,
    pub(super) directory: String,
}

impl Observed {
    /// The volume the claim names, or the one it is to be bound to.
    pub(super) fn volume_name(&self) -> Option<&str> {
        if self.claim.volume.is_empty() {
            self.candidate().map(|volume| volume.name.as_str())
        } else {
            Some(&self.claim.volume)
        }
    }

    fn class(&self) -> Option<&Class> {
        self.storage.classes.get(self.claim.class())
    }

    /// A late claim takes only a volume that the scheduler, or an author, has set aside for it.
    fn candidate(&self) -> Option<&Volume> {
        let is_late = self.class().is_some_and(|class| class.is_late);
        let volumes = self.storage.volumes.values();
        best_volume(
            &self.claim,
            volumes.filter(|v| !is_late || v.claim.is_some()),
        )
    }
}

/// `volume` is the one of [`Observed::volume_name`], if it exists.
pub(super) fn decide(observed: &Observed, volume: Option<&Object>) -> Vec<Action> {
    let Observed { object, claim, .. } = observed;
    if claim.is_deleting {
        return if observed.is_used {
            Vec::new()
        } else {
            unprotected(object, PROTECTION)
                .map(replace)
                .into_iter()
                .collect()
        };
    }
    match volume {
        Some(volume) => bind(observed, volume),
        None if claim.volume.is_empty() => provide(observed),
        None if claim.is_bound => lost(
            object,
            "ClaimLost",
            "Bound claim has lost its PersistentVolume. Data on the volume is lost!",
        ),
        None => Vec::new(),
    }
}

/// The object without the finalizer; `None` where it has none.
pub(super) fn unprotected(object: &Object, finalizer: &str) -> Option<Object> {
    object.finalizers().find(|name| *name == finalizer)?;
    let mut object = object.clone();
    let left: Vec<String> = object
        .finalizers()
        .filter(|name| *name != finalizer)
        .map(ToOwned::to_owned)
        .collect();
    object
        .metadata_mut()
        .insert("finalizers".into(), json!(left));
    Some(object)
}

fn replace(object: Object) -> Action {
    Action::Replace {
        collection: claims(),
        object,
    }
}

/// How a volume names the claim it is for.
pub(super) fn reference(claim: &Object) -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": claim.namespace(),
        "name": claim.name(), "uid": claim.uid(), "resourceVersion": claim.resource_version(),
    })
}

/// Volume first, then claim, then status: each step is a write of its own, and what was done
/// before a crash is seen and not done again.
fn bind(observed: &Observed, found: &Object) -> Vec<Action> {
    let Observed { object, claim, .. } = observed;
    let volume = Volume::from_object(found);
    let is_ours = match &volume.claim {
        Some(reference) if !reference.means(claim) => {
            return if claim.is_bound {
                let message =
                    "Two claims are bound to the same volume, this one is bound incorrectly";
                lost(object, "ClaimMisbound", message)
            } else {
                Vec::new()
            };
        }
        Some(reference) => !reference.uid.0.is_empty(),
        None => false,
    };
    if !is_ours && !claim.is_bound && !volume.suits(claim) {
        let message = "the volume the claim names does not suit it";
        return vec![Action::warning(
            object,
            "VolumeMismatch",
            message.to_owned(),
        )];
    }
    let mut actions = Vec::new();
    if !is_ours {
        let mut volume = found.clone();
        if volume.pointer("/spec/claimRef").is_none_or(Value::is_null) {
            volume.set_annotation(BOUND_BY_CONTROLLER, "yes");
        }
        volume.body["spec"]["claimRef"] = reference(object);
        actions.push(Action::Replace {
            collection: volumes(),
            object: volume,
        });
    }
    if claim.volume.is_empty() || object.annotation(BIND_COMPLETED).is_none() {
        let mut bound = (**object).clone();
        bound.set_annotation(BIND_COMPLETED, "yes");
        if claim.volume.is_empty() {
            bound.set_annotation(BOUND_BY_CONTROLLER, "yes");
            bound.body["spec"]["volumeName"] = json!(found.name());
        }
        actions.push(replace(bound));
        // The status follows when the claim is seen with its volume.
        return actions;
    }
    let mut status = object.body["status"].clone();
    status["phase"] = json!("Bound");
    status["accessModes"] = found.body["spec"]["accessModes"].clone();
    status["capacity"] = found.body["spec"]["capacity"].clone();
    if status != object.body["status"] {
        actions.push(with_status(object, status));
    }
    actions
}

fn with_status(claim: &Object, status: Value) -> Action {
    let mut object = claim.clone();
    object.body["status"] = status;
    Action::ReplaceStatus {
        collection: claims(),
        object,
    }
}

fn lost(claim: &Object, reason: &'static str, message: &str) -> Vec<Action> {
    if claim.text("/status/phase") == "Lost" {
        return Vec::new();
    }
    vec![
        with_status(claim, json!({"phase": "Lost"})),
        Action::warning(claim, reason, message.to_owned()),
    ]
}

/// There is no volume to bind: make one, or say why not.
fn provide(observed: &Observed) -> Vec<Action> {
    let Observed { object, claim, .. } = observed;
    if claim.class.is_none()
        && let Some(class) = default_class(observed.storage.classes.values())
    {
        let mut object = (**object).clone();
        object.body["spec"]["storageClassName"] = json!(class.name);
        return vec![replace(object)];
    }
    let normal = |reason, message: String| vec![Action::normal(object, reason, message)];
    let Some(class) = observed.class() else {
        let message = if claim.class().is_empty() {
            "no persistent volumes available for this claim and no storage class is set".to_owned()
        } else {
            format!(
                "storageclass.storage.k8s.io \"{}\" not found",
                claim.class()
            )
        };
        return normal("FailedBinding", message);
    };
    if class.is_late && claim.selected_node.is_empty() {
        let message = "waiting for first consumer to be created before binding";
        return normal("WaitForFirstConsumer", message.to_owned());
    }
    if !class.provisions() {
        let message = "no persistent volumes available for this claim";
        return normal("FailedBinding", message.to_owned());
    }
    if class.provisioner != PROVISIONER {
        let message = format!(
            "Waiting for a volume to be created either by the external provisioner '{}' or \
             manually by the system administrator. If volume creation is delayed, please verify \
             that the provisioner is running and correctly registered.",
            class.provisioner
        );
        return normal("ExternalProvisioning", message);
    }
    provision(observed, class)
}

fn provision(observed: &Observed, class: &Class) -> Vec<Action> {
    let Observed { object, claim, .. } = observed;
    let fail = |message: &str| {
        let message = message.to_owned();
        vec![Action::warning(object, "ProvisioningFailed", message)]
    };
    if !class.is_late {
        return fail("a local volume needs a class with volumeBindingMode WaitForFirstConsumer");
    }
    if claim.selector.is_some() {
        return fail("a claim with a selector cannot be given a new volume");
    }
    let Some(node) = &observed.node else {
        // The scheduler chooses again.
        let mut object = (**object).clone();
        let annotations = object.metadata_mut().get_mut("annotations");
        if let Some(annotations) = annotations.and_then(Value::as_object_mut) {
            annotations.shift_remove(SELECTED_NODE);
        }
        return vec![replace(object)];
    };
    let volume = local::volume(observed, node, &class.reclaim_policy);
    let message = format!("Successfully provisioned volume {}", volume.name());
    vec![
        Action::Create {
            collection: volumes(),
            object: volume,
        },
        Action::normal(object, "ProvisioningSucceeded", message),
    ]
}
