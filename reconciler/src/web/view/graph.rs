//! The forest as a picture: four columns, at most forty boxes. What does not fit is folded,
//! healthy things first; the list beside it has everything.

use std::collections::BTreeMap;

use super::component::{Tone, encoded};
use super::tree::Node;

/// The most boxes a picture has.
const BOXES: usize = 40;
const ROW: usize = 50;
const GAP: usize = 12;
/// Characters that fit into a box in the widest of the usual fonts.
const NAME: usize = 17;
/// Left edge and width of each column.
const COLUMNS: [(usize, usize); 4] = [(0, 140), (174, 178), (386, 178), (596, 184)];

/// A picture, ready to be written as SVG.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    pub height: usize,
    pub columns: Vec<(usize, &'static str)>,
    pub edges: Vec<Edge>,
    pub nodes: Vec<Box>,
}

/// A line between two boxes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edge {
    pub path: String,
    pub class: &'static str,
}

/// One object, or several that are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Box {
    pub x: usize,
    pub y: usize,
    pub width: usize,
    pub class: &'static str,
    pub tone: &'static str,
    pub icon: &'static str,
    pub kind: String,
    pub name: String,
    pub meta: String,
    pub href: String,
    pub label: String,
}

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
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

/// What stands in one place of the picture before it has one.
struct Entry {
    kind: String,
    name: String,
    meta: String,
    href: String,
    label: String,
    tone: Tone,
    icon: &'static str,
    waits: bool,
    children: Vec<Entry>,
}

/// Draws `forest` below the application's own box.
pub(crate) fn graph(application: &str, tone: Tone, icon: &'static str, forest: &[Node]) -> Graph {
    let entries = fold(application, forest);
    let mut canvas = Canvas::default();
    let mut y = 0;
    let mut roots = Vec::new();
    for entry in &entries {
        let (top, bottom) = canvas.place(entry, 1, y);
        roots.push((top, edge_class(entry)));
        y = bottom + if entry.children.is_empty() { 0 } else { GAP };
    }
    let bottom = y.max(ROW);
    let own = (bottom.saturating_sub(ROW)) / 2;
    for (top, class) in roots {
        canvas.edge((0, own), (1, top), class);
    }
    canvas.graph.nodes.insert(
        0,
        Box {
            x: COLUMNS[0].0,
            y: own,
            width: COLUMNS[0].1,
            class: "",
            tone: tone.as_str(),
            icon,
            kind: "Application".into(),
            name: shortened(application, 14),
            meta: String::new(),
            href: String::new(),
            label: format!("Application {application}"),
        },
    );
    let labels = ["Application", "From Git", "Made by controllers", "Running"];
    canvas.graph.columns = COLUMNS.map(|(x, _)| x).into_iter().zip(labels).collect();
    canvas.graph.height = bottom + 26;
    canvas.graph
}

/// Every object as a row, at most `limit` of them, and how many were left out.
pub(crate) fn list(forest: &[Node], limit: usize) -> (Vec<Item>, usize) {
    let mut items = Vec::new();
    for node in forest {
        rows(node, 1, &mut items);
    }
    let hidden = items.len().saturating_sub(limit);
    items.truncate(limit);
    (items, hidden)
}

fn rows(node: &Node, level: usize, items: &mut Vec<Item>) {
    items.push(Item {
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
        rows(child, level + 1, items);
    }
}

/// Folds until it fits: pods that are well, then objects that just are, then whatever is well.
fn fold(application: &str, forest: &[Node]) -> Vec<Entry> {
    let is_plain = |node: &Node| node.health.is_none() && node.children.is_empty();
    let plain = forest.iter().filter(|node| is_plain(node)).count();
    let folds_plain = plain > 2;
    let (folded, kept): (Vec<&Node>, Vec<&Node>) = forest
        .iter()
        .partition(|node| folds_plain && is_plain(node) && node.waits_for.is_none());
    let mut entries: Vec<(bool, Entry)> = kept
        .into_iter()
        .map(|node| (node.is_well(), entry(application, node)))
        .collect();
    let mut more: BTreeMap<String, usize> = BTreeMap::new();
    for node in folded {
        *more.entry(node.kind.clone()).or_default() += 1;
    }
    // The worst come first, so that what is taken away at the end is well, if anything is.
    while entries.iter().map(|(_, entry)| size(entry)).sum::<usize>() + 2 > BOXES {
        let Some(at) = entries.iter().rposition(|(well, _)| *well) else {
            let Some((_, last)) = entries.pop() else {
                break;
            };
            *more.entry(last.kind).or_default() += 1;
            continue;
        };
        let (_, gone) = entries.remove(at);
        *more.entry(gone.kind).or_default() += 1;
    }
    let mut entries: Vec<Entry> = entries.into_iter().map(|(_, entry)| entry).collect();
    if !more.is_empty() {
        entries.push(rest(&more));
    }
    entries
}

fn rest(more: &BTreeMap<String, usize>) -> Entry {
    let count: usize = more.values().sum();
    let kinds: Vec<String> = more
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    let names: Vec<&str> = more.keys().map(String::as_str).collect();
    Entry {
        kind: format!("{count} more"),
        name: listed(&names),
        meta: String::new(),
        href: String::new(),
        label: format!("{count} more objects: {}; see the list", kinds.join(", ")),
        tone: Tone::Ok,
        icon: "eq",
        waits: false,
        children: Vec::new(),
    }
}

fn size(entry: &Entry) -> usize {
    1 + entry.children.iter().map(size).sum::<usize>()
}

fn entry(application: &str, node: &Node) -> Entry {
    let (well, other): (Vec<&Node>, Vec<&Node>) = node
        .children
        .iter()
        .partition(|child| child.kind == "Pod" && child.is_well());
    let mut children: Vec<Entry> = other
        .into_iter()
        .map(|child| entry(&node.key.name, child))
        .collect();
    match well.as_slice() {
        [] => {}
        [one] => children.push(entry(&node.key.name, one)),
        several => children.push(pods(several)),
    }
    Entry {
        kind: node.kind.clone(),
        name: name(application, node),
        meta: node.meta.clone(),
        href: node.href(),
        label: node.label(),
        tone: node.tone(),
        icon: node.icon(),
        waits: node.waits_for.is_some(),
        children,
    }
}

/// Several healthy pods of one owner.
fn pods(several: &[&Node]) -> Entry {
    let first = several[0];
    Entry {
        kind: format!("{} pods", several.len()),
        name: "all ready".into(),
        meta: String::new(),
        // One of them leads on; the list names each.
        href: first.href(),
        label: format!(
            "{} pods, all ready, such as {}",
            several.len(),
            first.key.name
        ),
        tone: Tone::Ok,
        icon: "ok",
        waits: false,
        children: Vec::new(),
    }
}

/// A generated name without the part it shares with its owner.
fn name(owner: &str, node: &Node) -> String {
    let own = &node.key.name;
    match own
        .strip_prefix(owner)
        .and_then(|rest| rest.strip_prefix('-'))
    {
        // Of a pod's name the end tells, always; of others where there is no room for all.
        Some(rest) if rest.len() >= 4 && (node.kind == "Pod" || own.len() > NAME) => {
            format!("…{}", shortened(rest, NAME - 1))
        }
        _ => shortened(own, NAME),
    }
}

/// As many names as fit.
fn listed(names: &[&str]) -> String {
    let all = names.join(", ");
    if all.len() <= NAME {
        return all;
    }
    match names {
        [first, ..] if first.len() + 3 <= NAME => format!("{first}, …"),
        _ => shortened(&all, NAME),
    }
}

/// The beginning and the end of a name that is too long.
fn shortened(name: &str, most: usize) -> String {
    let characters: Vec<char> = name.chars().collect();
    if characters.len() <= most {
        return name.to_owned();
    }
    let head = (most - 1) / 2;
    let tail = most - 1 - head;
    let begin: String = characters[..head].iter().collect();
    let end: String = characters[characters.len() - tail..].iter().collect();
    format!("{begin}…{end}")
}

fn edge_class(entry: &Entry) -> &'static str {
    match worst(entry) {
        Tone::Bad => "hot",
        Tone::Run => "live",
        _ => "",
    }
}

fn worst(entry: &Entry) -> Tone {
    entry
        .children
        .iter()
        .map(worst)
        .chain([entry.tone])
        .max()
        .unwrap_or(Tone::Ok)
}

#[derive(Default)]
struct Canvas {
    graph: Graph,
}

impl Canvas {
    /// Puts the entry's box at `y`, what it owns to its right. Answers the box's own top and
    /// where the next one may begin.
    fn place(&mut self, entry: &Entry, column: usize, y: usize) -> (usize, usize) {
        // Pods stand in the last column, whoever made them.
        let column = if entry.kind == "Pod" || entry.kind.ends_with(" pods") {
            3
        } else {
            column.min(3)
        };
        let mut bottom = y;
        let mut tops = Vec::new();
        for child in &entry.children {
            let (top, next) = self.place(child, column + 1, bottom);
            tops.push((child, top));
            bottom = next;
        }
        self.graph.nodes.push(boxed(entry, column, y));
        for (child, top) in tops {
            let to = if is_pod(child) {
                3
            } else {
                (column + 1).min(3)
            };
            self.edge((column, y), (to, top), edge_class(child));
        }
        (y, bottom.max(y + ROW))
    }

    fn edge(&mut self, from: (usize, usize), to: (usize, usize), class: &'static str) {
        if to.0 <= from.0 {
            return;
        }
        let (x1, y1) = (COLUMNS[from.0].0 + COLUMNS[from.0].1, from.1 + 20);
        let (x2, y2) = (COLUMNS[to.0].0, to.1 + 20);
        let middle = usize::midpoint(x1, x2);
        self.graph.edges.push(Edge {
            path: format!("M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"),
            class,
        });
    }
}

fn is_pod(entry: &Entry) -> bool {
    entry.kind == "Pod" || entry.kind.ends_with(" pods")
}

fn boxed(entry: &Entry, column: usize, y: usize) -> Box {
    Box {
        x: COLUMNS[column].0,
        y,
        width: COLUMNS[column].1,
        class: match entry.tone {
            _ if entry.waits => "wait",
            Tone::Bad => "bad",
            Tone::Run => "run",
            Tone::Warn => "wait",
            _ => "",
        },
        tone: entry.tone.as_str(),
        icon: entry.icon,
        kind: entry.kind.clone(),
        name: entry.name.clone(),
        meta: entry.meta.clone(),
        href: entry.href.clone(),
        label: entry.label.clone(),
    }
}

/// The address of an application's page.
pub(crate) fn app_href(name: &str) -> String {
    format!("/apps/{}", encoded(name))
}
