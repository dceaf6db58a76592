//! Asks for the room a pod needs, once, before anything of it starts.

use api::placement::labels;
use api::{Collection, Object, Uid};

use super::admission::{Answer, Room};
use super::memory::Admission;
use super::shared::Shared;

/// A pod that began earlier is kept, whatever else has been promised since.
pub(super) async fn admit(shared: &Shared, pod: &Object, has_begun: bool) -> Admission {
    if is_over(pod) {
        return Admission::Taken;
    }
    if has_begun || pod.pointer("/status/startTime").is_some() {
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
        Answer::Refused(refusal) => Admission::Refused(refusal),
    }
}

pub(super) fn is_over(pod: &Object) -> bool {
    matches!(pod.text("/status/phase"), "Succeeded" | "Failed")
}
