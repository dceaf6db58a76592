//! What the runtimes of all machines run.

use std::collections::{BTreeMap, BTreeSet};

use api::{Object, Uid};
use nodeagent::runtime::Listing;

use super::pods::requested;

/// What a machine has for pods, in thousandths of a core and in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub cpu: i64,
    pub memory: i64,
}

#[derive(Default)]
pub(super) struct Machines {
    /// In thousandths, of every pod there ever was: what runs may be known to nobody else.
    requests: BTreeMap<Uid, [i128; 2]>,
    running: BTreeMap<String, BTreeSet<Uid>>,
}

impl Machines {
    pub(super) fn learn(&mut self, pod: &Object) {
        let requests = || ["cpu", "memory"].map(|resource| requested(pod, resource));
        self.requests.entry(pod.uid()).or_insert_with(requests);
    }

    /// A machine is gone with all it ran.
    pub(super) fn forget(&mut self, node: &str) {
        self.running.remove(node);
    }

    pub(super) fn check(
        &mut self,
        node: &str,
        size: Size,
        listing: &Listing,
        found: &mut Vec<String>,
    ) {
        let mut slots = BTreeMap::new();
        let mut running = BTreeSet::new();
        for container in listing.containers.iter().filter(|it| it.is_running()) {
            let slot = (&container.pod, &container.name);
            *slots.entry(slot).or_insert(0) += 1;
            running.insert(container.pod.clone());
        }
        for ((pod, name), count) in slots {
            if count > 1 {
                let pod = &pod.0;
                found.push(format!(
                    "{node} runs container {name} of pod {pod} {count} times"
                ));
            }
        }
        for (other, theirs) in self.running.iter().filter(|(other, _)| *other != node) {
            for pod in running.intersection(theirs) {
                found.push(format!("pod {} runs on {node} and on {other}", pod.0));
            }
        }
        self.within(node, size, &running, found);
        self.running.insert(node.to_owned(), running);
    }

    fn within(&self, node: &str, size: Size, running: &BTreeSet<Uid>, found: &mut Vec<String>) {
        let room = [i128::from(size.cpu), i128::from(size.memory) * 1000];
        for (index, resource) in ["cpu", "memory"].iter().enumerate() {
            let each = running.iter().filter_map(|uid| self.requests.get(uid));
            let used: i128 = each.map(|requests| requests[index]).sum();
            let room = room[index];
            if used > room {
                found.push(format!(
                    "{node} has {room}m {resource} and runs pods that ask for {used}m"
                ));
            }
        }
    }
}
