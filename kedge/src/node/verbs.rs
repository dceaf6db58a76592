//! What `kedge node` can be told.

use std::ffi::OsString;
use std::net::Ipv4Addr;

use clap::{Args, Subcommand};

use super::{add, join, remove};

pub(crate) const EXAMPLE: &str = "\
Runs pods of an instance on other machines that it reaches directly: on one network, without address
translation between them. `add`, on the machine of the instance, writes a file with all that the
other machine needs, keys included; `join`, there and as root, does the rest. A node leaves with
`kedge down --purge` on its machine and `kedge node remove NAME` here, which ends a lost file too.
More: docs/machines.md.

Example:
  kedge node add worker-1 --address 192.0.2.7 > worker-1.json
  kedge node join worker-1.json --data-dir /var/lib/kedge
  kedge node remove worker-1";

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// On the machine of an instance: print the file with which another machine joins it
    Add(add::Arguments),
    /// On the machine of an instance: revoke a node's keys, used or not, and forget it
    Remove(remove::Arguments),
    /// On another machine: join with such a file, or go on; in the foreground, as root
    Join(join::Arguments),
}

impl Arguments {
    /// What runs for long, by name.
    pub(crate) fn role(&self) -> Option<&'static str> {
        match self.verb {
            Verb::Add(_) | Verb::Remove(_) => None,
            Verb::Join(_) => Some("node"),
        }
    }
}

/// `environment`: what every role is told besides.
pub(crate) async fn run(
    arguments: Arguments,
    environment: Vec<(&'static str, OsString)>,
) -> anyhow::Result<()> {
    match arguments.verb {
        Verb::Add(arguments) => add::run(&arguments).await,
        Verb::Remove(arguments) => remove::run(&arguments).await,
        Verb::Join(arguments) => join::run(arguments, environment).await,
    }
}

/// A node's name, which is that of a directory and of a label too.
///
/// # Errors
/// It is none.
pub(super) fn name(text: &str) -> Result<String, String> {
    if text.len() <= 63 && api::name::dns1123_subdomain(text).is_empty() {
        return Ok(text.to_owned());
    }
    Err(
        "a name of at most 63 lower-case letters, digits, '-' and '.' is needed, such as worker-1"
            .into(),
    )
}

/// The address of a machine as others reach it.
///
/// # Errors
/// It is none, or nobody else reaches it.
pub(super) fn address(text: &str) -> Result<Ipv4Addr, String> {
    let parsed = text.parse::<Ipv4Addr>().ok();
    let usable = parsed.filter(|it| {
        let [first, ..] = it.octets();
        // 0 and 240 and above are nobody's.
        (1..240).contains(&first) && !it.is_loopback() && !it.is_multicast() && !it.is_link_local()
    });
    usable.ok_or_else(|| {
        "the IPv4 address of a machine is needed that others reach, such as 192.0.2.7".into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_those_of_machines() {
        for good in ["worker-1", "n2", "a.example.org"] {
            assert_eq!(name(good).as_deref(), Ok(good));
        }
        for bad in ["", "Worker", "-a", "a/b", "..", &"a".repeat(64)] {
            assert!(name(bad).is_err(), "{bad}");
        }
        assert_eq!(address("192.0.2.7"), Ok(Ipv4Addr::new(192, 0, 2, 7)));
        for bad in [
            "",
            "worker-1",
            "192.0.2.7:80",
            "127.0.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "169.254.1.1",
            "255.255.255.255",
            "2001:db8::1",
        ] {
            assert!(
                address(bad).is_err_and(|it| it.contains("192.0.2.7")),
                "{bad}"
            );
        }
    }
}
