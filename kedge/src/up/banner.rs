//! What a newcomer reads first: where everything is, and what to try.

use std::fmt::Write;
use std::path::Path;

use anyhow::Context;

use super::arguments::Runtime;
use super::converge::Open;
use super::plan::Inputs;

/// Prints what is not well, the addresses and the next three commands.
pub(crate) fn print(inputs: &Inputs<'_>, open: &Open) -> anyhow::Result<()> {
    let token = crate::secret::text(&inputs.layout.admin_token())?;
    let link = std::fs::read_to_string(inputs.layout.sign_in())
        .context("the sign-in link was not written")?;
    anstream::println!("{}", text(inputs, open, &token, link.trim()));
    Ok(())
}

fn text(inputs: &Inputs<'_>, open: &Open, token: &str, link: &str) -> String {
    let kubeconfig = inputs.layout.kubeconfig();
    let web = inputs.web;
    let mut text = String::new();
    let simulated = inputs.arguments.runtime == Runtime::Simulated;
    let note = if simulated {
        " (simulated runtime: no containers run)"
    } else {
        ""
    };
    let _ = writeln!(text, "\nKedge is up{note}.\n");
    for sentence in open {
        let _ = writeln!(text, "  {sentence}");
    }
    if !open.is_empty() {
        text.push('\n');
    }
    let _ = writeln!(text, "  Web         {link}");
    let _ = writeln!(
        text,
        "  Kubernetes  https://{}  (kubeconfig {})",
        inputs.api,
        kubeconfig.display()
    );
    let _ = writeln!(
        text,
        "  Git         http://admin:{token}@{web}/git/cluster.git\n"
    );
    let _ = writeln!(text, "Try:");
    let _ = writeln!(
        text,
        "  kubectl --kubeconfig {} get applications,pods -A",
        kubeconfig.display()
    );
    let _ = writeln!(
        text,
        "  git clone http://admin:{token}@{web}/git/cluster.git"
    );
    let _ = writeln!(text, "  {}\n", command(inputs));
    let _ = write!(text, "Ctrl-C ends Kedge and leaves the pods running.");
    text
}

/// The program as it was called, with the data directory where it is not the usual one.
fn command(inputs: &Inputs<'_>) -> String {
    let program = std::env::args().next().unwrap_or_else(|| "kedge".into());
    let data_dir = &inputs.arguments.data_dir.path;
    if data_dir == Path::new(".kedge") {
        format!("{program} apps")
    } else {
        format!("{program} apps --data-dir {}", data_dir.display())
    }
}
