//! The cases of `tests/kustomize/*.txt`: small repositories, many in one file.
//!
//! ```text
//! === name of the case
//! -- app/kustomization.yaml
//! resources: [web.yaml]
//! -- app/image.bin base64
//! /wD/
//! ```
//!
//! What is built is `app` where there is one, else the root. The files of `tests/kustomize/shared`
//! are in the directory that is built, too. A case `refused: NAME` must be refused by both, and one
//! `stricter: NAME` by Kedge alone.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, str};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What must come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// The same as kubectl builds.
    Same,
    /// Nothing, from both.
    Refused,
    /// kubectl builds it, and Kedge refuses it on purpose.
    Stricter,
}

/// One small repository.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) expected: Expected,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

impl Case {
    /// The directory that is built.
    pub(crate) fn root(&self) -> &'static str {
        let inside = |path: &String| path.starts_with("app/");
        if self.files.keys().any(inside) {
            "app"
        } else {
            ""
        }
    }
}

/// All cases of all files, with the shared files in each.
pub(crate) fn read(directory: &Path) -> Vec<Case> {
    let mut files: Vec<_> = fs::read_dir(directory)
        .expect("the cases are part of the crate")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    let shared = shared(&directory.join("shared"));
    let mut cases = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a file of cases is text");
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        for case in text
            .split("\n=== ")
            .map(|case| case.trim_start_matches("=== "))
        {
            if !case.trim_start().starts_with('#') {
                cases.push(parse(&stem, case, &shared));
            }
        }
    }
    cases
}

fn shared(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(directory).expect("there are shared files");
    let read = files.flatten().map(|entry| {
        let bytes = fs::read(entry.path()).expect("a shared file can be read");
        (entry.file_name().to_string_lossy().into_owned(), bytes)
    });
    read.collect()
}

fn parse(file: &str, text: &str, shared: &BTreeMap<String, Vec<u8>>) -> Case {
    let (title, rest) = text.split_once('\n').unwrap_or((text, ""));
    let (expected, title) = match title.split_once(": ") {
        Some(("refused", title)) => (Expected::Refused, title),
        Some(("stricter", title)) => (Expected::Stricter, title),
        _ => (Expected::Same, title),
    };
    let mut case = Case {
        name: format!("{file}: {title}"),
        expected,
        files: BTreeMap::new(),
    };
    let rest = format!("\n{rest}\n");
    for part in rest.split("\n-- ").skip(1) {
        let (head, content) = part.split_once('\n').unwrap_or((part, ""));
        let content = format!("{}\n", content.trim_end_matches('\n'));
        let (path, bytes) = match head.split_once(' ') {
            Some((path, "base64")) => {
                let bytes = STANDARD.decode(content.trim()).expect("base64");
                (path, bytes)
            }
            Some((path, "bare")) => (path, content.trim_end().as_bytes().to_vec()),
            _ => (head.trim(), content.into_bytes()),
        };
        assert!(
            case.files.insert(path.to_owned(), bytes).is_none(),
            "{}: {path} is there twice",
            case.name
        );
    }
    let root = case.root();
    for (name, bytes) in shared {
        let path = if root.is_empty() {
            name.clone()
        } else {
            format!("{root}/{name}")
        };
        case.files.entry(path).or_insert_with(|| bytes.clone());
    }
    case
}
