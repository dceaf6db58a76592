//! Where in the repository a commit asks for an object's fields.

use std::sync::Arc;

use serde_json::Value;

use api::ObjectKey;
use api::codec::yaml::Document;
use engine::render::Documents;
use engine::rollout::CommitId;
use engine::tree::Reader;
use engine::{Application, Origin};

use super::Error;
use super::kustomized;
use super::queries::unreadable;
use crate::source::Source;
use crate::sync::before_files;
use crate::sync::core::Core;

/// One place for each field, in their order: the field's own line, that of the kustomization which
/// makes its value or, where none of both says it (a default, a patch of Kustomize), that of what it
/// would be in. Empty where the commit is
/// not known to ask for the object.
pub(super) async fn origins(
    core: &Core,
    key: &ObjectKey,
    commit: &CommitId,
    fields: &[String],
) -> Result<Vec<Origin>, Error> {
    let Some(found) = find(core, key, commit).await? else {
        return Ok(Vec::new());
    };
    let places = kustomized::places(core, &found, key, fields).await?;
    let told = places.iter();
    Ok(told.map(|(file, line)| found.told(file, *line)).collect())
}

/// The file in which a commit asks for an object.
pub(super) struct Found {
    /// As people are told of it.
    origin: Origin,
    pub(super) source: Source,
    /// In its repository.
    pub(super) file: String,
    pub(super) commit: CommitId,
    pub(super) bytes: Arc<[u8]>,
    text: Option<Documents>,
    /// Whose it is, as it is now.
    pub(super) application: Option<Application>,
    /// Where its manifests are in that repository.
    pub(super) directory: String,
    /// The commit that was asked, of all its sources.
    pub(super) asked: CommitId,
}

impl Found {
    /// Where a field is, and whether that is its own line.
    pub(super) fn place(&self, field: &str) -> (Origin, bool) {
        place(self.text.as_ref(), &self.origin, field)
    }

    /// A line of a file of the same repository, as people are told of it: that of a further source has
    /// the source before it.
    pub(super) fn told(&self, file: &str, line: u32) -> Origin {
        let source = self.origin.file.strip_suffix(&self.file);
        Origin {
            file: format!("{}{file}", source.unwrap_or_default()),
            line,
        }
    }

    /// What the file says of a field.
    pub(super) fn value(&self, field: &str) -> Option<Value> {
        let document = document(self.text.as_ref(), &self.origin)?;
        value(&document.value, field).cloned()
    }

    /// The same of another file, as it is at the same commit.
    pub(super) async fn at(self, file: &str) -> Result<Self, Error> {
        let bytes = read(&self.source, &self.commit, file).await?;
        Ok(Self {
            file: file.to_owned(),
            bytes: bytes.unwrap_or_default(),
            ..self
        })
    }
}

/// `None` where the commit is not known to ask for the object.
pub(super) async fn find(
    core: &Core,
    key: &ObjectKey,
    commit: &CommitId,
) -> Result<Option<Found>, Error> {
    let asked = core.history.reader().origin(key, commit).await?;
    let Some((application, origin)) = asked else {
        return Ok(None);
    };
    let target = core.target();
    let application = target.and_then(|target| core.application(&target, &application));
    let asked = commit.clone();
    let (source, directory, file, commit) = if let Some(application) = &application {
        let (index, file) = within(application, &origin.file);
        let parts = commit.parts();
        let source = application.sources().nth(index);
        let source = source.unwrap_or(&application.source);
        let commit = parts.get(index).unwrap_or(commit).clone();
        (core.repository(source), source.path.clone(), file, commit)
    } else {
        let file = origin.file.clone();
        (core.source.clone(), String::new(), file, commit.clone())
    };
    let bytes = read(&source, &commit, &file).await?;
    let text = bytes.as_ref();
    let text = text.and_then(|bytes| Documents::parse(&origin.file, bytes).ok());
    Ok(Some(Found {
        bytes: bytes.unwrap_or_default(),
        origin,
        source,
        file,
        commit,
        text,
        application,
        directory,
        asked,
    }))
}

async fn read(source: &Source, commit: &CommitId, file: &str) -> Result<Option<Arc<[u8]>>, Error> {
    let (at, path) = (commit.clone(), file.to_owned());
    let reading = source.location.read(move |git| {
        let tree = git.tree(&at)?;
        let bytes: Option<Arc<[u8]>> = Reader::new(&tree).file(&path).ok().flatten();
        Ok(bytes)
    });
    reading.await.map_err(unreadable)
}

/// Where the newest commit of the cluster repository says each field of an Application itself.
pub(super) async fn definition(
    core: &Core,
    application: &str,
    fields: &[String],
) -> Result<Option<(CommitId, Vec<Origin>)>, Error> {
    let target = core.target();
    let found = target.as_ref().and_then(|target| {
        let found = target.applications.get(application)?;
        Some((target.revision().clone(), found.manifest.origin.clone()))
    });
    let Some((commit, origin)) = found else {
        return Ok(None);
    };
    let bytes = read(&core.source, &commit, &origin.file).await?;
    let text = bytes.and_then(|bytes| Documents::parse(&origin.file, &bytes).ok());
    let places = fields
        .iter()
        .map(|field| place(text.as_ref(), &origin, field).0);
    Ok(Some((commit, places.collect())))
}

/// Which source a file is in, and where in it.
fn within(application: &Application, file: &str) -> (usize, String) {
    let first = &application.source;
    let mut sources = application.sources().enumerate();
    let found = sources.find_map(|(index, source)| {
        let name = before_files(first, source);
        let rest = file.strip_prefix(&name).filter(|_| !name.is_empty())?;
        Some((index, rest.to_owned()))
    });
    found.unwrap_or_else(|| (0, file.to_owned()))
}

fn document<'a>(text: Option<&'a Documents>, origin: &Origin) -> Option<&'a Document> {
    let mut documents = text?.documents.iter();
    documents.find(|document| document.start().line == origin.line)
}

/// What an object says of a field.
pub(super) fn value<'a>(object: &'a Value, field: &str) -> Option<&'a Value> {
    followed(object, field).1
}

fn place(text: Option<&Documents>, origin: &Origin, field: &str) -> (Origin, bool) {
    let Some(document) = document(text, origin) else {
        return (origin.clone(), false);
    };
    let (path, whole) = numbered(&document.value, field);
    // What the server stores as data, people write as text.
    let said = field.strip_prefix("data").filter(|_| !whole);
    let said = said.map(|rest| numbered(&document.value, &format!("stringData{rest}")));
    let (path, whole) = said.filter(|(_, whole)| *whole).unwrap_or((path, whole));
    let at = Origin {
        file: origin.file.clone(),
        line: document.nearest(&path).line,
    };
    (at, whole && document.position(&path).is_some())
}

/// A field's path with elements of lists by number, as far as the object has it:
/// `spec.containers[name=web].image` is `spec.containers[0].image`. Whether it has all of it, too.
fn numbered(object: &Value, field: &str) -> (String, bool) {
    let (path, value) = followed(object, field);
    (path, value.is_some())
}

/// The same, with what is there.
fn followed<'a>(object: &'a Value, field: &str) -> (String, Option<&'a Value>) {
    let (mut path, mut here, mut rest) = (String::new(), Some(object), field);
    while !rest.is_empty() {
        if let Some((inside, after)) = rest.strip_prefix('[').and_then(|it| it.split_once(']')) {
            here = if let Some(Value::Array(list)) = here {
                let told = list.iter().position(|item| is(item, inside));
                let counted = || inside.parse().ok().filter(|at| *at < list.len());
                let Some(at) = told.or_else(counted) else {
                    return (path, None);
                };
                path.extend(["[", &at.to_string(), "]"]);
                list.get(at)
            } else {
                path.extend(["[", inside, "]"]);
                here.and_then(|value| value.get(inside))
            };
            rest = after;
        } else {
            let part = rest.strip_prefix('.').unwrap_or(rest);
            let end = part.find(['.', '[']).unwrap_or(part.len());
            let (name, after) = part.split_at(end);
            if !path.is_empty() {
                path.push('.');
            }
            path += name;
            here = here.and_then(|value| value.get(name));
            // A bracket that is never closed ends it.
            rest = if name.is_empty() { "" } else { after };
        }
    }
    (path, here)
}

/// Whether an element is the one that `name=web`, or the value itself, tells apart. Keys that the
/// file leaves to their defaults do not count.
fn is(item: &Value, told: &str) -> bool {
    if !item.is_object() {
        return text(item) == told;
    }
    if !told.contains('=') {
        return is_labelled(item, told);
    }
    let mut found = false;
    told.split(',').all(|pair| {
        let Some((key, wanted)) = pair.split_once('=') else {
            return false;
        };
        let value = item.get(key);
        found |= value.is_some();
        value.is_none_or(|value| text(value) == wanted)
    }) && found
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// What tells elements apart where only the value is told, as comparisons do it.
const LABELS: [&str; 6] = ["name", "mountPath", "containerPort", "port", "key", "ip"];

/// Whether an element is `web`, or `80/TCP` where it takes several keys.
fn is_labelled(item: &Value, told: &str) -> bool {
    let first = told.split('/').next().unwrap_or_default();
    let is = |key: &&str| {
        item.get(*key)
            .map(text)
            .is_some_and(|has| has == told || has == first)
    };
    LABELS.iter().any(is)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_in_the_source_that_it_is_named_after() {
        let body = serde_json::json!({"metadata": {"name": "web"}, "spec": {"sources": [
            {"path": "web"}, {"repo": "shop", "path": "deploy", "revision": "main"},
            {"repo": "base", "path": "."},
        ]}});
        let application = Application::from_object(&body.into());
        let check = |file: &str, index: usize, expected: &str| {
            assert_eq!(within(&application, file), (index, expected.to_owned()));
        };
        check("web/a.yaml", 0, "web/a.yaml");
        check("shop@main//deploy/a.yaml", 1, "deploy/a.yaml");
        check("base//a.yaml", 2, "a.yaml");
    }

    const FILE: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    example.org/tier: front
spec:
  template:
    spec:
      containers:
        - name: side
          image: side:1
        - name: web
          image: web:1
          ports:
            - containerPort: 80
";

    #[test]
    fn a_field_is_where_the_file_says_it() {
        let text = Documents::parse("web.yaml", FILE.as_bytes()).unwrap();
        let origin = Origin {
            file: "web.yaml".into(),
            line: 5,
        };
        let container = "spec.template.spec.containers[name=web]";
        for (field, line) in [
            ("metadata.labels[example.org/tier]", 10),
            (&format!("{container}.image"), 18),
            (
                &format!("{container}.ports[containerPort=80,protocol=TCP].containerPort"),
                20,
            ),
            // Left to its default: what it would be in.
            (&format!("{container}.imagePullPolicy"), 17),
            ("spec.replicas", 11),
            ("spec.template.spec.containers[name=gone].image", 14),
            ("spec[", 11),
            ("spec.template.spec.containers[1].image", 18),
            // As comparisons tell them.
            ("spec.template.spec.containers[web].image", 18),
            (
                "spec.template.spec.containers[web].ports[80/TCP].containerPort",
                20,
            ),
            ("", 5),
        ] {
            assert_eq!(place(Some(&text), &origin, field).0.line, line, "{field}");
        }
        assert_eq!(place(None, &origin, "spec.replicas").0, origin);
    }
}
