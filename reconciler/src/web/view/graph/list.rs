//! Every object as a row: what a picture shows, in words.

use super::super::component::{Tone, encoded};
use super::super::tree::Node;

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    /// What the row is called in addresses; empty where nothing leads to it.
    pub anchor: String,
    pub level: usize,
    pub tone: &'static str,
    pub icon: &'static str,
    pub class: &'static str,
    pub name: String,
    pub title: String,
    pub kind: String,
    pub word: &'static str,
    pub meta: String,
    pub href: String,
}

/// Which objects a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Only {
    #[default]
    All,
    /// Those that are not well, below what owns them.
    Unhealthy,
}

/// The objects as rows.
pub(crate) fn list(forest: &[Node], only: Only) -> Vec<Item> {
    let mut items = Vec::new();
    for node in forest {
        rows(node, only, 1, &mut items);
    }
    items
}

/// Where the row of an object is on its page, without `#`.
pub(super) fn anchor(node: &Node) -> String {
    let kind = node.kind.split(',').next().unwrap_or_default();
    let (namespace, name) = (&node.key.namespace, &node.key.name);
    encoded(&format!("o-{kind}.{namespace}.{name}").to_lowercase())
}

fn rows(node: &Node, only: Only, level: usize, items: &mut Vec<Item>) {
    if only == Only::Unhealthy && node.is_well() {
        return;
    }
    items.push(Item {
        anchor: if node.children.is_empty() {
            String::new()
        } else {
            anchor(node)
        },
        level: level.min(3),
        tone: node.tone().as_str(),
        icon: node.icon(),
        class: if node.tone() == Tone::Bad { "bad" } else { "" },
        name: node.key.name.clone(),
        title: node.label(),
        kind: node.kind.clone(),
        word: node.word(),
        meta: node.meta.clone(),
        href: node.href(),
    });
    for child in &node.children {
        rows(child, only, level + 1, items);
    }
}
