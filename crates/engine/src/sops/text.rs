//! An encrypted file as a render reads it: the same file with tokens for what is encrypted, and
//! without the metadata. Lines stay where they are.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};

use api::codec::yaml;

use super::cipher::MARK;
use super::file::{File, Format, METADATA};
use super::token::token;

/// The file's text with tokens in it.
pub(super) fn sealed(file: &File) -> String {
    let sealed = documents(file, |text| Some(token(text).into()));
    match file.format {
        Format::Json => json(&sealed),
        Format::Binary => sealed[0]["data"].as_str().unwrap_or_default().to_owned(),
        Format::Dotenv | Format::Yaml => {
            let text = String::from_utf8_lossy(&file.bytes);
            let tokens: BTreeMap<&str, String> = file
                .leaves()
                .filter(|leaf| leaf.is_encrypted)
                .filter_map(|leaf| leaf.value.as_str())
                .map(|text| (text, token(text)))
                .collect();
            let text = replaced(&text, &tokens);
            if file.format == Format::Dotenv {
                return without_lines(&text);
            }
            let text = without_block(&text);
            let read = yaml::documents(&text).unwrap_or_default();
            let read: Vec<Value> = read.into_iter().map(|it| it.value).collect();
            if read == sealed {
                text
            } else {
                yaml_of(&sealed)
            }
        }
    }
}

/// The documents with what `value` says in the place of every encrypted text; where it says
/// nothing, the text stays.
pub(super) fn documents(file: &File, value: impl Fn(&str) -> Option<Value>) -> Vec<Value> {
    let encrypted = file.leaves().filter(|leaf| leaf.is_encrypted);
    let encrypted = encrypted.filter_map(|leaf| leaf.value.as_str());
    let values: BTreeMap<&str, Value> = encrypted
        .filter_map(|text| Some((text, value(text)?)))
        .collect();
    let mut documents = file.documents.clone();
    for document in &mut documents {
        put(document, &values);
    }
    documents
}

fn put(at: &mut Value, values: &BTreeMap<&str, Value>) {
    match at {
        Value::Object(map) => map.values_mut().for_each(|value| put(value, values)),
        Value::Array(items) => items.iter_mut().for_each(|value| put(value, values)),
        Value::String(text) => {
            if let Some(value) = values.get(text.as_str()) {
                *at = value.clone();
            }
        }
        _ => {}
    }
}

pub(super) fn json(documents: &[Value]) -> String {
    let mut bytes = Vec::new();
    for document in documents {
        let formatter = PrettyFormatter::with_indent(b"\t");
        let mut serializer = Serializer::with_formatter(&mut bytes, formatter);
        // A value in memory always prints.
        let _ = serde::Serialize::serialize(document, &mut serializer);
        bytes.push(b'\n');
    }
    String::from_utf8(bytes).unwrap_or_default()
}

pub(super) fn yaml_of(documents: &[Value]) -> String {
    let documents: Vec<String> = documents.iter().map(yaml::to_string).collect();
    documents.join("---\n")
}

pub(super) fn dotenv(documents: &[Value]) -> String {
    let pairs = documents.iter().filter_map(Value::as_object).flatten();
    pairs
        .map(|(key, value)| {
            let value = value.as_str().unwrap_or_default().replace('\n', "\\n");
            format!("{key}={value}\n")
        })
        .collect()
}

/// The text with tokens for the encrypted texts that are known.
fn replaced(text: &str, tokens: &BTreeMap<&str, String>) -> String {
    let (mut new, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(MARK) {
        let (before, from) = rest.split_at(at);
        new.push_str(before);
        let end = from.find(']').map_or(from.len(), |end| end + 1);
        let (encrypted, after) = from.split_at(end);
        new.push_str(tokens.get(encrypted).map_or(encrypted, String::as_str));
        rest = after;
    }
    new.push_str(rest);
    new
}

/// Without the lines of the metadata, which leave empty ones behind.
fn without_block(text: &str) -> String {
    let mut inside = false;
    let keep = |line: &str| {
        if line.starts_with(METADATA) && line[METADATA.len()..].starts_with(':') {
            inside = true;
        } else if !(line.is_empty() || line.starts_with([' ', '#'])) {
            inside = false;
        }
        if inside {
            "\n".to_owned()
        } else {
            format!("{line}\n")
        }
    };
    text.lines().map(keep).collect()
}

fn without_lines(text: &str) -> String {
    let is_metadata = |line: &str| {
        let rest = line.strip_prefix(METADATA);
        rest.is_some_and(|rest| rest.starts_with('_'))
    };
    let keep = |line: &str| {
        if is_metadata(line) {
            "\n".to_owned()
        } else {
            format!("{line}\n")
        }
    };
    text.lines().map(keep).collect()
}
