//! `kedge crds`

use clap::Args;

use super::output::Screen;

pub(super) const EXAMPLE: &str = "\
On a cluster that is not Kedge's, `kedge reconciler --kubeconfig FILE` defines them by itself where
its account may; else somebody who may has to.

Example:
  kedge crds | kubectl apply --server-side -f -";

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {}

pub(super) fn run(_: &Arguments) -> anyhow::Result<()> {
    let all = api::kinds::definitions();
    let all = all.iter().map(|it| api::codec::yaml::to_string(&it.body));
    let all: Vec<String> = all.collect();
    Screen::open().text(&all.join("---\n"))
}
