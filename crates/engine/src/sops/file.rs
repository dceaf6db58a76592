//! An encrypted file as it is in the repository: its format, its values in order, its metadata.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use api::codec::yaml;

use super::Error;
use super::metadata::{Metadata, is_metadata};

/// The key of the metadata, and with `_` what the lines of a dotenv file begin with that are part
/// of it.
pub(super) const METADATA: &str = "sops";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Yaml,
    Json,
    Dotenv,
    /// Any file, as the one value `data` of a JSON file.
    Binary,
}

/// An encrypted file. What is in it stays encrypted.
#[derive(Debug, Clone)]
pub(super) struct File {
    pub(super) format: Format,
    pub(super) metadata: Metadata,
    /// Without the metadata.
    pub(super) documents: Vec<Value>,
    pub(super) bytes: Arc<[u8]>,
}

/// One value that is neither a list nor a mapping.
pub(super) struct Leaf<'a> {
    /// The keys that lead to it, as SOPS counts them: places in lists are none.
    pub(super) path: Vec<&'a str>,
    /// `stringData.password`, `items[0].data`
    pub(super) field: String,
    pub(super) value: &'a Value,
    pub(super) is_encrypted: bool,
}

impl File {
    /// Reads a file; `None` where it is not encrypted with SOPS.
    pub(super) fn read(path: &str, bytes: &Arc<[u8]>) -> Result<Option<Self>, Error> {
        if !contains(bytes, METADATA.as_bytes()) {
            return Ok(None);
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Ok(None);
        };
        let (format, mut documents, metadata) = if text.trim_start().starts_with('{') {
            let Ok(mut value) = serde_json::from_str::<Value>(text) else {
                return Ok(None);
            };
            let metadata = take(&mut value);
            (json(path, &value), vec![value], metadata)
        } else if has_line(text, "sops_mac=") {
            let (values, metadata) = dotenv(text)?;
            (Format::Dotenv, vec![values], Some(metadata))
        } else if has_line(text, "[sops]") {
            return Err(Error::Malformed(
                "INI files are not supported, encrypt it with --input-type binary",
            ));
        } else if has_line(text, "sops:") {
            let Ok(documents) = yaml::documents(text) else {
                return Ok(None);
            };
            let mut values: Vec<Value> = documents.into_iter().map(|it| it.value).collect();
            // Every document has a copy; the first one counts.
            let mut metadata = None;
            for value in &mut values {
                metadata = metadata.or(take(value));
            }
            (Format::Yaml, values, metadata)
        } else {
            return Ok(None);
        };
        let Some(metadata) = metadata else {
            return Ok(None);
        };
        documents.retain(|document| !document.is_null());
        Ok(Some(Self {
            format,
            metadata: Metadata::read(&metadata)?,
            documents,
            bytes: bytes.clone(),
        }))
    }

    /// Every value but null, in the order of the file, document by document.
    pub(super) fn leaves(&self) -> impl Iterator<Item = Leaf<'_>> {
        self.documents.iter().flat_map(|it| self.leaves_of(it))
    }

    pub(super) fn leaves_of<'a>(&self, document: &'a Value) -> Vec<Leaf<'a>> {
        let mut leaves = Vec::new();
        self.walk(document, &mut Vec::new(), "", &mut leaves);
        leaves
    }

    fn walk<'a>(
        &self,
        value: &'a Value,
        path: &mut Vec<&'a str>,
        field: &str,
        leaves: &mut Vec<Leaf<'a>>,
    ) {
        match value {
            Value::Null => {}
            Value::Object(map) => {
                for (key, value) in map {
                    let inner = if field.is_empty() {
                        key.clone()
                    } else {
                        format!("{field}.{key}")
                    };
                    path.push(key);
                    self.walk(value, path, &inner, leaves);
                    path.pop();
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.walk(item, path, &format!("{field}[{index}]"), leaves);
                }
            }
            scalar => leaves.push(Leaf {
                is_encrypted: scalar != "" && self.metadata.encrypts(path, scalar),
                path: path.clone(),
                field: field.to_owned(),
                value: scalar,
            }),
        }
    }
}

/// Takes the metadata out of a document.
fn take(document: &mut Value) -> Option<Value> {
    let map = document.as_object_mut()?;
    let is_there = map.get(METADATA).is_some_and(is_metadata);
    is_there.then(|| map.shift_remove(METADATA))?
}

fn json(path: &str, value: &Value) -> Format {
    let is_one = value.as_object().is_some_and(|map| map.len() == 1) && value["data"].is_string();
    let is_named = [".json", ".yaml", ".yml"]
        .iter()
        .any(|end| path.ends_with(end));
    if is_one && !is_named {
        Format::Binary
    } else {
        Format::Json
    }
}

/// The values of a dotenv file, and its metadata as other formats write it.
fn dotenv(text: &str) -> Result<(Value, Value), Error> {
    let (mut values, mut flat) = (Map::new(), BTreeMap::new());
    for line in text.lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = line
            .split_once('=')
            .ok_or(Error::Malformed("a line is not KEY=VALUE"))?;
        let value = value.replace("\\n", "\n");
        match key
            .strip_prefix(METADATA)
            .and_then(|rest| rest.strip_prefix('_'))
        {
            Some(name) => drop(flat.insert(name.to_owned(), value)),
            None => drop(values.insert(key.to_owned(), value.into())),
        }
    }
    let mut metadata = Map::new();
    for (name, value) in &flat {
        match name.split_once("__list_") {
            None => drop(metadata.insert(name.clone(), value.as_str().into())),
            Some((list, rest)) => entry(&mut metadata, list, rest, value),
        }
    }
    Ok((Value::Object(values), Value::Object(metadata)))
}

/// `age__list_0__map_recipient=…`: one field of one entry of one list.
fn entry(metadata: &mut Map<String, Value>, list: &str, rest: &str, value: &str) {
    const LONGEST: usize = 1_000;
    let Some((index, field)) = rest.split_once("__map_") else {
        return;
    };
    let Some(index) = index.parse().ok().filter(|index| *index < LONGEST) else {
        return;
    };
    let list = metadata
        .entry(list)
        .or_insert_with(|| Vec::<Value>::new().into());
    if let Value::Array(entries) = list {
        if entries.len() <= index {
            entries.resize(index + 1, Value::Object(Map::new()));
        }
        entries[index][field] = value.into();
    }
}

fn has_line(text: &str, beginning: &str) -> bool {
    text.lines().any(|line| line.starts_with(beginning))
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}
