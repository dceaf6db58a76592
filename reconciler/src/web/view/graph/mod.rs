//! The forest as a picture: four columns, at most forty boxes. What does not fit is folded,
//! healthy things first, and is counted; the list beside it has everything.

mod draw;
mod fold;
mod list;
mod names;
#[cfg(test)]
mod tests;

use super::component::encoded;

pub(crate) use draw::graph;
pub(crate) use list::{Item, Only, list};

/// The most boxes a picture has.
const BOXES: usize = 40;

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

/// The address of an application's page.
pub(crate) fn app_href(name: &str) -> String {
    format!("/apps/{}", encoded(name))
}
