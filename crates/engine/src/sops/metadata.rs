//! What SOPS writes beside the values: who can open the file, which values are encrypted, the MAC.

use regex::Regex;
use serde_json::{Map, Value};

use super::cipher::MARK;
use super::{Error, Keys};
use crate::sops::cipher::{Cipher, cipher};

/// The ways to say which values are encrypted; at most one of them is in a file.
const RULES: [&str; 4] = [
    "unencrypted_suffix",
    "encrypted_suffix",
    "unencrypted_regex",
    "encrypted_regex",
];
/// These look at comments, which no reader of values sees.
const COMMENT_RULES: [&str; 2] = ["encrypted_comment_regex", "unencrypted_comment_regex"];
/// What is left alone where nothing else is said.
const UNENCRYPTED_SUFFIX: &str = "_unencrypted";
/// Other keys than age's: their list, what of an entry names one, and what it is.
const OTHERS: [(&str, &str, &str); 6] = [
    ("pgp", "fp", "PGP key"),
    ("kms", "arn", "AWS KMS key"),
    ("gcp_kms", "resource_id", "Google Cloud KMS key"),
    ("azure_kv", "vault_url", "Azure Key Vault"),
    ("hc_vault", "vault_address", "Vault"),
    ("hckms", "key_id", "Huawei Cloud KMS key"),
];

/// Which values of a file are encrypted.
#[derive(Debug, Clone)]
enum Rule {
    ButSuffix(String),
    Suffix(String),
    ButPattern(Regex),
    Pattern(Regex),
    /// As they look: what a comment said cannot be told.
    Look,
}

#[derive(Debug, Clone)]
pub(super) struct Metadata {
    rule: Rule,
    /// Armored age files that hold the data key, each for one recipient.
    age: Vec<(String, String)>,
    others: Vec<String>,
    pub(super) mac: String,
    /// What the MAC is bound to.
    pub(super) modified: String,
    /// Whether the MAC covers what is not encrypted.
    pub(super) covers_plain: bool,
}

/// Whether this is what SOPS leaves under the key `sops`.
pub(super) fn is_metadata(value: &Value) -> bool {
    value["mac"].is_string() && value["lastmodified"].is_string()
}

impl Metadata {
    pub(super) fn read(value: &Value) -> Result<Self, Error> {
        let fields = value.as_object().ok_or(Error::Malformed("no metadata"))?;
        let text = |name: &str| match &value[name] {
            Value::String(text) => text.clone(),
            _ => String::new(),
        };
        let group = group(value)?;
        let age = list(group, "age").map(|entry| {
            let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
            (text("recipient"), text("enc"))
        });
        let others = OTHERS.iter().flat_map(|(name, field, what)| {
            list(group, name)
                .map(move |entry| format!("{what} {}", entry[*field].as_str().unwrap_or("?")))
        });
        let metadata = Self {
            rule: rule(fields)?,
            age: age.collect(),
            others: others.collect(),
            mac: text("mac"),
            modified: text("lastmodified"),
            covers_plain: !matches!(&value["mac_only_encrypted"], Value::Bool(true))
                && value["mac_only_encrypted"] != "true",
        };
        if metadata.mac.is_empty() || metadata.modified.is_empty() {
            return Err(Error::Malformed("it has no MAC"));
        }
        Ok(metadata)
    }

    /// Whether the value with these keys is encrypted.
    pub(super) fn encrypts(&self, path: &[&str], value: &Value) -> bool {
        let mut path = path.iter();
        match &self.rule {
            Rule::ButSuffix(suffix) => !path.any(|key| key.ends_with(suffix)),
            Rule::Suffix(suffix) => path.any(|key| key.ends_with(suffix)),
            Rule::ButPattern(pattern) => !path.any(|key| pattern.is_match(key)),
            Rule::Pattern(pattern) => path.any(|key| pattern.is_match(key)),
            Rule::Look => value.as_str().is_some_and(|text| text.starts_with(MARK)),
        }
    }

    /// Who can open the file.
    pub(super) fn recipients(&self) -> Vec<String> {
        let age = self.age.iter().map(|(recipient, _)| recipient.clone());
        age.chain(self.others.iter().cloned()).collect()
    }

    /// What the values are encrypted with.
    pub(super) fn cipher(&self, keys: &Keys) -> Result<Cipher, Error> {
        let key = self.age.iter().find_map(|(_, file)| keys.open(file));
        let key = key.ok_or_else(|| Error::NoKey {
            keys: if keys.is_empty() {
                "no key was given that"
            } else {
                "none of the keys here"
            },
            recipients: self.recipients(),
            has_age: !self.age.is_empty(),
        })?;
        cipher(&key).ok_or(Error::Malformed("its data key is not 32 bytes"))
    }
}

/// Where the recipients are listed.
fn group(metadata: &Value) -> Result<&Value, Error> {
    match metadata["key_groups"].as_array().map(Vec::as_slice) {
        None | Some([]) => Ok(metadata),
        Some([group]) => Ok(group),
        Some(_) => Err(Error::Malformed(
            "its data key is split among several key groups",
        )),
    }
}

fn list<'a>(group: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    group[name].as_array().into_iter().flatten()
}

fn rule(fields: &Map<String, Value>) -> Result<Rule, Error> {
    let said = |name: &'static str| {
        let text = fields.get(name)?.as_str()?;
        (!text.is_empty()).then_some((name, text))
    };
    if COMMENT_RULES.into_iter().any(|name| said(name).is_some()) {
        return Ok(Rule::Look);
    }
    let rules: Vec<(&str, &str)> = RULES.into_iter().filter_map(said).collect();
    let pattern = |text: &str| {
        Regex::new(text).map_err(|_| Error::Malformed("its regular expression cannot be read"))
    };
    match rules[..] {
        [] => Ok(Rule::ButSuffix(UNENCRYPTED_SUFFIX.into())),
        [("unencrypted_suffix", text)] => Ok(Rule::ButSuffix(text.into())),
        [("encrypted_suffix", text)] => Ok(Rule::Suffix(text.into())),
        [("unencrypted_regex", text)] => pattern(text).map(Rule::ButPattern),
        [(_, text)] => pattern(text).map(Rule::Pattern),
        _ => Err(Error::Malformed(
            "it has more than one rule for what is encrypted",
        )),
    }
}
