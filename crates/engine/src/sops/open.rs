//! Decrypts: only here, only for as long as it is needed, and only into the data of Secrets.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha512};

use super::cipher::{self, Cipher, Kind, Plain};
use super::file::{File, Format, Leaf};
use super::sealed::{DATA, whole};
use super::token::{decoded, replaced, token, tokens};
use super::{Error, Keys, Sealed, text};
use crate::diff::is_secret;
use crate::manifest::title;
use crate::tree::hex;
use crate::{Manifest, Problems};

/// What the MAC begins with where it covers only what is encrypted: SHA-256 of `sops`.
const ONLY_ENCRYPTED: [u8; 32] = [
    0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b,
    0x0b, 0x97, 0x5b, 0x3b, 0xf4, 0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
];

/// What stands behind the tokens.
type Values = BTreeMap<String, (String, Plain)>;

impl Sealed {
    /// The manifests as they are applied: with what is encrypted in the place of its tokens.
    ///
    /// # Errors
    /// A file that no key opens, that was changed, or whose values fit no Secret.
    pub fn open(&self, manifests: &[Manifest], keys: &Keys) -> Result<Vec<Manifest>, Problems> {
        let mut problems = Vec::new();
        let mut values = Values::new();
        for (path, file) in &self.files {
            match file.open(keys) {
                Ok(opened) => values.extend(opened),
                Err(error) => problems.push(error.problem(path)),
            }
        }
        if !problems.is_empty() {
            return Err(Problems(problems));
        }
        let mut opened = manifests.to_vec();
        for manifest in opened.iter_mut().filter(|it| is_secret(&it.object)) {
            for field in DATA {
                if let Some(Value::Object(data)) = manifest.object.body.get_mut(field)
                    && let Err((key, error)) = fill(data, field == "data", &values)
                {
                    let field = format!("{field}.{key}");
                    let at = manifest.origin.line;
                    let problem = error(field).problem(&manifest.origin.file).at(at, 0);
                    problems.push(problem.object(title(&manifest.object)));
                }
            }
        }
        Problems(problems).or(opened)
    }

    /// Whether all of it can be opened.
    ///
    /// # Errors
    /// As [`Sealed::open`], for what these manifests would be.
    pub fn check(&self, manifests: &[Manifest], keys: &Keys) -> Result<(), Problems> {
        self.open(manifests, keys).map(drop)
    }
}

type Fault = Box<dyn Fn(String) -> Error>;

/// Puts the values into the data of one Secret. What is wrong with a key of it.
fn fill(
    data: &mut Map<String, Value>,
    is_base64: bool,
    values: &Values,
) -> Result<(), (String, Fault)> {
    for (key, value) in data.iter_mut() {
        let Value::String(text) = value else {
            continue;
        };
        let mut inside = decoded(text).filter(|_| is_base64);
        let is_direct = tokens(text).any(|(_, token)| values.contains_key(token));
        if is_direct {
            inside = None;
        }
        let sought = inside.as_deref().unwrap_or(text.as_str());
        let found = tokens(sought).find_map(|(_, token)| values.get(token));
        let Some((_, plain)) = found else {
            continue;
        };
        if plain.kind != Kind::Text {
            let what = match plain.kind {
                Kind::Number => "a number",
                Kind::Boolean => "a boolean",
                _ => "a time",
            };
            let fault = move |field| Error::NoText { field, what };
            return Err((key.clone(), Box::new(fault)));
        }
        let known = |token: &str| values.get(token).map(|(_, plain)| plain.bytes.as_slice());
        let bytes = replaced(sought, known);
        let no_base64: Fault = Box::new(|field| Error::NoBase64 { field });
        *text = if inside.is_some() {
            STANDARD.encode(bytes)
        } else {
            let text = String::from_utf8(bytes).map_err(|_| (key.clone(), no_base64))?;
            let packed: String = text.split_whitespace().collect();
            if is_base64 && STANDARD.decode(packed).is_err() {
                let fault: Fault = Box::new(|field| Error::NoBase64 { field });
                return Err((key.clone(), fault));
            }
            text
        };
    }
    Ok(())
}

impl File {
    /// What stands behind each token of this file.
    fn open(&self, keys: &Keys) -> Result<Values, Error> {
        let cipher = self.metadata.cipher(keys)?;
        let mut mac = Sha512::new();
        if !self.metadata.covers_plain {
            mac.update(ONLY_ENCRYPTED);
        }
        let mut values = Values::new();
        for leaf in self.leaves() {
            if !leaf.is_encrypted {
                if self.metadata.covers_plain {
                    mac.update(plain_bytes(leaf.value));
                }
                continue;
            }
            let (text, plain) = decrypt(&cipher, &leaf)?;
            if plain.kind != Kind::Comment {
                mac.update(&plain.bytes);
            }
            values.insert(text.to_owned(), (leaf.field, plain));
        }
        self.verify(&cipher, &hex(&mac.finalize()))?;
        let whole = (whole(self), (String::new(), self.plain(&values)));
        let tokens = values.into_iter().map(|(text, value)| {
            let (field, mut plain) = value;
            if self.format == Format::Dotenv {
                plain.bytes = String::from_utf8_lossy(&plain.bytes)
                    .replace('\n', "\\n")
                    .into_bytes();
            }
            (token(&text), (field, plain))
        });
        Ok(tokens.chain([whole]).collect())
    }

    fn verify(&self, cipher: &Cipher, computed: &str) -> Result<(), Error> {
        let written = cipher::decrypt(cipher, &self.metadata.mac, &self.metadata.modified);
        let written = written.ok_or(Error::Changed)?;
        let same = written.bytes.eq_ignore_ascii_case(computed.as_bytes());
        same.then_some(()).ok_or(Error::Changed)
    }

    /// The file as it was before it was encrypted; comments are left out.
    fn plain(&self, values: &Values) -> Plain {
        let documents = text::documents(self, |text| {
            let (_, plain) = values.get(text)?;
            let text = String::from_utf8_lossy(&plain.bytes).into_owned();
            Some(match plain.kind {
                Kind::Number => serde_json::from_str(&text).unwrap_or(Value::String(text)),
                Kind::Boolean => Value::Bool(text.eq_ignore_ascii_case("true")),
                _ => Value::String(text),
            })
        });
        let bytes = match self.format {
            Format::Yaml => text::yaml_of(&documents).into_bytes(),
            Format::Json => text::json(&documents).into_bytes(),
            Format::Dotenv => text::dotenv(&documents).into_bytes(),
            // It need not be text.
            Format::Binary => {
                let plain = values.values().next();
                plain
                    .map(|(_, plain)| plain.bytes.clone())
                    .unwrap_or_default()
            }
        };
        Plain {
            bytes,
            kind: Kind::Text,
        }
    }
}

fn decrypt<'a>(cipher: &Cipher, leaf: &Leaf<'a>) -> Result<(&'a str, Plain), Error> {
    let field = leaf.field.clone();
    let Some(text) = leaf
        .value
        .as_str()
        .filter(|it| it.starts_with(cipher::MARK))
    else {
        return Err(Error::Plain { field });
    };
    let path = format!("{}:", leaf.path.join(":"));
    let plain = cipher::decrypt(cipher, text, &path).ok_or(Error::Damaged { field })?;
    Ok((text, plain))
}

/// What the MAC takes in of a value that is not encrypted.
fn plain_bytes(value: &Value) -> Vec<u8> {
    match value {
        Value::String(text) => text.clone().into_bytes(),
        Value::Bool(true) => b"True".to_vec(),
        Value::Bool(false) => b"False".to_vec(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (None, Some(float)) => float.to_string().into_bytes(),
            _ => number.to_string().into_bytes(),
        },
        _ => Vec::new(),
    }
}
