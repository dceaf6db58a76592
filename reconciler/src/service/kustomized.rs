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

/// Compares what the commit's file has with what came of it.
pub(super) async fn made(
    core: &Core,
    found: &Found,
    key: &ObjectKey,
    field: &str,
) -> Result<Made, Error> {
    let (Some(application), Some(written)) = (&found.application, found.value(field)) else {
        return Ok(Made::Written);
    };
    let at = rendered::at(core, &application.name, &found.asked).await?;
    let manifests = at.render.manifests.as_deref().unwrap_or_default();
    let is = manifests.iter().find(|it| is_it(it, key));
    let is = is.and_then(|it| value(&it.object.body, field));
    if is.is_none_or(|is| *is == written) {
        return Ok(Made::Written);
    }
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
        return Ok(Made::Written);
    };
    let line = is.and_then(|is| line(&file, &bytes, (&written, is), &key.name));
    Ok(line.map_or(Made::Somewhere, |line| Made::At(file, line)))
}

fn is_it(manifest: &Manifest, key: &ObjectKey) -> bool {
    let object: &Object = &manifest.object;
    let kind = resource::by_kind(&object.gvk()).map(api::Resource::collection);
    let namespace = object.namespace();
    kind.as_ref() == Some(&key.collection)
        && object.name() == key.name
        && (namespace.is_empty() || namespace == key.namespace)
}

/// The line of a kustomization that makes one value of another: of its `images`, of its `replicas`,
/// or the only one that says the very value.
fn line(file: &str, bytes: &[u8], (from, to): (&Value, &Value), name: &str) -> Option<u32> {
    let parsed = Documents::parse(file, bytes).ok()?;
    let document = parsed.documents.first()?;
    let at = |path: String| document.position(&path).map(|at| at.line);
    let named = |list: &str, name: &str| {
        let list = document.value[list].as_array()?;
        list.iter().position(|item| item["name"] == name)
    };
    if let (Some(from), Some(to)) = (from.as_str(), to.as_str())
        && let Some(index) = named("images", bare(from))
    {
        let item = &document.value["images"][index];
        let says = IMAGE.iter().find(|(field, before)| {
            let said = text(&item[*field]);
            let part = format!("{before}{said}");
            let is_in = if before.is_empty() {
                bare(to) == said
            } else {
                to.ends_with(&part)
            };
            !said.is_empty() && is_in
        });
        return says.and_then(|(field, _)| at(format!("images[{index}].{field}")));
    }
    if let Some(index) = named("replicas", name)
        && document.value["replicas"][index]["count"] == *to
    {
        return at(format!("replicas[{index}].count"));
    }
    let to = text(to);
    let lines = (1_u32..).zip(parsed.text.lines());
    let mut saying = lines.filter(|(_, line)| scalar(line) == to);
    let (only, _) = saying.next()?;
    saying.next().is_none().then_some(only)
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

/// What a line says, without its key and quotes.
fn scalar(line: &str) -> &str {
    let line = line.trim().trim_start_matches("- ");
    let said = line.split_once(": ").map_or(line, |(_, said)| said);
    said.trim().trim_matches(['"', '\''])
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
        let check = |from: Value, to: Value, name: &str, expected: Option<u32>| {
            let found = line("kustomization.yaml", FILE.as_bytes(), (&from, &to), name);
            assert_eq!(found, expected, "{from} to {to}");
        };
        let movies = "registry.example.org:5000/movies";
        check(
            json!(movies),
            json!("mirror.example.org/movies:9.9"),
            "web",
            Some(7),
        );
        check(
            json!(format!("{movies}:9.9")),
            json!("mirror.example.org/movies:9"),
            "web",
            Some(6),
        );
        check(json!("proxy:1"), json!("proxy:9.9"), "web", Some(4));
        check(json!("other:1"), json!("other:2"), "web", None);
        check(json!(1), json!(3), "api", Some(11));
        check(json!(1), json!(3), "web", Some(9));
        check(json!(0), json!(17), "web", Some(16));
        // Who knows which of the two.
        check(json!("1"), json!("9.9"), "web", None);
    }

    #[test]
    fn an_image_has_a_name() {
        assert_eq!(bare("a.example.org:5000/x/y"), "a.example.org:5000/x/y");
        assert_eq!(bare("a.example.org:5000/x/y:1.0"), "a.example.org:5000/x/y");
        assert_eq!(bare("x:1@sha256:ab"), "x");
    }
}
