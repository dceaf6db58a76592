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
const UNKNOWN_HOST: &str = "the registry's name cannot be resolved";
/// Tags that are named.
const TAGS: usize = 3;

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
    let tags = other_tags(facts, image);
    match cause.as_str() {
        // The name is right: the tag may be wrong.
        "not found" if !tags.is_empty() => advice = known(&tags),
        UNKNOWN_HOST if !tags.is_empty() => {
            let tag = parts(image).1;
            advice = format!(
                "{}; or, where {tag} is one, mend the node's DNS",
                known(&tags)
            );
        }
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

fn known(tags: &[String]) -> String {
    format!(
        "Name a tag that there is: this node has {}",
        tags.join(", ")
    )
}

/// What the pod's node has of the same image with other tags, the newest names last.
fn other_tags(facts: &Facts, image: &str) -> Vec<String> {
    let (name, tag) = parts(image);
    let node = facts.object.text("/spec/nodeName");
    let Lookup::Found(node) = facts.find("Node", "", node) else {
        return Vec::new();
    };
    let listed = items(&node.body["status"]["images"]).flat_map(|it| items(&it["names"]));
    let mut tags: Vec<String> = listed
        .filter_map(|it| Some(parts(it.as_str()?)))
        .filter(|(other, of)| *other == name && !of.is_empty() && *of != tag)
        .map(|(name, tag)| format!("{name}:{tag}"))
        .collect();
    tags.sort();
    tags.dedup();
    let more = tags.len().saturating_sub(TAGS);
    tags.split_off(more)
}

/// An image's name as people write it, and its tag; none where it has a digest.
fn parts(image: &str) -> (&str, &str) {
    let short = image.strip_prefix("docker.io/").unwrap_or(image);
    let short = short.strip_prefix("library/").unwrap_or(short);
    let name = short.split('@').next().unwrap_or(short);
    match name.rsplit_once(':') {
        // A port of the registry is none.
        Some((bare, tag)) if !tag.contains('/') => (bare, if name == short { tag } else { "" }),
        _ => (name, ""),
    }
}

/// What to do where the registry gave no answer about this image.
fn next(container: &Container, cause: &str) -> &'static str {
    match (container.waits_for(), cause) {
        ("InvalidImageName", _) => "Write it as registry/name:tag",
        ("ErrImageNeverPull", _) => {
            "Set imagePullPolicy to IfNotPresent, or put the image on the node"
        }
        (_, UNKNOWN_HOST) => "Name a registry that there is, or mend the node's DNS",
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

#[cfg(test)]
mod tests {
    use api::Object;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_that_the_node_has_with_another_tag_is_right() {
        let node = json!({"kind": "Node", "metadata": {"name": "node-1"}, "status": {"images": [
            {"names": ["kedge.local/movies:1.0", "kedge.local/movies@sha256:ab"]},
            {"names": ["docker.io/library/nginx:1.25"]},
            {"names": ["localhost:5000/web:2"]},
        ]}});
        let check = |image: &str, expected: &[&str]| {
            let pod = json!({"kind": "Pod", "spec": {"nodeName": "node-1"}});
            let facts = Facts {
                object: Object::from(pod),
                around: vec![Object::from(node.clone())],
                ..Facts::default()
            };
            assert_eq!(other_tags(&facts, image), expected, "{image}");
        };
        check("kedge.local/movies:9.9", &["kedge.local/movies:1.0"]);
        check("kedge.local/movies", &["kedge.local/movies:1.0"]);
        check("kedge.local/movies:1.0", &[]);
        check("kedge.local/movie:9.9", &[]);
        check("nginx:9", &["nginx:1.25"]);
        check("localhost:5000/web:3", &["localhost:5000/web:2"]);
        check("localhost:5000/other", &[]);
    }
}
