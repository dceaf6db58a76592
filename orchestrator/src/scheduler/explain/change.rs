//! A change is tried by running the filters again, with the pod or the node as it would be.

use api::Object;
use client::placement::Fix;
use serde_json::Value;

use super::super::filter::Request;
use super::super::node::Node;
use super::super::pod::Pod;
use super::super::snapshot::Snapshot;

/// Nodes that a fix names.
const NAMED: usize = 5;

/// What was tried, and what of it helps.
pub(super) struct Search<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) object: &'a Object,
    pub(super) pod: &'a Pod,
    pub(super) tried: usize,
    found: Vec<(Cost, Fix)>,
}

/// How large a change is: first what sort it is of, then how much of that, in thousandths.
pub(super) type Cost = (u8, i64);

impl<'a> Search<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, object: &'a Object, pod: &'a Pod) -> Self {
        Self {
            snapshot,
            object,
            pod,
            tried: 0,
            found: Vec::new(),
        }
    }

    /// Tries the pod as `change` makes it. Kept where a node can take it then.
    pub(super) fn with_pod(&mut self, cost: Cost, fix: Fix, change: impl FnOnce(&mut Value)) {
        self.tried += 1;
        let mut object = self.object.clone();
        change(&mut object.body["spec"]);
        let pod = Pod::from_object(&object);
        let Ok(request) = Request::new(&pod, self.snapshot) else {
            return;
        };
        let fits = self
            .snapshot
            .nodes()
            .iter()
            .filter(|node| request.check(node).is_ok());
        let fits_on: Vec<String> = fits.take(NAMED).map(|it| it.name().to_owned()).collect();
        if !fits_on.is_empty() {
            self.found.push((cost, Fix { fits_on, ..fix }));
        }
    }

    /// Tries a node as `change` makes it.
    pub(super) fn with_node(
        &mut self,
        cost: Cost,
        fix: Fix,
        node: &Node,
        change: impl FnOnce(&mut Node),
    ) {
        self.tried += 1;
        let mut node = node.clone();
        change(&mut node);
        let Ok(request) = Request::new(self.pod, self.snapshot) else {
            return;
        };
        if request.check(&node).is_ok() {
            let fits_on = vec![node.name().to_owned()];
            self.found.push((cost, Fix { fits_on, ..fix }));
        }
    }

    /// The smallest first, at most one of each wording.
    pub(super) fn smallest(mut self, most: usize) -> Vec<Fix> {
        self.found
            .sort_by(|a, b| (a.0, &a.1.change).cmp(&(b.0, &b.1.change)));
        let mut fixes: Vec<Fix> = Vec::new();
        for (_, fix) in self.found {
            if fixes.len() < most && !fixes.iter().any(|it| it.change == fix.change) {
                fixes.push(fix);
            }
        }
        fixes
    }
}
