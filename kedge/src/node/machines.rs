//! Which machines joined an instance, and the numbers of their nodes: `machines.json` in its data
//! directory. A number is for good: the range of a node's pods follows from it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

use anyhow::{Context, anyhow, bail};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use serde::{Deserialize, Serialize};

use crate::cli::cause::unreadable;
use crate::data_dir::DataDir;
use crate::up::Layout;

/// 1 is the instance's own machine.
pub(super) const NUMBERS: RangeInclusive<u8> = 2..=250;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Machines(BTreeMap<String, Machine>);

/// One that joined, or is to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Machine {
    number: u8,
    address: Ipv4Addr,
    /// Where it looks for the API; absent in what was written before this was.
    #[serde(default)]
    port: Option<u16>,
}

impl Machine {
    /// Without a number yet.
    pub(super) fn new(address: Ipv4Addr, port: u16) -> Self {
        Self {
            number: 0,
            address,
            port: Some(port),
        }
    }
}

/// What a node is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Admitted {
    pub(super) number: u8,
    /// Where it was before, if it was elsewhere.
    pub(super) moved_from: Option<Ipv4Addr>,
}

impl Machines {
    fn read(layout: &Layout) -> anyhow::Result<Self> {
        let path = layout.machines();
        let text = tls::files::read(&path).map_err(|error| anyhow!("{error}"))?;
        let Some(text) = text else {
            return Ok(Self::default());
        };
        serde_json::from_str(&text)
            .with_context(|| format!("{} is not what `kedge node add` wrote", path.display()))
    }

    fn write(&self, layout: &Layout) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self).context("cannot write down the machines")?;
        tls::files::write_public(&layout.machines(), format!("{text}\n").as_bytes())
            .context("cannot write down the machines")
    }

    /// The number that a name has, or the lowest one that nobody has.
    fn admit(&mut self, name: &str, wanted: Machine) -> Result<Admitted, String> {
        let address = wanted.address;
        if let Some((other, _)) = self
            .0
            .iter()
            .find(|(other, it)| *other != name && it.address == address)
        {
            return Err(format!(
                "{address} is the address of {other} already, and a machine is one node of an \
                 instance; if {other} is gone for good: kedge node remove {other}"
            ));
        }
        if let Some(known) = self.0.get_mut(name) {
            let before = std::mem::replace(&mut known.address, address);
            known.port = wanted.port;
            return Ok(Admitted {
                number: known.number,
                moved_from: (before != address).then_some(before),
            });
        }
        let is_free = |number: &u8| self.0.values().all(|it| it.number != *number);
        let number = NUMBERS.clone().find(is_free).ok_or_else(|| {
            format!(
                "all numbers from {} to {} are given; kedge node remove takes one back from a node \
                 that is gone (machines.json in the data directory has their names)",
                NUMBERS.start(),
                NUMBERS.end()
            )
        })?;
        self.0.insert(name.to_owned(), Machine { number, ..wanted });
        Ok(Admitted {
            number,
            moved_from: None,
        })
    }
}

/// Names that were given, for a shell to offer: a node is added again to renew its keys.
pub(super) fn names() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let layout = Layout::open(&DataDir::unfinished().path);
        let machines = layout.ok().and_then(|it| Machines::read(&it).ok());
        let names = machines.unwrap_or_default().0.into_keys();
        let begun = current.to_string_lossy().into_owned();
        let fitting = names.filter(|name| name.starts_with(&begun));
        fitting.map(CompletionCandidate::new).collect()
    })
}

/// Gives a node its number and writes it down, one at a time.
///
/// # Errors
/// Another one has the address, all numbers are given, or files cannot be used.
pub(super) fn admit(layout: &Layout, name: &str, wanted: Machine) -> anyhow::Result<Admitted> {
    alter(layout, |machines| machines.admit(name, wanted))
        .and_then(|it| it.map_err(anyhow::Error::msg))
}

/// Takes a node's number back.
///
/// # Errors
/// Files cannot be used.
pub(super) fn forget(layout: &Layout, name: &str) -> anyhow::Result<()> {
    alter(layout, |machines| machines.0.remove(name)).map(drop)
}

/// Names that were given.
///
/// # Errors
/// They cannot be read.
pub(super) fn known(layout: &Layout) -> anyhow::Result<Vec<String>> {
    Ok(Machines::read(layout)?.0.into_keys().collect())
}

/// Where machines that joined look for the API; `None` where none did.
///
/// # Errors
/// It cannot be read.
pub(crate) fn api_port(layout: &Layout) -> anyhow::Result<Option<u16>> {
    let machines = Machines::read(layout)?;
    Ok(machines.0.values().find_map(|it| it.port))
}

/// One at a time.
fn alter<T>(layout: &Layout, change: impl FnOnce(&mut Machines) -> T) -> anyhow::Result<T> {
    let path = layout.machines().with_extension("lock");
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path);
    let lock = lock.map_err(|error| anyhow!(unreadable(&path, &error)))?;
    lock.lock()
        .with_context(|| format!("cannot lock {}", path.display()))?;
    let mut machines = Machines::read(layout)?;
    let before = machines.clone();
    let changed = change(&mut machines);
    if machines != before {
        machines.write(layout)?;
    }
    Ok(changed)
}

/// Sees to it that an instance whose nodes are to be in namespaces of its machine has no others.
///
/// # Errors
/// Machines joined it, whose numbers the nodes of the machine would have.
pub(crate) fn alone(layout: &Layout, nodes: u8) -> anyhow::Result<()> {
    let machines = Machines::read(layout)?;
    if nodes == 1 || machines.0.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = machines.0.keys().map(String::as_str).collect();
    bail!(
        "--nodes {nodes}: other machines are nodes of this instance ({}), which goes with --nodes 1 \
         alone; if they left for good: kedge node remove NAME",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> Ipv4Addr {
        Ipv4Addr::new(192, 0, 2, last)
    }

    fn machine(last: u8) -> Machine {
        Machine::new(address(last), 6443)
    }

    #[test]
    fn a_name_keeps_its_number_and_others_get_the_lowest() {
        let mut machines = Machines::default();
        let mut number = |name: &str, last| machines.admit(name, machine(last)).map(|it| it.number);
        assert_eq!(number("a", 7), Ok(2));
        assert_eq!(number("b", 8), Ok(3));
        assert_eq!(number("a", 7), Ok(2));
        assert!(number("c", 8).is_err_and(|it| it.contains("of b already")));
        machines.0.remove("a");
        assert_eq!(machines.admit("d", machine(9)).unwrap().number, 2);
        let moved = machines.admit("b", machine(10)).unwrap();
        assert_eq!((moved.number, moved.moved_from), (3, Some(address(8))));
    }

    #[test]
    fn numbers_end() {
        let mut machines = Machines::default();
        for last in NUMBERS {
            machines.admit(&format!("n{last}"), machine(last)).unwrap();
        }
        let told = machines.admit("more", machine(1)).unwrap_err();
        assert!(told.contains("machines.json"), "{told}");
    }

    #[test]
    fn what_was_given_is_written_down() {
        let root = std::env::temp_dir().join(format!("kedge-machines-{}", std::process::id()));
        let layout = Layout::create(&root).unwrap();
        assert!(alone(&layout, 2).is_ok());
        admit(&layout, "a", machine(7)).unwrap();
        assert_eq!(admit(&layout, "b", machine(8)).unwrap().number, 3);
        assert_eq!(admit(&layout, "a", machine(7)).unwrap().number, 2);
        assert!(alone(&layout, 1).is_ok());
        let refused = alone(&layout, 2).unwrap_err().to_string();
        assert!(refused.contains("(a, b)"), "{refused}");
        assert_eq!(api_port(&layout).unwrap(), Some(6443));
        forget(&layout, "a").unwrap();
        assert_eq!(known(&layout).unwrap(), ["b"]);
        forget(&layout, "b").unwrap();
        assert_eq!(api_port(&layout).unwrap(), None);
        // As it was written before the port was.
        std::fs::write(
            layout.machines(),
            r#"{"c": {"number": 2, "address": "192.0.2.7"}}"#,
        )
        .unwrap();
        assert_eq!(api_port(&layout).unwrap(), None);
        assert_eq!(admit(&layout, "c", machine(7)).unwrap().number, 2);
        assert_eq!(api_port(&layout).unwrap(), Some(6443));
        std::fs::write(layout.machines(), "{").unwrap();
        let told = admit(&layout, "a", machine(7)).unwrap_err().to_string();
        assert!(told.contains("machines.json"), "{told}");
        std::fs::remove_dir_all(root).unwrap();
    }
}
