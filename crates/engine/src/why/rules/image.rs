//! An image that is not there, or that the node may not have.

use super::container::{Container, containers};
use crate::why::chain::{Cause, Step, Tone};
use crate::why::facts::{Facts, Lookup, items, message};
use crate::why::text::image_cause;

const REASONS: [&str; 6] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "ImageInspectError",
    "RegistryUnavailable",
    "ErrImageNeverPull",
    "InvalidImageName",
];
const DENIED: &str = "access denied";

pub(super) fn find(facts: &Facts) -> Option<Cause> {
    let all = containers(&facts.object);
    let container = all.iter().find(|it| REASONS.contains(&it.waits_for()))?;
    let image = container.spec["image"].as_str().unwrap_or_default();
    let said = said(facts, container, image);
    let cause = image_cause(&said);
    let heading = match (container.waits_for(), cause.as_str()) {
        ("ErrImageNeverPull", _) => {
            format!("Image {image} is not on the node, and may not be pulled")
        }
        ("InvalidImageName", _) => format!("{image:?} is no name of an image"),
        (_, "") => format!("Image {image} cannot be pulled"),
        (_, cause) => format!("Image {image} cannot be pulled: {cause}"),
    };
    let mut steps = vec![Step::new(Tone::Bad, "pull by the node", heading).text(said.trim())];
    let mut field = container.field(facts, "image");
    let mut advice = String::new();
    match cause.as_str() {
        "not found" => "Name an image that the registry has".clone_into(&mut advice),
        DENIED => {
            let (step, names_secret) = credentials(facts);
            steps.push(step);
            if names_secret {
                "Put credentials that may read this image into the Secret".clone_into(&mut advice);
            } else {
                field = facts.pod_field("spec.imagePullSecrets");
                "Name a Secret with credentials in imagePullSecrets".clone_into(&mut advice);
            }
        }
        cause => advice.push_str(next(container, cause)),
    }
    Some(Cause::of(steps).at(field).advice(advice))
}

/// What to do where the registry gave no answer about this image.
fn next(container: &Container, cause: &str) -> &'static str {
    match (container.waits_for(), cause) {
        ("InvalidImageName", _) => "Write it as registry/name:tag",
        ("ErrImageNeverPull", _) => {
            "Set imagePullPolicy to IfNotPresent, or put the image on the node"
        }
        (_, "the registry's name cannot be resolved") => {
            "Name a registry that there is, or mend the node's DNS"
        }
        (_, "the registry limits the rate of pulls") => {
            "Wait, or name a registry of your own: the node tries again by itself"
        }
        (_, "the registry's certificate is not trusted") => {
            "Have the node trust the registry's authority, or name another registry"
        }
        (_, "no space left on the node") => "Make room on the node's disk",
        (_, "no image for this node's platform") => {
            "Name an image that is built for the node's platform"
        }
        (_, "the registry refuses connections" | "the registry does not answer") => {
            "Find out why the node does not reach the registry, or name another one: the node tries \
             again by itself"
        }
        _ => "Name an image that the node can pull: what it said is above",
    }
}

/// What the node says; a container that is backing off only says that it is.
fn said(facts: &Facts, container: &Container, image: &str) -> String {
    let own = container.waiting_message();
    if !image_cause(own).is_empty() {
        return own.to_owned();
    }
    let failed = facts.warnings("Failed").map(message);
    let told = failed
        .filter(|it| it.contains(image))
        .find(|it| !image_cause(it).is_empty());
    told.unwrap_or(own).to_owned()
}

/// What the pod has to show to a registry, and whether it is anything.
fn credentials(facts: &Facts) -> (Step, bool) {
    let namespace = facts.object.namespace();
    let names: Vec<&str> = items(&facts.object.body["spec"]["imagePullSecrets"])
        .filter_map(|secret| secret["name"].as_str())
        .collect();
    let absent = names
        .iter()
        .find(|name| facts.find("Secret", namespace, name) == Lookup::Absent);
    let (heading, source) = match (names.as_slice(), absent) {
        ([], _) => (
            "The pod names no imagePullSecrets".to_owned(),
            "pod".to_owned(),
        ),
        (_, Some(name)) => (
            format!("Secret {name} of its imagePullSecrets does not exist"),
            format!("Secret/{name}"),
        ),
        (names, None) => (
            format!(
                "It was asked for with the credentials in {}",
                names.join(", ")
            ),
            "pod".to_owned(),
        ),
    };
    (Step::new(Tone::Warn, source, heading), !names.is_empty())
}
