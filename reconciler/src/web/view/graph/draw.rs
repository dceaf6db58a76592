//! Where each box stands, and the lines between them.

use super::fold::{Entry, fold};
use super::names::{kind, shortened};
use super::{Box, Edge, Graph};
use crate::web::view::component::Tone;
use crate::web::view::tree::Node;

const ROW: usize = 50;
const GAP: usize = 12;
/// Left edge and width of each column.
const COLUMNS: [(usize, usize); 4] = [(0, 140), (174, 178), (386, 178), (596, 184)];

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
        let column = if entry.is_pods() { 3 } else { column.min(3) };
        let mut bottom = y;
        let mut tops = Vec::new();
        for child in &entry.children {
            let (top, next) = self.place(child, column + 1, bottom);
            tops.push((child, top));
            bottom = next;
        }
        self.graph.nodes.push(boxed(entry, column, y));
        for (child, top) in tops {
            let to = if child.is_pods() {
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
        kind: kind(&entry.kind, entry.meta.chars().count()),
        name: entry.name.clone(),
        meta: entry.meta.clone(),
        href: entry.href.clone(),
        label: entry.label.clone(),
    }
}
