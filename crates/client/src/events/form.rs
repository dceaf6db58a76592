//! What an event looks like.

use jiff::Timestamp;
use serde_json::json;

use api::Object;

use super::EventType;

/// Messages longer than this are cut; Kubernetes refuses more than 1,024 bytes.
const MESSAGE: usize = 1024;

/// Something that happened, before it is counted.
#[derive(Debug, Clone)]
pub(super) struct Occurrence {
    pub(super) at: Timestamp,
    kind: EventType,
    reason: String,
    message: String,
    about: About,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct About {
    api_version: String,
    kind: String,
    namespace: String,
    name: String,
    uid: String,
    resource_version: String,
}

/// Occurrences that are equal in this count as one event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fingerprint(String, EventType, String, String);

impl Occurrence {
    pub(super) fn new(
        about: &Object,
        kind: EventType,
        reason: &str,
        message: &str,
        at: Timestamp,
    ) -> Self {
        Self {
            at,
            kind,
            reason: reason.to_owned(),
            message: cut(message, MESSAGE).to_owned(),
            about: About {
                api_version: about.text("/apiVersion").to_owned(),
                kind: about.kind().to_owned(),
                namespace: about.namespace().to_owned(),
                name: about.name().to_owned(),
                uid: about.uid().0,
                resource_version: about.resource_version().0,
            },
        }
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        let About {
            kind,
            namespace,
            name,
            uid,
            ..
        } = &self.about;
        let about = format!("{kind}/{namespace}/{name}/{uid}");
        Fingerprint(about, self.kind, self.reason.clone(), self.message.clone())
    }
}

pub(super) fn event(occurrence: &Occurrence, component: &str, host: &str, suffix: &str) -> Object {
    let About {
        api_version,
        kind,
        namespace,
        name,
        uid,
        resource_version,
    } = &occurrence.about;
    // Events about cluster-scoped objects live where Kubernetes puts them.
    let home = if namespace.is_empty() {
        "default"
    } else {
        namespace
    };
    let at = api::time(occurrence.at);
    json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": format!("{}.{suffix}", cut(name, 240)), "namespace": home},
        "involvedObject": {
            "apiVersion": api_version, "kind": kind, "namespace": namespace, "name": name,
            "uid": uid, "resourceVersion": resource_version,
        },
        "reason": occurrence.reason,
        "message": occurrence.message,
        "source": {"component": component, "host": host},
        "firstTimestamp": at,
        "lastTimestamp": at,
        "count": 1,
        "type": match occurrence.kind {
            EventType::Normal => "Normal",
            EventType::Warning => "Warning",
        },
        "eventTime": null,
        "reportingComponent": component,
        "reportingInstance": host,
    })
    .into()
}

/// At most `most` bytes of `text`, at a character's border.
fn cut(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_names_its_object_and_counts_by_what_it_says() {
        let node: Object = json!({
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1", "uid": "u"},
        })
        .into();
        let of = |message: &str| {
            let at = Timestamp::UNIX_EPOCH;
            Occurrence::new(&node, EventType::Warning, "NotReady", message, at)
        };
        let event = event(&of("no lease"), "node-controller", "", "abc");
        assert_eq!(event.namespace(), "default");
        assert_eq!(event.name(), "n1.abc");
        assert_eq!(event.text("/type"), "Warning");
        assert_eq!(event.text("/firstTimestamp"), "1970-01-01T00:00:00Z");
        assert_eq!(of("a").fingerprint(), of("a").fingerprint());
        assert_ne!(of("a").fingerprint(), of("b").fingerprint());
        assert_eq!(cut("aé", 2), "a");
    }
}
