//! Whether to take a lease, and what it then says.

use std::time::Duration;

use api::{GroupVersionKind, Object, ObjectKey, ResourceVersion, micro_time, parse_time};
use jiff::Timestamp;
use serde_json::{Value, json};

/// When this candidate last saw the lease change. The holder's own clock is never compared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Sighting {
    pub(super) version: ResourceVersion,
    pub(super) at: Option<Timestamp>,
}

impl Sighting {
    pub(super) fn see(&mut self, version: ResourceVersion, now: Timestamp) {
        if self.at.is_none() || self.version != version {
            self.version = version;
            self.at = Some(now);
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Intent {
    /// Another holds it.
    Wait,
    /// Take or renew it.
    Hold {
        transitions: i64,
        acquired: Timestamp,
    },
}

pub(super) fn intent(
    lease: Option<&Object>,
    identity: &str,
    sighting: &Sighting,
    now: Timestamp,
) -> Intent {
    let Some(lease) = lease else {
        return Intent::Hold {
            transitions: 0,
            acquired: now,
        };
    };
    let holder = lease.text("/spec/holderIdentity");
    let transitions = number(lease, "/spec/leaseTransitions").unwrap_or(0);
    if holder == identity {
        let acquired = parse_time(lease.text("/spec/acquireTime")).unwrap_or(now);
        return Intent::Hold {
            transitions,
            acquired,
        };
    }
    let seconds = number(lease, "/spec/leaseDurationSeconds").unwrap_or(15);
    let expired = sighting
        .at
        .is_some_and(|at| now.duration_since(at).as_secs() >= seconds);
    if holder.is_empty() || expired {
        Intent::Hold {
            transitions: transitions + 1,
            acquired: now,
        }
    } else {
        Intent::Wait
    }
}

/// The lease as its holder writes it; on top of the current one, where there is one.
pub(super) fn lease(
    key: &ObjectKey,
    current: Option<Object>,
    identity: &str,
    duration: Duration,
    transitions: i64,
    acquired: Timestamp,
    now: Timestamp,
) -> Object {
    let kind = GroupVersionKind::new("coordination.k8s.io", "v1", "Lease");
    let mut lease = current.unwrap_or_else(|| Object::new(&kind, &key.namespace, &key.name));
    lease.body["spec"] = json!({
        "holderIdentity": identity,
        "leaseDurationSeconds": duration.as_secs(),
        "acquireTime": micro_time(acquired),
        "renewTime": micro_time(now),
        "leaseTransitions": transitions,
    });
    lease
}

fn number(lease: &Object, pointer: &str) -> Option<i64> {
    lease.pointer(pointer).and_then(Value::as_i64)
}
