//! Who holds the nodes: one block per application, all nodes and the waiting pods to one scale.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use askama::Template;

use api::Object;
use api::placement::{Resources, requests};

use super::component::{Icon, encoded};
use super::nodes::{NANOS, cores, memory_text};
use super::scale::{letters, percent};

/// Blocks that a node has at most; the smallest are drawn as one.
const BLOCKS: usize = 24;
/// What is thinner than this, in hundredths of a percent, could not be seen: such are drawn as one.
const THIN: i64 = 40;
/// Of those that are one block, as many are named.
const NAMED: usize = 8;
/// A waiting pod is drawn at most so many times as wide as the largest node.
const WIDEST: i64 = 2;
/// How many applications can be marked with one click.
const MARKS: usize = 3;

/// What the map is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum By {
    #[default]
    Memory,
    Cpu,
}

impl By {
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "cpu" => Self::Cpu,
            _ => Self::Memory,
        }
    }

    /// That of which the larger part is promised away.
    pub(crate) fn tightest(nodes: &[&Object], pods: &[&Object]) -> Self {
        let asked = |by: Self| -> i128 {
            let placed = pods
                .iter()
                .filter(|pod| !pod.text("/spec/nodeName").is_empty());
            let asked = placed.filter(|pod| holds(pod));
            let asked = asked.map(|pod| i128::from(by.of(&requests(&pod.body["spec"]).exact)));
            asked.sum()
        };
        let gives = |by: Self| -> i128 { nodes.iter().map(|it| i128::from(has(it, by).1)).sum() };
        let (cpu, memory) = (Self::Cpu, Self::Memory);
        if asked(cpu) * gives(memory) > asked(memory) * gives(cpu) {
            cpu
        } else {
            memory
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Cpu => "cpu",
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Cpu => "CPU",
        }
    }

    /// Bytes, or thousandths of a core.
    fn of(self, resources: &Resources) -> i64 {
        match self {
            Self::Memory => resources.memory,
            Self::Cpu => resources.milli_cpu,
        }
    }

    pub(super) fn text(self, amount: i64) -> String {
        match self {
            Self::Memory => memory_text(i128::from(amount) * NANOS),
            Self::Cpu => format!("{} CPU", cores(i128::from(amount) * 1_000_000)),
        }
    }
}

/// What the reader asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub by: By,
    /// The application whose blocks stand out; may be empty.
    pub mark: String,
}

/// Nothing where there is no node.
#[derive(Debug, Template)]
#[template(path = "nodes/map.html")]
pub(crate) struct Map {
    pub by: &'static str,
    /// Why it is not known whose the pods are; empty where it is.
    pub error: String,
    /// Name, address, whether it is the current one.
    pub marks: Vec<(String, String, bool)>,
    pub waiting: Vec<Waiting>,
    pub rows: Vec<Row>,
}

/// A pod that no node has taken.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub name: String,
    pub width: String,
    pub needs: String,
    pub note: String,
}

/// One node.
#[derive(Debug)]
pub(crate) struct Row {
    pub name: String,
    pub note: String,
    /// Of the scale: what the node has.
    pub width: String,
    pub blocks: Vec<Block>,
    pub free: String,
    /// The same as the picture.
    pub label: String,
}

/// What one application holds.
#[derive(Debug)]
pub(crate) struct Block {
    pub x: String,
    pub width: String,
    pub class: &'static str,
    /// Name and amount.
    pub title: String,
    /// The name, where there is room for it.
    pub text: String,
}

/// A pod on a node, and the application it belongs to; empty where it belongs to none.
pub(crate) type Placed<'a> = (&'a Object, String);

/// `waiting` are the pods that are explained below the map.
pub(crate) fn map(
    nodes: &[&Object],
    pods: &[Placed<'_>],
    waiting: &[&Object],
    wanted: &Wanted,
) -> Map {
    let by = wanted.by;
    let largest = nodes.iter().map(|node| has(node, by).0).max().unwrap_or(0);
    let need = |pod: &&Object| by.of(&requests(&pod.body["spec"]).exact);
    let widest = waiting.iter().map(need).max().unwrap_or(0);
    let scale = largest.max(widest.min(largest * WIDEST)).max(1);
    Map {
        by: by.word(),
        error: String::new(),
        marks: marks(pods, wanted),
        waiting: waiting
            .iter()
            .map(|pod| Waiting {
                name: pod.name().to_owned(),
                width: percent(match need(pod) {
                    0 => 0,
                    need => share(need, scale).max(THIN),
                }),
                needs: by.text(need(pod)),
                note: match need(pod) {
                    0 => format!("asks for no {}", by.word()),
                    need if need > scale => "wider than this page".into(),
                    need if share(need, scale) < THIN => "thinner than this".into(),
                    _ => "to the same scale".into(),
                },
            })
            .collect(),
        rows: nodes
            .iter()
            .map(|node| row(node, pods, wanted, scale))
            .collect(),
    }
}

/// What the machine has, and what of it pods may hold.
fn has(node: &Object, by: By) -> (i64, i64) {
    let amount = |at: &str| {
        node.pointer(at)
            .map_or(0, |it| by.of(&Resources::from_map(it)))
    };
    let allocatable = amount("/status/allocatable");
    (amount("/status/capacity").max(allocatable), allocatable)
}

/// What each application holds of a node, the most first, what is nobody's last.
fn held(node: &str, pods: &[Placed<'_>], by: By) -> Vec<(String, i64)> {
    let mut all: BTreeMap<&str, i64> = BTreeMap::new();
    for (pod, application) in pods {
        if pod.text("/spec/nodeName") == node && holds(pod) {
            *all.entry(application).or_default() += by.of(&requests(&pod.body["spec"]).exact);
        }
    }
    let mut all: Vec<(String, i64)> = all
        .into_iter()
        .filter(|(_, amount)| *amount > 0)
        .map(|(name, amount)| (name.to_owned(), amount))
        .collect();
    all.sort_by_key(|(name, amount)| (name.is_empty(), -amount, name.clone()));
    all
}

/// Whether a pod holds what it requested.
fn holds(pod: &Object) -> bool {
    !matches!(pod.text("/status/phase"), "Succeeded" | "Failed")
}

fn row(node: &Object, pods: &[Placed<'_>], wanted: &Wanted, scale: i64) -> Row {
    let by = wanted.by;
    let (capacity, allocatable) = has(node, by);
    let held = held(node.name(), pods, by);
    let total: i64 = held.iter().map(|(_, amount)| amount).sum();
    let mut blocks = Blocks::new(by, scale);
    let system = capacity - allocatable;
    if system > 0 {
        blocks.add("system", "sys", system);
    }
    blocks.fill(held, &wanted.mark);
    let free = allocatable - total;
    let cordoned = node
        .pointer("/spec/unschedulable")
        .and_then(serde_json::Value::as_bool);
    let requested = match total * 100 / allocatable.max(1) {
        0 if total > 0 => "less than 1".to_owned(),
        percent => percent.to_string(),
    };
    let free = if free < 0 {
        format!("−{}", by.text(-free))
    } else {
        by.text(free)
    };
    Row {
        name: node.name().to_owned(),
        note: format!(
            "{requested} %{}",
            if cordoned == Some(true) {
                ", cordoned"
            } else {
                ""
            }
        ),
        width: percent(share(capacity, scale)),
        label: format!(
            "{}, {} requested by application: {}; {free} free",
            node.name(),
            by.word(),
            blocks.label()
        ),
        blocks: blocks.all,
        free,
    }
}

fn called(application: &str) -> &str {
    match application {
        "" => "other pods",
        name => name,
    }
}

/// Blocks from left to right.
struct Blocks {
    by: By,
    scale: i64,
    /// Where the next one begins, in hundredths of a percent.
    from: i64,
    all: Vec<Block>,
}

impl Blocks {
    fn new(by: By, scale: i64) -> Self {
        let all = Vec::new();
        Self {
            by,
            scale,
            from: 0,
            all,
        }
    }

    fn add(&mut self, name: &str, class: &'static str, amount: i64) {
        let width = share(amount, self.scale).max(THIN);
        let fits = name.chars().count() < letters(width);
        self.all.push(Block {
            x: percent(self.from),
            width: percent(width),
            class,
            title: format!("{name}, {}", self.by.text(amount)),
            text: if fits { name.to_owned() } else { String::new() },
        });
        self.from += width;
    }

    /// What is held, and as one what is too thin to be seen.
    fn fill(&mut self, held: Vec<(String, i64)>, mark: &str) {
        let is_seen = |(at, (_, amount)): &(usize, (String, i64))| {
            *at < BLOCKS && share(*amount, self.scale) >= THIN
        };
        let (large, few): (Vec<_>, Vec<_>) = held.into_iter().enumerate().partition(is_seen);
        for (_, (name, amount)) in &large {
            let class = if !name.is_empty() && *name == mark {
                "sel"
            } else {
                ""
            };
            self.add(called(name), class, *amount);
        }
        if !few.is_empty() {
            let rest = few.iter().map(|(_, (_, amount))| amount).sum();
            let names: Vec<&str> = few.iter().map(|(_, (name, _))| called(name)).collect();
            let marked = names.contains(&mark);
            let class = if marked { "sel" } else { "" };
            if names.len() <= NAMED {
                self.add(&names.join(", "), class, rest);
            } else {
                self.add(&format!("{} more", names.len()), class, rest);
            }
        }
    }

    fn label(&self) -> String {
        let all: Vec<&str> = self.all.iter().map(|block| block.title.as_str()).collect();
        if all.is_empty() {
            "nothing".into()
        } else {
            all.join("; ")
        }
    }
}

/// In hundredths of a percent.
fn share(amount: i64, of: i64) -> i64 {
    let share = i128::from(amount) * 10_000 / i128::from(of.max(1));
    i64::try_from(share.clamp(0, 10_000)).unwrap_or(10_000)
}

/// Those that hold the most, and nobody.
fn marks(pods: &[Placed<'_>], wanted: &Wanted) -> Vec<(String, String, bool)> {
    let by = wanted.by;
    let mut all: BTreeMap<&str, i64> = BTreeMap::new();
    for (pod, application) in pods
        .iter()
        .filter(|(pod, name)| !name.is_empty() && holds(pod))
    {
        *all.entry(application).or_default() += by.of(&requests(&pod.body["spec"]).exact);
    }
    let mut most: Vec<(&str, i64)> = all.into_iter().collect();
    most.sort_by_key(|(name, amount)| (*name != wanted.mark, -amount, *name));
    let mut marks: Vec<(String, String, bool)> = most
        .into_iter()
        .take(MARKS)
        .map(|(name, _)| {
            let address = format!("?by={}&mark={}#map", by.as_str(), encoded(name));
            (name.to_owned(), address, name == wanted.mark)
        })
        .collect();
    if !marks.is_empty() {
        let none = !marks.iter().any(|(_, _, current)| *current);
        marks.push(("None".into(), format!("?by={}#map", by.as_str()), none));
    }
    marks
}
