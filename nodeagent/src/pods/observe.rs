//! Reads what there is of one pod: always from the runtime, never from memory.

use std::collections::BTreeMap;

use api::{Quantity, Uid};

use super::shared::Shared;
use crate::runtime::{Container, ContainerId, ContainerState, Error, PodRecord};

/// The last words of containers that ended: they do not change, so they are read once.
#[derive(Default)]
pub(super) struct Observer {
    words: BTreeMap<ContainerId, String>,
}

impl Observer {
    pub(super) async fn observe(&mut self, shared: &Shared, pod: &Uid) -> Result<PodRecord, Error> {
        let mut record = shared.runtime.inspect(pod).await?;
        let is_alone = is_alone(&record);
        for container in &mut record.containers {
            if container.exit_code().is_none() {
                continue;
            }
            let words = if let Some(words) = self.words.get(&container.id) {
                words.clone()
            } else {
                let words = match shared.host.last_words(container).await {
                    words if words.is_empty() => peak(shared, container, is_alone).await,
                    words => words,
                };
                self.words.insert(container.id.clone(), words.clone());
                words
            };
            if let ContainerState::Exited { message, .. } = &mut container.state
                && !words.is_empty()
            {
                *message = words;
            }
        }
        let known = |id: &ContainerId| record.containers.iter().any(|c| c.id == *id);
        self.words.retain(|id, _| known(id));
        Ok(record)
    }
}

/// Whether all containers are runs of the same one.
fn is_alone(record: &PodRecord) -> bool {
    let mut names = record.containers.iter().map(|it| &it.name);
    let first = names.next();
    names.all(|name| Some(name) == first)
}

/// What a container held at most that was ended for it and left no words of its own. Its cgroup is
/// gone by now and its pod's is not: so much is known of the only container of a pod, and of
/// several only what they held together.
async fn peak(shared: &Shared, container: &Container, is_alone: bool) -> String {
    let is_killed = matches!(
        &container.state,
        ContainerState::Exited { reason, .. } if reason == "OOMKilled"
    );
    if !is_killed {
        return String::new();
    }
    let peak = shared.host.memory_peak(&container.pod).await;
    peak.map(|bytes| told(bytes, is_alone)).unwrap_or_default()
}

fn told(bytes: u64, is_alone: bool) -> String {
    let whose = if is_alone { "" } else { "of the whole pod " };
    format!("peak memory {whose}{}", rounded(bytes))
}

/// To the MiB, as limits are written.
fn rounded(bytes: u64) -> Quantity {
    let mebibytes = i64::try_from(bytes >> 20).unwrap_or(i64::MAX >> 20);
    Quantity::bytes(mebibytes << 20)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pods::testing::{container, exited, record, running};

    #[test]
    fn a_pod_s_peak_is_its_container_s_where_there_is_one() {
        let check = |names: &[&str], expected: bool| {
            let runs = names.iter().map(|name| container(name, 0, running(), None));
            assert_eq!(is_alone(&record(runs.collect())), expected, "{names:?}");
        };
        check(&["a"], true);
        check(&["a", "a"], true);
        check(&["a", "b"], false);
        let runs = vec![
            container("a", 1, running(), None),
            container("a", 0, exited(3, 137), None),
        ];
        assert!(is_alone(&record(runs)));
        assert_eq!(told((64 << 20) + 5, true), "peak memory 64Mi");
        assert_eq!(told(96 << 20, false), "peak memory of the whole pod 96Mi");
    }
}
