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
    /// Of the list, from 0.
    pub page: usize,
}

impl Wanted {
    /// From `?view=list&only=unhealthy&page=2`.
    pub(crate) fn parse(view: &str, only: &str, page: &str) -> Self {
        Self {
            page: page.parse::<usize>().unwrap_or(1).saturating_sub(1),
            as_list: view == "list",
            only: match only {
                "unhealthy" => Only::Unhealthy,
                _ => Only::All,
            },
        }
    }

    /// The same in one word, for a topic.
    pub(crate) fn word(self) -> String {
        let word = match (self.as_list, self.only) {
            (false, Only::All) => "",
            (true, Only::All) => "list",
            (false, Only::Unhealthy) => "unhealthy",
            (true, Only::Unhealthy) => "list-unhealthy",
        };
        match self.page {
            0 => word.to_owned(),
            page => format!("{word}~{}", page + 1),
        }
    }

    pub(crate) fn of_word(word: &str) -> Self {
        let (word, page) = word.split_once('~').unwrap_or((word, ""));
        match word {
            "list" => Self::parse("list", "", page),
            "unhealthy" => Self::parse("", "unhealthy", page),
            "list-unhealthy" => Self::parse("list", "unhealthy", page),
            _ => Self::default(),
        }
    }

    /// The address that shows them so.
    fn address(self, home: &str) -> String {
        let view = if self.as_list { "list" } else { "graph" };
        let only = match self.only {
            Only::All => "",
            Only::Unhealthy => "&only=unhealthy",
        };
        let page = match self.page {
            0 => String::new(),
            page => format!("&page={}", page + 1),
        };
        format!("{home}?view={view}{only}{page}#tree")
    }

    fn of_page(self, page: usize) -> Self {
        Self { page, ..self }
    }

    /// Picture or list of the same objects: label, address, whether it is shown.
    fn views(self, home: &str) -> Vec<(&'static str, String, bool)> {
        let view = |label, as_list| {
            let other = Self {
                as_list,
                ..self.of_page(0)
            };
            (label, other.address(home), as_list == self.as_list)
        };
        vec![view("Graph", false), view("List", true)]
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
    /// Whether there are others than those that are asked for.
    pub is_narrowed: bool,
    /// Label, address, whether it is the current one.
    pub views: Vec<(&'static str, String, bool)>,
    /// Address and words of the link to more of them, or to fewer; none where all is well.
    pub other: Option<(String, String)>,
    /// Where the list is whole.
    pub whole: String,
    /// `1001 to 2000 of 2345`; empty where all are here.
    pub part: String,
    /// Addresses of the pages around; empty where there is none.
    pub before: String,
    pub after: String,
}

/// `forest` from [`super::tree::forest`].
pub(crate) fn tree(facts: &Facts, forest: &[Node], wanted: Wanted) -> Tree {
    let tone = State::health(facts.health);
    let well = forest.iter().filter(|node| node.is_well()).count();
    let home = app_href(&facts.name);
    let rows = rows(forest, wanted, &home);
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
    let only = |only| {
        Wanted {
            only,
            ..wanted.of_page(0)
        }
        .address(&home)
    };
    Tree {
        name: facts.name.clone(),
        summary: format!("{well} of {} from Git are well", forest.len()),
        error: String::new(),
        graph: graph::graph(&facts.name, tone.tone, tone.icon.0, drawn),
        hidden: rows.hidden,
        items: rows.items,
        part: rows.part,
        before: rows.before,
        after: rows.after,
        as_list: wanted.as_list,
        is_narrowed: wanted.only == Only::Unhealthy && !forest.is_empty(),
        views: wanted.views(&home),
        other: match wanted.only {
            Only::Unhealthy => Some((only(Only::All), "All objects".into())),
            Only::All if ill > 0 && well > 0 => {
                Some((only(Only::Unhealthy), format!("Only the {ill} not well")))
            }
            Only::All => None,
        },
        whole: format!("{home}?view=list#tree"),
    }
}

/// What a page has of the list.
struct Rows {
    items: Vec<Item>,
    /// How many have no page of their own.
    hidden: usize,
    part: String,
    before: String,
    after: String,
}

fn rows(forest: &[Node], wanted: Wanted, home: &str) -> Rows {
    let all = graph::list(forest, wanted.only);
    let count = all.len();
    let (limit, pages) = if wanted.as_list {
        (WHOLE, count.div_ceil(WHOLE).max(1))
    } else {
        (BESIDE, 1)
    };
    let page = wanted.page.min(pages - 1);
    let from = page * limit;
    let items: Vec<Item> = all.into_iter().skip(from).take(limit).collect();
    let to = from + items.len();
    let address = |is_there: bool, page: usize| {
        let there = is_there.then(|| wanted.of_page(page).address(home));
        there.unwrap_or_default()
    };
    Rows {
        hidden: if wanted.as_list { 0 } else { count - to },
        part: if pages > 1 {
            format!("{} to {to} of {count}", from + 1)
        } else {
            String::new()
        },
        before: address(page > 0, page.saturating_sub(1)),
        after: address(page + 1 < pages, page + 1),
        items,
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
        is_narrowed: false,
        views: Vec::new(),
        other: None,
        whole: String::new(),
        part: String::new(),
        before: String::new(),
        after: String::new(),
    }
}
