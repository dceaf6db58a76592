//! `kedge validate`

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use serde_json::{Value, json};

use engine::{Problem, Problems};
use reconciler::source::Keyring;

use super::output::{Output, Screen};
use super::reading::{self, Namespace, Read, Reading};
use super::tint;
use crate::role::following::keyring;

pub(super) const EXAMPLE: &str = "\
Where PATH has a directory `apps`, it is checked as a whole cluster repository: every Application
in it, what each of them renders to, and that they do not contradict each other. Anything else is
checked as manifests or as a Kustomize directory. All problems are listed, and the exit code is 1.

Example:
  kedge validate examples-repo";

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// A cluster repository, a directory, or a file
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
    /// Decrypt what is encrypted with SOPS, to see that it can be: a file of age keys, one a line,
    /// or a directory of such files
    #[arg(long, env = "KEDGE_SOPS_AGE_KEY_FILE", value_name = "PATH")]
    sops_age_key_file: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let keys = keyring(arguments.sops_age_key_file.as_deref())?;
    let reading = reading::read(&arguments.path, &Namespace::Found)?;
    let reading = reading.decrypted(&keys).ruled();
    let problems = reading.problems()?.unwrap_or_default();
    match arguments.output.format.data(&report(&reading, &problems)) {
        Some(data) => Screen::open().text(&data)?,
        None => tell(&reading, &problems, &keys)?,
    }
    if problems.0.is_empty() {
        return Ok(());
    }
    bail!("{}", verdict(&problems))
}

/// Problems go where errors go; that there are none is the answer.
fn tell(reading: &Reading, problems: &Problems, keys: &Keyring) -> anyhow::Result<()> {
    if let Ok(read) = &reading.result {
        let sealed = if keys.is_given() {
            Vec::new()
        } else {
            sealed(read)
        };
        return Screen::open().lines(std::iter::once(summary(read)).chain(sealed));
    }
    for problem in &problems.0 {
        anstream::eprintln!("{}", tint::problem(problem));
    }
    Ok(())
}

fn summary(read: &Read) -> String {
    let objects = read.manifests().len();
    match read {
        Read::Cluster(parts) => format!(
            "No problems: {}, {}.",
            counted(parts.len(), "application"),
            counted(objects, "object")
        ),
        Read::Manifests(_) => format!("No problems: {}.", counted(objects, "object")),
    }
}

/// What was not looked into.
fn sealed(read: &Read) -> Vec<String> {
    let files = read.encrypted().into_iter();
    let line = |(file, recipients): (&str, Vec<String>)| {
        let recipients = recipients.join(", ");
        format!("Not decrypted: {file}, which is for {recipients}.")
    };
    files.map(line).collect()
}

/// `3 problems in 2 files`
fn verdict(problems: &Problems) -> String {
    let files: BTreeSet<&str> = problems.0.iter().map(|one| one.file.as_str()).collect();
    format!(
        "{} in {}; a push of this would be refused",
        counted(problems.0.len(), "problem"),
        counted(files.len(), "file")
    )
}

fn counted(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

fn report(reading: &Reading, problems: &Problems) -> Value {
    let applications = match &reading.result {
        Ok(Read::Cluster(parts)) => parts
            .iter()
            .map(|part| json!({"name": part.found.application.name, "objects": part.manifests.len()}))
            .collect(),
        _ => Vec::new(),
    };
    let objects = reading
        .result
        .as_ref()
        .map_or(0, |read| read.manifests().len());
    let encrypted = reading.result.as_ref().map(Read::encrypted);
    json!({
        "valid": problems.0.is_empty(),
        "applications": applications,
        "objects": objects,
        "encrypted": encrypted.unwrap_or_default().into_keys().collect::<Vec<_>>(),
        "problems": problems.0.iter().map(data).collect::<Vec<_>>(),
    })
}

fn data(problem: &Problem) -> Value {
    json!({
        "message": problem.message,
        "hint": problem.hint,
        "object": problem.object,
        "field": problem.field,
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
    })
}
