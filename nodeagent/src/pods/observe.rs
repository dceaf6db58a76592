//! Reads what there is of one pod: always from the runtime, never from memory.

use std::collections::BTreeMap;

use api::Uid;

use super::shared::Shared;
use crate::runtime::{ContainerId, ContainerState, Error, PodRecord};

/// The last words of containers that ended: they do not change, so they are read once.
#[derive(Default)]
pub(super) struct Observer {
    words: BTreeMap<ContainerId, String>,
}

impl Observer {
    pub(super) async fn observe(&mut self, shared: &Shared, pod: &Uid) -> Result<PodRecord, Error> {
        let mut record = shared.runtime.inspect(pod).await?;
        for container in &mut record.containers {
            if container.exit_code().is_none() {
                continue;
            }
            let words = if let Some(words) = self.words.get(&container.id) {
                words.clone()
            } else {
                let words = shared.host.last_words(container).await;
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
