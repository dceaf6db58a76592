//! What Kustomize makes another value of than the manifest has: the line that says so is in the
//! kustomization, and the manifest's own line is not the cause of anything.

use serde_json::Value;

use api::{Object, ObjectKey, resource};
use engine::Manifest;
use engine::render::{Documents, kustomize};
use engine::tree::{Reader, path};

use super::origins::{Found, value};
use super::queries::unreadable;
use super::{Error, rendered};
use crate::sync::core::Core;

/// Fields of `images` in a kustomization, each with what stands before it in an image's name.
const IMAGE: [(&str, &str); 3] = [("digest", "@"), ("newTag", ":"), ("newName", "")];

/// What `replicas` in a kustomization sets.
const REPLICAS: &str = "spec.replicas";

/// Where the value comes from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// The manifest itself.
    Written,
    /// This line of this file of its repository.
    At(String, u32),
    /// Kustomize, by what is not found.
    Somewhere,
}

/// The kustomization beside a manifest, and the object that came of both.
struct Kustomization {
    file: String,
    bytes: Vec<u8>,
    object: Object,
}

/// Compares what the commit's file has with what came of it.
pub(super) async fn made(
    core: &Core,
    found: &Found,
    key: &ObjectKey,
    field: &str,
) -> Result<Made, Error> {
    if found.value(field).is_none() {
        return Ok(Made::Written);
    }
    let beside = beside(core, found, key).await?;
    Ok(beside.map_or(Made::Written, |it| it.made(found, key, field)))
}

/// File and line of each field in its repository: those of the kustomization for what it says.
pub(super) async fn places(
    core: &Core,
    found: &Found,
    key: &ObjectKey,
    fields: &[String],
) -> Result<Vec<(String, u32)>, Error> {
    let says = |field: &String| field == REPLICAS || is_image(field);
    let beside = if fields.iter().any(says) {
        beside(core, found, key).await?
    } else {
        None
    };
    let place = |field: &String| {
        let made = beside.as_ref().filter(|_| says(field));
        match made.map(|it| it.made(found, key, field)) {
            Some(Made::At(file, line)) => (file, line),
            _ => (found.file.clone(), found.place(field).0.line),
        }
    };
    Ok(fields.iter().map(place).collect())
}

impl Kustomization {
    fn made(&self, found: &Found, key: &ObjectKey, field: &str) -> Made {
        let Some(written) = found.value(field) else {
            return Made::Written;
        };
        let is = value(&self.object.body, field);
        let Some(is) = is.filter(|is| **is != written) else {
            return Made::Written;
        };
        let line = line(&self.file, &self.bytes, (&written, is), (&key.name, field));
        line.map_or(Made::Somewhere, |line| Made::At(self.file.clone(), line))
    }
}

/// `None` where there is none, or nobody can say what came of it.
async fn beside(
    core: &Core,
    found: &Found,
    key: &ObjectKey,
) -> Result<Option<Kustomization>, Error> {
    let Some(application) = &found.application else {
        return Ok(None);
    };
    let files: Vec<String> = kustomize::NAMES
        .iter()
        .filter_map(|name| path::join(&found.directory, name))
        .collect();
    let commit = found.commit.clone();
    let reading = found.source.location.read(move |git| {
        let tree = git.tree(&commit)?;
        let reader = Reader::new(&tree);
        let mut read = files.into_iter();
        Ok(read.find_map(|file| Some((reader.file(&file).ok()??, file))))
    });
    let Some((bytes, file)) = reading.await.map_err(unreadable)? else {
        return Ok(None);
    };
    // What cannot be made again says nothing about the line.
    let Ok(at) = rendered::at(core, &application.name, &found.asked).await else {
        return Ok(None);
    };
    let manifests = at.render.manifests.as_deref().unwrap_or_default();
    let is = manifests.iter().find(|it| is_it(it, key));
    Ok(is.map(|it| Kustomization {
        file,
        bytes: bytes.to_vec(),
        object: it.object.clone(),
    }))
}

fn is_it(manifest: &Manifest, key: &ObjectKey) -> bool {
    let object: &Object = &manifest.object;
    let kind = resource::by_kind(&object.gvk()).map(api::Resource::collection);
    let namespace = object.namespace();
    kind.as_ref() == Some(&key.collection)
        && object.name() == key.name
        && (namespace.is_empty() || namespace == key.namespace)
}

/// The line of a kustomization that makes one value of another: of its `images`, or of its `replicas`.
/// What a patch makes is in no line that says so for sure.
fn line(
    file: &str,
    bytes: &[u8],
    (from, to): (&Value, &Value),
    (name, field): (&str, &str),
) -> Option<u32> {
    let parsed = Documents::parse(file, bytes).ok()?;
    let document = parsed.documents.first()?;
    let at = |path: String| document.position(&path).map(|at| at.line);
    let named = |list: &str, name: &str| {
        let list = document.value[list].as_array()?;
        list.iter().position(|item| item["name"] == name)
    };
    if field == REPLICAS {
        let index = named("replicas", name)?;
        let is_it = document.value["replicas"][index]["count"] == *to;
        return at(format!("replicas[{index}].count")).filter(|_| is_it);
    }
    if !is_image(field) {
        return None;
    }
    let (from, to) = (from.as_str()?, to.as_str()?);
    let index = named("images", bare(from))?;
    let item = &document.value["images"][index];
    let says = IMAGE.iter().find(|(field, before)| {
        let said = text(&item[*field]);
        let is_in = if before.is_empty() {
            bare(to) == said
        } else {
            to.ends_with(&format!("{before}{said}"))
        };
        !said.is_empty() && is_in
    });
    says.and_then(|(field, _)| at(format!("images[{index}].{field}")))
}

fn is_image(field: &str) -> bool {
    field.rsplit('.').next() == Some("image")
}

/// An image's name without tag and digest.
fn bare(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    match image.rsplit_once(':') {
        // A port of the registry is none.
        Some((name, tag)) if !tag.contains('/') => name,
        _ => image,
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FILE: &str = "\
resources: [deployment.yaml]
images:
- name: proxy
  newTag: '9.9'
- name: registry.example.org:5000/movies
  newName: mirror.example.org/movies
  newTag: '9.9'
replicas:
- {name: web, count: 3}
- name: api
  count: 3
patches:
- patch: |-
    - op: replace
      path: /spec/minReadySeconds
      value: 17
";

    #[test]
    fn the_line_that_makes_the_value_is_found() {
        let of = |sides: (Value, Value), place: (&str, &str), expected: Option<u32>| {
            let (from, to) = &sides;
            let found = line("kustomization.yaml", FILE.as_bytes(), (from, to), place);
            assert_eq!(found, expected, "{from} to {to}");
        };
        let movies = "registry.example.org:5000/movies";
        let image = |from: &str, to: &str, expected: Option<u32>| {
            let place = ("web", "spec.template.spec.containers[name=web].image");
            of((json!(from), json!(to)), place, expected);
        };
        image(movies, "mirror.example.org/movies:9.9", Some(7));
        let old = format!("{movies}:9.9");
        image(&old, "mirror.example.org/movies:9", Some(6));
        image("proxy:1", "proxy:9.9", Some(4));
        image("other:1", "other:2", None);
        let number = |place, to: i64, expected| of((json!(1), json!(to)), place, expected);
        number(("api", "spec.replicas"), 3, Some(11));
        number(("web", "spec.replicas"), 3, Some(9));
        // A patch, whatever else says the same number.
        number(("web", "spec.replicas"), 4, None);
        number(("api", "spec.minReadySeconds"), 3, None);
        number(("web", "spec.minReadySeconds"), 17, None);
    }

    #[test]
    fn an_image_has_a_name() {
        assert_eq!(bare("a.example.org:5000/x/y"), "a.example.org:5000/x/y");
        assert_eq!(bare("a.example.org:5000/x/y:1.0"), "a.example.org:5000/x/y");
        assert_eq!(bare("x:1@sha256:ab"), "x");
    }
}
