//! Why pods have no node: each node against each filter, and the smallest changes.

use askama::Template;

use api::{Object, parse_time};
use jiff::Timestamp;

use super::component::Icon;
use super::time::took;
use crate::web::why::Pending;

/// Pods that are explained at once, the oldest first.
const PODS: usize = 2;

/// Nothing where every pod has a node.
#[derive(Debug, Template)]
#[template(path = "nodes/pending.html")]
pub(crate) struct Cards {
    pub pods: Vec<Card>,
    /// How many more wait.
    pub more: usize,
}

/// One pod.
#[derive(Debug)]
pub(crate) struct Card {
    pub namespace: String,
    pub name: String,
    pub waits: String,
    /// Why it is no matter of nodes, or that nobody explains it; empty for neither.
    pub obstacle: String,
    /// Headings of the matrix.
    pub filters: Vec<String>,
    /// Node, then whether each filter lets it through and what it says.
    pub nodes: Vec<(String, Vec<(bool, String)>)>,
    pub fixes: Vec<Fix>,
    /// Why there is no fix.
    pub unfit: &'static str,
    pub tried: usize,
}

/// What is known of why a pod has no node, besides what its condition says.
pub(crate) enum Explained<'a> {
    ByScheduler(&'a Pending),
    /// The scheduler is not this one, or did not answer.
    Unexplained,
    /// It was then; the scheduler is asked about now alone.
    Past,
}

/// A change that was tried.
#[derive(Debug)]
pub(crate) struct Fix {
    pub change: String,
    pub effect: String,
    pub fits_on: String,
    /// What to run, to write, or the patch to apply; empty for neither.
    pub by_hand: String,
}

/// A pod without more than what the scheduler said of it.
pub(crate) fn of_json(pending: &Pending) -> Card {
    let mut card = empty(&pending.namespace, &pending.pod);
    fill(&mut card, pending);
    card
}

/// Those that no node can take, the oldest first, and how many more there are.
pub(crate) fn waiting<'a>(pods: &[&'a Object]) -> (Vec<&'a Object>, usize) {
    let mut found: Vec<&Object> = pods
        .iter()
        .copied()
        .filter(|pod| pod.text("/spec/nodeName").is_empty() && !pod.is_deleting())
        .filter(|pod| {
            pod.condition("PodScheduled")
                .is_some_and(|it| it.status == "False")
        })
        .collect();
    found.sort_by_key(|pod| (pod.creation_timestamp().to_owned(), pod.name().to_owned()));
    let more = found.len().saturating_sub(PODS);
    found.truncate(PODS);
    (found, more)
}

pub(crate) fn card(pod: &Object, explained: &Explained<'_>, now: Timestamp) -> Card {
    let born = parse_time(pod.creation_timestamp());
    let mut card = empty(pod.namespace(), pod.name());
    card.waits = born
        .map(|born| took(born.duration_until(now)))
        .unwrap_or_default();
    let said = pod
        .condition("PodScheduled")
        .map(|it| it.message)
        .unwrap_or_default();
    match explained {
        Explained::ByScheduler(pending) => fill(&mut card, pending),
        Explained::Unexplained => {
            card.obstacle =
                format!("{said} This cluster's scheduler does not explain itself further.");
            card.unfit = "No scheduler says what would.";
        }
        Explained::Past => {
            card.obstacle = said;
            card.unfit = "What would have made it fit is not kept.";
        }
    }
    card
}

fn empty(namespace: &str, name: &str) -> Card {
    Card {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        waits: String::new(),
        obstacle: String::new(),
        filters: Vec::new(),
        nodes: Vec::new(),
        fixes: Vec::new(),
        unfit: "",
        tried: 0,
    }
}

fn fill(card: &mut Card, pending: &Pending) {
    let placement = &pending.placement;
    card.obstacle.clone_from(&placement.obstacle);
    card.tried = placement.tried;
    card.unfit = match placement.tried {
        0 => "It is no matter of nodes.",
        _ => "No single change that was tried makes it fit.",
    };
    // Columns that let every node through say nothing.
    let columns = placement.nodes.first().map_or(0, |node| node.filters.len());
    let tells = |at: &usize| placement.nodes.iter().any(|node| !node.filters[*at].fits);
    let first = placement.nodes.first();
    let amounts = |at: &usize| first.is_some_and(|node| node.filters[*at].text.ends_with(" free"));
    let shown: Vec<usize> = (0..columns).filter(|at| tells(at) || amounts(at)).collect();
    if let Some(node) = first {
        card.filters = shown
            .iter()
            .map(|at| node.filters[*at].filter.clone())
            .collect();
    }
    card.nodes = placement
        .nodes
        .iter()
        .map(|node| {
            let cell = |at: &usize| (node.filters[*at].fits, node.filters[*at].text.clone());
            (node.node.clone(), shown.iter().map(cell).collect())
        })
        .collect();
    let drafts = pending
        .drafts
        .iter()
        .map(String::as_str)
        .chain(std::iter::repeat(""));
    card.fixes = placement
        .fixes
        .iter()
        .zip(drafts)
        .map(|(fix, draft)| Fix {
            change: fix.change.clone(),
            effect: fix.effect.clone(),
            fits_on: fix.fits_on.join(", "),
            by_hand: [fix.command.as_str(), draft, fix.snippet.as_str()]
                .into_iter()
                .find(|text| !text.is_empty())
                .unwrap_or_default()
                .trim_end()
                .to_owned(),
        })
        .collect();
}
