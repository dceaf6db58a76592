//! `kedge proof`

use clap::Args;

use super::age;
use super::complete;
use super::output::{Output, Screen};
use super::server::{self, Server};
use super::shown::{self, Proof, short};
use super::table::{Table, plain_line};
use super::tint;

pub(super) const EXAMPLE: &str = "\
With every verdict Kedge records of each object two hashes of the fields that it owns: with the
values that the commit asks for and with those in the cluster. They are equal where the object
matched. One root is over all of them. This looks at it again: whether the root comes out of the
record, the manifests out of Git, and how many objects are still as they were. It exits with 1
where the record does not add up.

Example:
  kedge proof web
  kedge proof web 7f3c2ab -o json";

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// The application's name
    #[arg(value_name = "APP", add = complete::applications())]
    application: String,
    /// The commit, of which a beginning is enough [default: the newest with a proof]
    #[arg(value_name = "COMMIT", default_value = "", hide_default_value = true, add = complete::commits_of("proof"))]
    commit: String,
    #[command(flatten)]
    server: server::Arguments,
    #[command(flatten)]
    output: Output,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let server = Server::open(&arguments.server)?;
    // The newest of those whose commit begins with nothing.
    let commit = match arguments.commit.as_str() {
        "" => "newest",
        commit => commit,
    };
    let answer = server
        .read(&["proofs", commit, &arguments.application], &[])
        .await?;
    let mut screen = Screen::open();
    let proof: Proof = shown::read(&answer)?;
    if let Some(data) = arguments.output.format.data(&answer) {
        screen.text(&data)?;
    } else {
        screen.lines(lines(&proof))?;
        screen.table(&table(&proof))?;
    }
    anyhow::ensure!(
        proof.root_recomputes && proof.commit_recomputes != Some(false),
        "the proof does not add up"
    );
    Ok(())
}

fn lines(proof: &Proof) -> Vec<String> {
    let all = proof.objects.len();
    let heading = format!(
        "{}: {} of {all} objects matched {} at {}, {} are still so",
        plain_line(&proof.application),
        proof.matching,
        short(&proof.commit),
        age::moment(proof.at),
        proof.holding,
    );
    let word = |same: bool| {
        if same {
            "comes out"
        } else {
            "does NOT come out"
        }
    };
    let mut lines = vec![tint::heading(&heading)];
    if proof.again {
        lines.push(
            "proven again: others had changed something, and it is as the commit says".into(),
        );
    }
    lines.push(format!("root {}", plain_line(&proof.root)));
    lines.push(format!(
        "  {} of what is recorded",
        word(proof.root_recomputes)
    ));
    lines.push(match proof.commit_recomputes {
        Some(same) => format!("  what was applied {} of the commit", word(same)),
        None => "  the commit cannot be read".into(),
    });
    lines.extend(
        proof
            .until
            .map(|until| format!("true until {}", age::moment(until))),
    );
    lines
}

fn table(proof: &Proof) -> Table {
    let mut table = Table::new(&[
        "KIND",
        "NAMESPACE",
        "NAME",
        "REVISION",
        "WANTED",
        "LIVE",
        "THEN",
        "NOW",
    ])
    .yielding(&["REVISION", "WANTED", "LIVE", "NAMESPACE"]);
    for object in &proof.objects {
        table.row([
            object.kind.clone().into(),
            object.key.namespace.clone().into(),
            object.key.name.clone().into(),
            object.resource_version.clone().into(),
            short(&object.wanted).into(),
            short(&object.live).into(),
            if object.matches { "equal" } else { "different" }.into(),
            if object.holds { "same" } else { "changed" }.into(),
        ]);
    }
    table
}
