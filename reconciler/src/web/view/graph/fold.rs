//! What a picture shows of a forest that is too large for it: what is well is folded first. What
//! is folded is counted, and what is not well in it is counted apart.

use std::collections::BTreeMap;

use super::BOXES;
use super::list::anchor;
use super::names::{listed, name};
use crate::web::view::component::Tone;
use crate::web::view::tree::Node;

/// What stands in one place of the picture before it has one.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub kind: String,
    pub name: String,
    pub meta: String,
    pub href: String,
    /// Where the list has it, with what is below it.
    listed: String,
    pub label: String,
    pub tone: Tone,
    pub icon: &'static str,
    pub waits: bool,
    pub children: Vec<Entry>,
    /// How many of each kind this box stands for, without its children.
    kinds: BTreeMap<String, usize>,
    /// How many of them are not well.
    ill: usize,
}

impl Entry {
    /// Whether it stands for pods alone.
    pub(super) fn is_pods(&self) -> bool {
        self.kinds.keys().all(|kind| kind == "Pod")
    }

    fn size(&self) -> usize {
        1 + self.children.iter().map(Self::size).sum::<usize>()
    }

    /// How many are not well, in this box and below it.
    fn all_ill(&self) -> usize {
        self.ill + self.children.iter().map(Self::all_ill).sum::<usize>()
    }

    /// Adds what this box and those below it stand for.
    fn count(&self, kinds: &mut BTreeMap<String, usize>) {
        for (kind, count) in &self.kinds {
            *kinds.entry(kind.clone()).or_default() += count;
        }
        for child in &self.children {
            child.count(kinds);
        }
    }
}

/// How many children of one owner are drawn, in turn, until all fits.
const NARROWER: [usize; 6] = [12, 8, 5, 3, 2, 1];

/// At most [`BOXES`] entries, one of them the application's own. The worst come first.
pub(super) fn fold(application: &str, forest: &[Node]) -> Vec<Entry> {
    let is_plain = |node: &Node| node.health.is_none() && node.children.is_empty();
    let folds_plain = forest.iter().filter(|node| is_plain(node)).count() > 2;
    let (plain, kept): (Vec<&Node>, Vec<&Node>) = forest
        .iter()
        .partition(|node| folds_plain && is_plain(node) && node.waits_for.is_none());
    let all = format!("/apps/{}?view=list", super::encoded(application));
    let entries = |nodes: Vec<&Node>| -> Vec<Entry> {
        let nodes = nodes.into_iter();
        nodes.map(|node| entry(&all, application, node)).collect()
    };
    let (mut kept, mut folded) = (entries(kept), entries(plain));
    // One for the application, one for what is folded.
    let room = BOXES - 2;
    // Whole trees that are well go before parts of one that is not.
    while total(&kept) > room
        && let Some(well) = kept.iter().rposition(|root| root.all_ill() == 0)
    {
        folded.push(kept.remove(well));
    }
    for most in NARROWER {
        if total(&kept) > room {
            for root in &mut kept {
                narrow(root, most);
            }
        }
    }
    folded.extend(kept.split_off(fitting(&kept, room)));
    if !folded.is_empty() {
        kept.push(rest(&folded, "", format!("{all}#tree")));
    }
    kept
}

/// How many of the first there is room for.
fn fitting(entries: &[Entry], room: usize) -> usize {
    let sizes = entries.iter().scan(0, |sum, entry| {
        *sum += entry.size();
        Some(*sum)
    });
    sizes.take_while(|sum| *sum <= room).count()
}

fn total(entries: &[Entry]) -> usize {
    entries.iter().map(Entry::size).sum()
}

/// Leaves `most` children of each owner; the others become one. What is well goes first.
fn narrow(entry: &mut Entry, most: usize) {
    for child in &mut entry.children {
        narrow(child, most);
    }
    if entry.children.len() <= most.max(1) {
        return;
    }
    let (ill, well): (Vec<Entry>, Vec<Entry>) = std::mem::take(&mut entry.children)
        .into_iter()
        .partition(|child| child.all_ill() > 0);
    let mut kept = ill;
    kept.extend(well);
    let folded = kept.split_off(most.saturating_sub(1));
    let leads_to = entry.listed.clone();
    let owner = entry.name.clone();
    kept.push(rest(&folded, &owner, leads_to));
    entry.children = kept;
}

/// One box for several entries and what is below them.
fn rest(folded: &[Entry], owner: &str, href: String) -> Entry {
    let mut kinds = BTreeMap::new();
    for entry in folded {
        entry.count(&mut kinds);
    }
    let ill: usize = folded.iter().map(Entry::all_ill).sum();
    let count: usize = kinds.values().sum();
    let names: Vec<&str> = kinds.keys().map(String::as_str).collect();
    let told: Vec<String> = kinds
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    let of = match owner {
        "" => String::new(),
        owner => format!(" of {owner}"),
    };
    let (meta, but) = match ill {
        0 => (String::new(), String::new()),
        ill => (format!("{ill} not well"), format!(", {ill} not well")),
    };
    let (tone, icon) = folded.iter().map(worst).max().unwrap_or((Tone::Ok, "eq"));
    Entry {
        kind: format!("{count} more"),
        name: listed(&names),
        meta,
        listed: href.clone(),
        href,
        label: format!(
            "{count} more objects{of}: {}{but}; see the list",
            told.join(", ")
        ),
        tone,
        icon: if ill == 0 { "eq" } else { icon },
        waits: false,
        children: Vec::new(),
        kinds,
        ill,
    }
}

fn worst(entry: &Entry) -> (Tone, &'static str) {
    let below = entry.children.iter().map(worst);
    below.fold((entry.tone, entry.icon), Ord::max)
}

/// `all` is the address of the list.
fn entry(all: &str, owner: &str, node: &Node) -> Entry {
    let listed = format!("{all}#{}", anchor(node));
    let (well, other): (Vec<&Node>, Vec<&Node>) = node
        .children
        .iter()
        .partition(|child| child.kind == "Pod" && child.is_well());
    let mut children: Vec<Entry> = other
        .into_iter()
        .map(|child| entry(all, &node.key.name, child))
        .collect();
    match well.as_slice() {
        [] => {}
        [one] => children.push(entry(all, &node.key.name, one)),
        several => children.push(pods(several, &listed)),
    }
    let is_ill = node.waits_for.is_none() && !matches!(node.tone(), Tone::Ok | Tone::Hold);
    Entry {
        kind: node.kind.clone(),
        name: name(owner, node),
        meta: node.meta.clone(),
        href: node.href(),
        listed,
        label: node.label(),
        tone: node.tone(),
        icon: node.icon(),
        waits: node.waits_for.is_some(),
        children,
        // Without what a ReplicaSet says of its age.
        kinds: node
            .kind
            .split(',')
            .take(1)
            .map(|kind| (kind.to_owned(), 1))
            .collect(),
        ill: usize::from(is_ill),
    }
}

/// Several healthy pods of one owner.
fn pods(several: &[&Node], listed: &str) -> Entry {
    let first = several[0];
    Entry {
        kind: format!("{} pods", several.len()),
        name: "all ready".into(),
        meta: String::new(),
        // One of them leads on, and the label says which; the list names each.
        href: first.href(),
        listed: listed.to_owned(),
        label: format!(
            "{} pods, all ready, such as {}",
            several.len(),
            first.key.name
        ),
        tone: Tone::Ok,
        icon: "ok",
        waits: false,
        children: Vec::new(),
        kinds: BTreeMap::from([("Pod".to_owned(), several.len())]),
        ill: 0,
    }
}
