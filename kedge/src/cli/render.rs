//! `kedge render`

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use serde_json::{Value, json};

use engine::{Manifest, order};

use super::cluster;
use super::output::{Format, Screen};
use super::reading::{self, Namespace};
use super::table::{Cell, Table};
use super::tint;
use crate::role::following::keyring;

pub(super) const EXAMPLE: &str = "\
Plain manifests are read from every YAML and JSON file below PATH; a directory with a
kustomization is built as `kubectl kustomize` builds it. A cluster repository (a directory with
`apps`) renders all of its Applications.

Example:
  kedge render examples-repo/ui
  kedge render examples-repo -o wide";

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// A cluster repository, a directory, or a file
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
    /// Put objects that name no namespace into this one [default: the one that the Application
    /// of this path asks for]
    #[arg(short, long, value_name = "NAMESPACE", value_parser = cluster::namespace)]
    namespace: Option<String>,
    /// Decrypt what is encrypted with SOPS, to see that it can be: a file of age keys, one a line,
    /// or a directory of such files
    #[arg(long, env = "KEDGE_SOPS_AGE_KEY_FILE", value_name = "PATH")]
    sops_age_key_file: Option<PathBuf>,
    /// How to print it: whole manifests (yaml, json) or a list of them (table, wide)
    #[arg(short, long, value_enum, default_value_t = Format::Yaml, value_name = "FORMAT")]
    output: Format,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let namespace = match &arguments.namespace {
        Some(name) => Namespace::Named(name.clone()),
        None => Namespace::Found,
    };
    let keys = keyring(arguments.sops_age_key_file.as_deref())?;
    let reading = reading::read(&arguments.path, &namespace)?.decrypted(&keys);
    if let Some(problems) = reading.problems()? {
        for problem in &problems.0 {
            anstream::eprintln!("{}", tint::problem(problem));
        }
        bail!("{} does not render", arguments.path.display());
    }
    let Ok(read) = &reading.result else {
        return Ok(());
    };
    let shown = read.shown();
    let manifests: Vec<&Manifest> = shown.iter().collect();
    let mut screen = Screen::open();
    match arguments.output {
        Format::Yaml => screen.text(&yaml(&manifests)),
        Format::Json => screen.text(&format!("{:#}\n", list(&manifests))),
        Format::Table => screen.table(&table(&manifests, &["KIND", "NAMESPACE", "NAME"])),
        Format::Wide => screen.table(&table(
            &manifests,
            &["KIND", "NAMESPACE", "NAME", "WAVE", "FILE"],
        )),
    }
}

pub(super) fn yaml(manifests: &[&Manifest]) -> String {
    let documents = manifests
        .iter()
        .map(|manifest| api::codec::yaml::to_string(&manifest.object.body));
    documents.collect::<Vec<_>>().join("---\n")
}

/// What `kubectl` reads as a file of several objects.
fn list(manifests: &[&Manifest]) -> Value {
    let items: Vec<&Value> = manifests
        .iter()
        .map(|manifest| &manifest.object.body)
        .collect();
    json!({"apiVersion": "v1", "kind": "List", "items": items})
}

fn table(manifests: &[&Manifest], header: &[&'static str]) -> Table {
    let mut table = Table::new(header);
    for manifest in manifests {
        let object = &manifest.object;
        let wave = order::wave(manifest).map_or_else(|_| String::new(), |wave| wave.0.to_string());
        let cells = [
            object.kind().to_owned(),
            object.namespace().to_owned(),
            object.name().to_owned(),
            wave,
            manifest.origin.to_string(),
        ];
        table.row(cells.into_iter().take(header.len()).map(Cell::from));
    }
    table
}
