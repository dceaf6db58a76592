//! The objects of an application: as a picture, as a list, or why they cannot be shown.

use askama::Template;

use super::component::{Icon, State};
use super::facts::Facts;
use super::graph::{self, Graph, Item, Only, app_href};
use super::tree::Node;

/// Rows beside a picture.
const BESIDE: usize = 200;
/// Rows of a list that is asked for.
const WHOLE: usize = 1_000;

/// How the reader wants to see them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Wanted {
    /// The list first, and whole.
    pub as_list: bool,
    pub only: Only,
}

impl Wanted {
    /// From `?view=list&only=unhealthy`.
    pub(crate) fn parse(view: &str, only: &str) -> Self {
        Self {
            as_list: view == "list",
            only: match only {
                "unhealthy" => Only::Unhealthy,
                _ => Only::All,
            },
        }
    }

    /// The same in one word, for a topic.
    pub(crate) fn as_str(self) -> &'static str {
        match (self.as_list, self.only) {
            (false, Only::All) => "",
            (true, Only::All) => "list",
            (false, Only::Unhealthy) => "unhealthy",
            (true, Only::Unhealthy) => "list-unhealthy",
        }
    }

    pub(crate) fn of_word(word: &str) -> Self {
        match word {
            "list" => Self::parse("list", ""),
            "unhealthy" => Self::parse("", "unhealthy"),
            "list-unhealthy" => Self::parse("list", "unhealthy"),
            _ => Self::default(),
        }
    }
}

/// The objects as picture and list, or why they cannot be shown.
#[derive(Debug, Template)]
#[template(path = "app/tree.html")]
pub(crate) struct Tree {
    pub name: String,
    pub summary: String,
    pub error: String,
    pub graph: Graph,
    pub items: Vec<Item>,
    pub hidden: usize,
    pub as_list: bool,
    /// Address and words of the link to more of them, or to fewer; none where all is well.
    pub other: Option<(String, String)>,
    /// Where the list is whole.
    pub whole: String,
}

/// `forest` from [`super::tree::forest`].
pub(crate) fn tree(facts: &Facts, forest: &[Node], wanted: Wanted) -> Tree {
    let tone = State::health(facts.health);
    let well = forest.iter().filter(|node| node.is_well()).count();
    let limit = if wanted.as_list { WHOLE } else { BESIDE };
    let (items, hidden) = graph::list(forest, wanted.only, limit);
    let home = app_href(&facts.name);
    let kept: Vec<Node>;
    let drawn = match wanted.only {
        Only::All => forest,
        Only::Unhealthy => {
            kept = forest
                .iter()
                .filter(|node| !node.is_well())
                .cloned()
                .collect();
            &kept
        }
    };
    let ill = forest.len() - well;
    Tree {
        name: facts.name.clone(),
        summary: format!("{well} of {} from Git are well", forest.len()),
        error: String::new(),
        graph: graph::graph(&facts.name, tone.tone, tone.icon.0, drawn),
        items,
        hidden,
        as_list: wanted.as_list,
        other: match wanted.only {
            Only::Unhealthy => Some((format!("{home}#tree"), "All objects".into())),
            Only::All if ill > 0 && well > 0 => Some((
                format!("{home}?only=unhealthy#tree"),
                format!("Only the {ill} not well"),
            )),
            Only::All => None,
        },
        whole: format!("{home}?view=list#tree"),
    }
}

/// In place of the objects.
pub(crate) fn tree_error(name: &str, error: String) -> Tree {
    Tree {
        name: name.into(),
        summary: String::new(),
        error,
        graph: Graph::default(),
        items: Vec::new(),
        hidden: 0,
        as_list: false,
        other: None,
        whole: String::new(),
    }
}
