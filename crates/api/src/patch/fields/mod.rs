//! Sets of fields: what a manager owns, as `metadata.managedFields[].fieldsV1` spells it.
//!
//! A tree whose nodes say whether the path that ends there is a member. Owning `.spec` says nothing
//! about what is below it, and the other way round.

mod element;

use std::fmt::Write;

use serde_json::{Map, Value};

pub use element::PathElement;

/// A set of paths. Nodes are ordered by their element, and no node is without a member.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldSet {
    nodes: Vec<Node>,
}

/// What a set holds at one element and below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub element: PathElement,
    /// Whether the path that ends here is in the set.
    pub member: bool,
    pub children: FieldSet,
}

impl Node {
    /// A node whose path is a member, with what is below it.
    pub fn member(element: PathElement, children: FieldSet) -> Self {
        Self {
            element,
            member: true,
            children,
        }
    }

    fn is_needed(&self) -> bool {
        self.member || !self.children.is_empty()
    }
}

/// Fields that are not spelled as `FieldsV1`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("\"{0}\" is no path element of FieldsV1")]
    ReadElement(String),
    #[error("FieldsV1 is made of objects")]
    ReadObject,
}

impl FieldSet {
    /// From nodes in any order; nodes without a member are dropped, doubles united.
    pub fn from_nodes(nodes: impl IntoIterator<Item = Node>) -> Self {
        let mut nodes: Vec<Node> = nodes.into_iter().filter(Node::is_needed).collect();
        if nodes.is_sorted_by(|a, b| a.element < b.element) {
            return Self { nodes };
        }
        nodes.sort_by(|a, b| a.element.cmp(&b.element));
        let mut set = Self {
            nodes: Vec::with_capacity(nodes.len()),
        };
        for node in nodes {
            match set.nodes.last_mut() {
                Some(last) if last.element == node.element => {
                    last.member |= node.member;
                    last.children = std::mem::take(&mut last.children).union(node.children);
                }
                _ => set.nodes.push(node),
            }
        }
        set
    }

    /// The set of paths made of field names only.
    pub fn of_fields(paths: &[&[&str]]) -> Self {
        let mut set = Self::default();
        for path in paths {
            let path: Vec<PathElement> = path.iter().map(|name| PathElement::field(name)).collect();
            set.insert(&path);
        }
        set
    }

    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// What the set holds at an element and below it.
    pub fn get(&self, element: &PathElement) -> Option<&Node> {
        self.place(element).ok().map(|place| &self.nodes[place])
    }

    pub fn contains(&self, path: &[PathElement]) -> bool {
        match path {
            [] => false,
            [last] => self.get(last).is_some_and(|node| node.member),
            [first, rest @ ..] => self
                .get(first)
                .is_some_and(|node| node.children.contains(rest)),
        }
    }

    /// Adds one path; its parents are not added.
    pub fn insert(&mut self, path: &[PathElement]) {
        let Some((first, rest)) = path.split_first() else {
            return;
        };
        let place = self.place(first).unwrap_or_else(|place| {
            let node = Node {
                element: first.clone(),
                member: false,
                children: Self::default(),
            };
            self.nodes.insert(place, node);
            place
        });
        let node = &mut self.nodes[place];
        if rest.is_empty() {
            node.member = true;
        } else {
            node.children.insert(rest);
        }
    }

    /// Members of either set.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        if self.is_empty() {
            return other;
        }
        let mut nodes = Vec::with_capacity(self.nodes.len().max(other.nodes.len()));
        let mut ours = self.nodes.into_iter().peekable();
        for theirs in other.nodes {
            while let Some(node) = ours.next_if(|node| node.element < theirs.element) {
                nodes.push(node);
            }
            nodes.push(match ours.next_if(|node| node.element == theirs.element) {
                Some(node) => Node {
                    element: node.element,
                    member: node.member || theirs.member,
                    children: node.children.union(theirs.children),
                },
                None => theirs,
            });
        }
        nodes.extend(ours);
        Self { nodes }
    }

    /// Members of this set that are not members of the other, path by path.
    #[must_use]
    pub fn difference(self, other: &Self) -> Self {
        self.subtract(other, &|ours, theirs| Node {
            element: ours.element,
            member: ours.member && !theirs.member,
            children: ours.children.difference(&theirs.children),
        })
    }

    /// Members of this set that are neither members of the other nor below one.
    #[must_use]
    pub fn recursive_difference(self, other: &Self) -> Self {
        self.subtract(other, &|ours, theirs| Node {
            children: if theirs.member {
                Self::default()
            } else {
                ours.children.recursive_difference(&theirs.children)
            },
            member: ours.member && !theirs.member,
            element: ours.element,
        })
    }

    /// Members of both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let nodes = self.nodes.iter().filter_map(|ours| {
            let theirs = other.get(&ours.element)?;
            let node = Node {
                element: ours.element.clone(),
                member: ours.member && theirs.member,
                children: ours.children.intersection(&theirs.children),
            };
            node.is_needed().then_some(node)
        });
        Self {
            nodes: nodes.collect(),
        }
    }

    /// Members that have no member below them.
    #[must_use]
    pub fn leaves(&self) -> Self {
        let nodes = self.nodes.iter().map(|node| Node {
            element: node.element.clone(),
            member: node.member && node.children.is_empty(),
            children: node.children.leaves(),
        });
        Self {
            nodes: nodes.collect(),
        }
    }

    /// Every member as messages show it, the members of a level before those below it.
    pub fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.collect_paths("", &mut paths);
        paths
    }

    /// Reads `FieldsV1`.
    pub fn parse(fields: &Value) -> Result<Self, Error> {
        let fields = fields.as_object().ok_or(Error::ReadObject)?;
        let mut nodes = Vec::with_capacity(fields.len());
        for (key, below) in fields {
            if key == "." {
                continue;
            }
            let element = PathElement::parse(key).ok_or_else(|| Error::ReadElement(key.clone()))?;
            let below_fields = below.as_object().ok_or(Error::ReadObject)?;
            let member = below_fields.is_empty() || below_fields.contains_key(".");
            nodes.push(Node {
                element,
                member,
                children: Self::parse(below)?,
            });
        }
        Ok(Self::from_nodes(nodes))
    }

    /// Writes `FieldsV1`, always the same text for the same set.
    pub fn to_value(&self) -> Value {
        Value::Object(self.to_map(Map::with_capacity(self.nodes.len())))
    }

    fn to_map(&self, mut map: Map<String, Value>) -> Map<String, Value> {
        for node in &self.nodes {
            let mut below = Map::new();
            if node.member && !node.children.is_empty() {
                below.insert(".".into(), Value::Object(Map::new()));
            }
            map.insert(node.element.print(), node.children.to_map(below).into());
        }
        map
    }

    fn collect_paths(&self, prefix: &str, paths: &mut Vec<String>) {
        let members = self.nodes.iter().filter(|node| node.member);
        paths.extend(members.map(|node| format!("{prefix}{}", node.element)));
        for node in self.nodes.iter().filter(|node| !node.children.is_empty()) {
            let mut deeper = prefix.to_owned();
            write!(deeper, "{}", node.element).expect("writing to a string never fails");
            node.children.collect_paths(&deeper, paths);
        }
    }

    fn subtract(self, other: &Self, both: &dyn Fn(Node, &Node) -> Node) -> Self {
        if other.is_empty() {
            return self;
        }
        let nodes = self.nodes.into_iter().filter_map(|ours| {
            let node = match other.get(&ours.element) {
                Some(theirs) => both(ours, theirs),
                None => ours,
            };
            node.is_needed().then_some(node)
        });
        Self {
            nodes: nodes.collect(),
        }
    }

    fn place(&self, element: &PathElement) -> Result<usize, usize> {
        self.nodes
            .binary_search_by(|node| node.element.cmp(element))
    }
}

#[cfg(test)]
mod tests;
