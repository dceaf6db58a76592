//! `kedge node add`: on the machine of an instance.

use std::fs::{File, Permissions};
use std::io::Write;
use std::net::Ipv4Addr;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use serde::Deserialize;

use client::Env;
use nodeagent::network::{self, Instance, Ranges, Topology};
use orchestrator::auth::pki::{Holder, Pki};

use super::file::{JoinFile, Parts};
use super::machines::{self, Admitted, Machine};
use super::refusal::{self, Ways};
use super::{join, verbs};
use crate::cli::cause::unreadable;
use crate::data_dir::DataDir;
use crate::up::Layout;

#[derive(Args)]
#[group(skip)]
pub(super) struct Arguments {
    /// What the node is to be called; one of this name gets the same number and pods' range again
    #[arg(value_name = "NAME", value_parser = verbs::name, add = machines::names())]
    name: String,
    /// The other machine's address, on a network that this machine is on too
    #[arg(long, value_name = "ADDRESS", value_parser = verbs::address)]
    address: Ipv4Addr,
    /// This machine's address as the other one reaches it [default: what this machine uses towards
    /// --address]
    #[arg(long, value_name = "ADDRESS", value_parser = verbs::address)]
    via: Option<Ipv4Addr>,
    #[command(flatten)]
    data_dir: DataDir,
}

/// What `kedge up` wrote down, as far as it matters here.
#[derive(Deserialize)]
struct Started {
    api: String,
    runtime: String,
    nodes: u8,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let layout = instance(&arguments.data_dir.path)?;
    let started = started(&layout)?;
    let ranges = Ranges::read(&layout.root)?;
    let instance = refusal::Instance {
        runtime: started.runtime,
        nodes: started.nodes,
        ranges,
    };
    let address = arguments.address;
    let refused = anyhow::Error::msg;
    instance.takes(&arguments.name, address).map_err(refused)?;
    let ways = Ways {
        towards: network::way(address).await?,
        named: match arguments.via {
            None => None,
            Some(via) => Some((via, network::way(via).await?)),
        },
    };
    let via = instance.via(address, ways).map_err(refused)?;
    let (api, port) = inner_api(&layout, ranges, &started.api)?;
    let admitted = machines::admit(&layout, &arguments.name, Machine::new(address, port))?;
    let place = Place {
        address,
        via,
        ranges,
        api,
    };
    let file = issue(&layout, &arguments.name, admitted.number, place)?;
    print(&file)?;
    anstream::eprintln!("{}", told(&file, admitted));
    Ok(())
}

/// Where the node and the instance are.
struct Place {
    address: Ipv4Addr,
    via: Ipv4Addr,
    ranges: Ranges,
    api: String,
}

pub(super) fn instance(directory: &Path) -> anyhow::Result<Layout> {
    let found = Layout::open(directory).ok();
    if let Some(layout) = &found
        && layout.join().exists()
    {
        bail!(
            "{} is a node of an instance on another machine; `kedge node add` and `remove` are for that one",
            directory.display()
        );
    }
    found.filter(|it| it.endpoints().exists()).with_context(|| {
        format!(
            "there is no instance in {}: kedge up starts one, --data-dir names another",
            directory.display()
        )
    })
}

fn started(layout: &Layout) -> anyhow::Result<Started> {
    let path = layout.endpoints();
    let text =
        std::fs::read_to_string(&path).map_err(|error| anyhow!(unreadable(&path, &error)))?;
    serde_json::from_str(&text).with_context(|| {
        format!(
            "{} does not say how the instance was started; kedge down, then kedge up writes it",
            path.display()
        )
    })
}

/// Where nodes reach the API: on the bridge, at the port of everybody.
fn inner_api(layout: &Layout, ranges: Ranges, api: &str) -> anyhow::Result<(String, u16)> {
    let topology = Topology {
        instance: Instance::of(&layout.root),
        ranges,
        nodes: 1,
    };
    let port = api.rsplit(':').next().and_then(|it| it.parse::<u16>().ok());
    let port = port.with_context(|| format!("{api} has no port"))?;
    Ok((format!("https://{}:{port}", topology.api_address()), port))
}

fn issue(layout: &Layout, name: &str, number: u8, place: Place) -> anyhow::Result<JoinFile> {
    let now = Env::system().now();
    let pki = Pki::open(&layout.pki(), now)
        .context("cannot use the instance's keys; run as who started it")?;
    let issued = "cannot issue the node's certificates";
    Ok(JoinFile::from(Parts {
        client: pki.client(Holder::Node(name), now).context(issued)?,
        serving: pki
            .agent(name, [place.address.into()], now)
            .context(issued)?,
        authority: pki.authority_pem().to_owned(),
        name: name.to_owned(),
        number,
        address: place.address,
        via: place.via,
        ranges: place.ranges,
        api: place.api,
    }))
}

/// Where the output is a file, it is closed to others before anything is in it.
fn print(file: &JoinFile) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    let handle = File::from(out.as_fd().try_clone_to_owned().context("no output")?);
    if handle.metadata().is_ok_and(|it| it.is_file()) {
        handle
            .set_permissions(Permissions::from_mode(0o600))
            .context("cannot close the output to others; write to a file of your own")?;
    }
    out.write_all(file.text()?.as_bytes())
        .and_then(|()| out.flush())
        .context("cannot write the join file")
}

/// What to do next.
fn told(file: &JoinFile, admitted: Admitted) -> String {
    let JoinFile {
        name, address, via, ..
    } = file;
    let pods = file.ranges.node_pods(file.number);
    let api = file.api.trim_start_matches("https://");
    let moved = admitted.moved_from.map_or_else(String::new, |before| {
        format!("It was at {before}: end it there first, with kedge down --purge.\n")
    });
    format!(
        "{name} is node {number} of this instance; its pods are in {pods}.\n{moved}\
         What was printed has the node's keys: whoever holds it can act as this node. Keep it to its \
         owner, and delete it once {name} has joined.\n\
         On {address}, as root:  kedge node join FILE --data-dir /var/lib/kedge\n\
         It looks for the API at port {api_port}: an instance that picks its port keeps this one, one \
         that is told another (--api-listen) is not found.\n\
         Open between the machines: TCP to {api} (by way of {via}), TCP to {address}:{port}, and \
         {all} both ways.",
        number = file.number,
        port = join::AGENT_PORT,
        api_port = api.rsplit(':').next().unwrap_or_default(),
        all = file.ranges.pods,
    )
}

#[cfg(test)]
mod tests {
    use super::super::file::tests::file;
    use super::*;

    #[test]
    fn what_to_do_next_is_said_without_a_key() {
        let file = file("2026-06-01T00:00:00Z".parse().unwrap());
        let admitted = Admitted {
            number: 2,
            moved_from: Some(Ipv4Addr::new(192, 0, 2, 9)),
        };
        insta::assert_snapshot!(told(&file, admitted));
    }
}
