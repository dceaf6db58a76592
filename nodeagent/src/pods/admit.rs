//! Asks for the room a pod needs, once, before anything of it starts.

use api::placement::labels;
use api::{Collection, Object, Uid};
use client::EventType;

use super::admission::{Answer, Refusal, Room};
use super::memory::{Admission, Memory};
use super::shared::Shared;
use crate::runtime::PodRecord;

/// Settles once whether this node takes the pod.
pub(super) async fn admit(shared: &Shared, pod: &Object, record: &PodRecord, memory: &mut Memory) {
    if memory.admission == Admission::Open {
        memory.admission = admission(shared, pod, record).await;
    }
}

/// A pod that began earlier is kept, whatever else has been promised since.
async fn admission(shared: &Shared, pod: &Object, record: &PodRecord) -> Admission {
    if is_over(pod) {
        return Admission::Taken;
    }
    if !record.is_empty() || pod.pointer("/status/startTime").is_some() {
        shared.ledger.keep(pod);
        return Admission::Taken;
    }
    let counts = |uid: &Uid| shared.pods.by_uid(uid).is_some_and(|pod| !is_over(&pod));
    let room = &shared.node.room;
    let mut answer = shared.ledger.take(room, pod, counts);
    if matches!(&answer, Answer::Refused(refusal) if refusal.is_by_labels()) {
        // The agent knows only the labels it gave the node itself.
        let key = Collection::new("", "nodes").key("", &room.name);
        let Ok(node) = shared.client.get(&key).await else {
            return Admission::Open;
        };
        let room = Room {
            labels: labels(node.pointer("/metadata/labels")),
            ..room.clone()
        };
        answer = shared.ledger.take(&room, pod, counts);
    }
    match answer {
        Answer::Taken => Admission::Taken,
        Answer::Later => Admission::Open,
        Answer::Refused(refusal) => {
            let Refusal { reason, message } = &refusal;
            let events = &shared.events;
            events.record(pod, EventType::Warning, reason, message);
            Admission::Refused(refusal)
        }
    }
}

pub(super) fn is_over(pod: &Object) -> bool {
    matches!(pod.text("/status/phase"), "Succeeded" | "Failed")
}
