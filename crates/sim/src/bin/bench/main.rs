//! `make bench` and `make bench-scale`: figures of a real instance on this machine, printed and
//! never asserted.

mod api_server;
mod figures;
mod logs;
mod pages;
mod pods;
mod process;
mod push;
mod scale;

use std::sync::Arc;
use std::time::Duration;

use client::HttpClient;
use figures::{say, since};
use jiff::Timestamp;
use sim::instance::{Instance, examples};

/// How long an instance is left alone before its memory is read.
pub(crate) const REST: Duration = Duration::from_secs(20);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    say("machine", &process::machine())?;
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let Some((first, words)) = words.split_first()
        && first == "scale"
    {
        return scale::run(&scale::Choice::parse(words)?).await;
    }
    let begun = Timestamp::now();
    let mut instance = Instance::start("bench", &["--seed", &examples()])?;
    say("kedge up, first start: to the demo Healthy", &since(begun))?;
    instance.stop()?;
    let begun = Timestamp::now();
    instance.up()?;
    say(
        "kedge up, warm: to ready and the demo Healthy",
        &since(begun),
    )?;

    let before = process::all(&instance);
    tokio::time::sleep(REST).await;
    process::report(&before, &process::all(&instance), REST)?;

    // It also chooses what TLS is made of, for all clients of this process.
    let client = HttpClient::from_kubeconfig_file(&instance.kubeconfig()).await?;
    let client = Arc::new(client);
    pages::of_the_demo(&instance).await?;
    scale::full_list().await?;
    logs::flood(&instance).await?;
    push::one_line(&instance)?;
    api_server::creates(&client).await?;
    pods::one_by_one(&client).await?;
    pods::at_once(&client).await
}
