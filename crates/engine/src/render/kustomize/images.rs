//! `images`.

use serde_json::Value;

use super::kustomization::{Image, Kustomization};
use super::resource::Resources;

pub(super) fn set(kustomization: &Kustomization, resources: &mut Resources) {
    for image in &kustomization.images {
        for resource in resources.iter_mut() {
            if resource.object.kind() != "CustomResourceDefinition" {
                containers(&mut resource.object.body, image);
            }
        }
    }
}

/// Finds lists of containers at any depth, in kinds nobody knows too.
fn containers(value: &mut Value, image: &Image) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| containers(item, image)),
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                if key == "containers" || key == "initContainers" {
                    for container in value.as_array_mut().into_iter().flatten() {
                        if let Some(Value::String(text)) = container.get_mut("image") {
                            replace(text, image);
                        }
                    }
                } else {
                    containers(value, image);
                }
            }
        }
        _ => {}
    }
}

fn replace(text: &mut String, image: &Image) {
    let (name, tag, digest) = split(text);
    if name != image.name {
        return;
    }
    let name = if image.new_name.is_empty() {
        name
    } else {
        &image.new_name
    };
    let (tag, digest) = match (image.new_tag.as_str(), image.digest.as_str()) {
        ("", "") if image.tag_suffix.is_empty() => (tag.to_owned(), digest),
        ("", "") => (format!("{tag}{}", image.tag_suffix), ""),
        (tag, digest) => (tag.to_owned(), digest),
    };
    let mut replaced = name.to_owned();
    if !tag.is_empty() {
        replaced = format!("{replaced}:{tag}");
    }
    if !digest.is_empty() {
        replaced = format!("{replaced}@{digest}");
    }
    *text = replaced;
}

/// Name, tag and digest; a colon before a slash is a port.
fn split(image: &str) -> (&str, &str, &str) {
    let (rest, digest) = image.split_once('@').unwrap_or((image, ""));
    match rest.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag, digest),
        _ => (rest, "", digest),
    }
}
