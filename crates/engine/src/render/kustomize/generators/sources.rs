//! Keys and values of a generator: literals, files, and files of `KEY=VALUE` lines.

use std::collections::BTreeMap;

use super::super::build::Build;
use super::super::kustomization::Generator;
use super::super::load::{read, whole};
use super::super::site::Site;
use crate::tree::path;
use crate::{Problem, Problems};

/// By key.
pub(super) type Pairs = BTreeMap<String, Vec<u8>>;

/// The longest key of a ConfigMap.
const KEY: usize = 253;

pub(super) fn pairs(build: &Build, site: &Site, generator: &Generator) -> Result<Pairs, Problems> {
    let mut pairs = Pairs::new();
    let mut add = |site: &Site, key: &str, value: Vec<u8>| -> Result<(), Problem> {
        if !is_key(key) {
            let text = format!("{key:?} is no key: letters, digits, '-', '_' and '.' are");
            return Err(site.problem(text));
        }
        if pairs.insert(key.to_owned(), value).is_some() {
            let text = format!("{} has the key {key:?} twice", generator.name);
            return Err(site.problem(text));
        }
        Ok(())
    };
    let single = Some(&generator.env).filter(|env| !env.is_empty());
    for (index, entry) in generator.envs.iter().chain(single).enumerate() {
        let site = site.field("envs").item(index);
        let (file, bytes) = read(build, &site, entry)?;
        for (key, value) in environment(&file, &bytes)? {
            add(&site, &key, value.into_bytes())?;
        }
    }
    for (index, literal) in generator.literals.iter().enumerate() {
        let site = site.field("literals").item(index);
        let pair = literal.split_once('=').filter(|(key, _)| !key.is_empty());
        let (key, value) = pair.ok_or_else(|| {
            site.problem(format!("a literal of {} is not KEY=VALUE", generator.name))
        })?;
        add(&site, key, unquoted(value).as_bytes().to_vec())?;
    }
    for (index, entry) in generator.files.iter().enumerate() {
        let site = site.field("files").item(index);
        let (key, file) = match entry.split_once('=') {
            None => (path::name(entry), entry.as_str()),
            Some((key, file)) if !key.is_empty() && !file.is_empty() && !file.contains('=') => {
                (key, file)
            }
            Some(_) => return Err(site.problem(format!("{entry:?} is not KEY=FILE")).into()),
        };
        let bytes = whole(build, &site, file)?;
        add(&site, key, bytes.to_vec())?;
    }
    Ok(pairs)
}

fn is_key(key: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !key.is_empty()
        && key.len() <= KEY
        && key.chars().all(fits)
        && key != "."
        && !key.starts_with("..")
}

/// Without one pair of quotes around it.
fn unquoted(value: &str) -> &str {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value)
}

/// The pairs of a file of `KEY=VALUE` lines.
fn environment(file: &str, bytes: &[u8]) -> Result<Vec<(String, String)>, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| Problem::new(file, "is not UTF-8 text"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut pairs = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = line.split_once('=').ok_or_else(|| {
            let text = "the line has no value";
            Problem::new(file, text)
                .at(number, 1)
                .hint("write KEY=VALUE; nothing is taken from the environment")
        })?;
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if key.starts_with(|c: char| c.is_ascii_digit()) || !key.chars().all(fits) {
            let text = "the line does not begin with a name";
            return Err(Problem::new(file, text).at(number, 1));
        }
        pairs.push((key.to_owned(), value.to_owned()));
    }
    Ok(pairs)
}
