//! `images`.

use regex::Regex;
use serde_json::Value;

use super::super::fields::{Absent, FieldSpec, is_scalar, text, visit};
use super::super::kustomization::Image;
use super::super::resource::Resources;
use super::super::site::Site;
use super::labels::fault;
use crate::Problem;

pub(in super::super) fn set(
    site: &Site,
    image: &Image,
    specs: &[FieldSpec],
    resources: &mut Resources,
) -> Result<(), Problem> {
    let name = &image.name;
    // Kustomize takes the name as an expression, too.
    let pattern = format!("^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$");
    let pattern = Regex::new(&pattern)
        .map_err(|_| site.problem(format!("the name {name:?} is no regular expression")))?;
    let mut put = |value: &mut Value| {
        if !is_scalar(value) {
            return Err("an image is no text".to_owned());
        }
        if let Some(old) = text(value).filter(|old| pattern.is_match(old)) {
            *value = replaced(&old, image).into();
        }
        Ok(())
    };
    for resource in resources.iter_mut() {
        let gvk = resource.object.gvk();
        if gvk.kind == "CustomResourceDefinition" {
            continue;
        }
        let body = &mut resource.object.body;
        let mut done = containers(body, &mut put);
        for spec in specs.iter().filter(|spec| spec.is_for(&gvk)) {
            let absent = Absent::Skip;
            done = done.and_then(|()| visit(body, &spec.path, absent, &mut put));
        }
        done.map_err(|why| fault(site, resource, &why))?;
    }
    Ok(())
}

/// Finds lists of containers at any depth, in kinds nobody knows too.
fn containers(
    value: &mut Value,
    put: &mut impl FnMut(&mut Value) -> Result<(), String>,
) -> Result<(), String> {
    match value {
        Value::Array(items) => items.iter_mut().try_for_each(|item| containers(item, put)),
        Value::Object(map) => map.iter_mut().try_for_each(|(key, value)| {
            containers(value, put)?;
            if key != "containers" && key != "initContainers" {
                return Ok(());
            }
            let items = value.as_array_mut().into_iter().flatten();
            let images = items.filter_map(|item| item.get_mut("image"));
            images.into_iter().try_for_each(&mut *put)
        }),
        _ => Ok(()),
    }
}

fn replaced(old: &str, image: &Image) -> String {
    let (name, tag, digest) = split(old);
    let name = match image.new_name.as_str() {
        "" => name,
        new => new,
    };
    let (tag, digest) = match (image.new_tag.as_str(), image.digest.as_str()) {
        ("", "") if image.tag_suffix.is_empty() => (tag.to_owned(), digest),
        ("", "") => (format!("{tag}{}", image.tag_suffix), ""),
        (tag, digest) => (tag.to_owned(), digest),
    };
    let mut replaced = name.to_owned();
    for (mark, part) in [(':', tag.as_str()), ('@', digest)] {
        if !part.is_empty() {
            replaced.push(mark);
            replaced.push_str(part);
        }
    }
    replaced
}

/// Name, tag and digest; a colon before the first slash is a port.
fn split(image: &str) -> (&str, &str, &str) {
    let (rest, digest) = image.split_once('@').unwrap_or((image, ""));
    let path = rest.find('/').filter(|at| *at > 0).unwrap_or(0);
    match rest[path..].find(':') {
        Some(colon) => (&rest[..path + colon], &rest[path + colon + 1..], digest),
        None => (rest, "", digest),
    }
}
