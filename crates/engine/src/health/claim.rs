//! PersistentVolumeClaim: bound is healthy.

use api::Object;

use super::{Health, HealthStatus};

pub(super) fn assess(object: &Object) -> Health {
    match object.text("/status/phase") {
        "Bound" => Health::healthy(),
        "Lost" => {
            let volume = object.text("/spec/volumeName");
            Health::degraded(format!("lost its volume {volume}")).terminal()
        }
        "" | "Pending" => Health::progressing("waits for a volume"),
        other => Health::new(HealthStatus::Unknown, format!("is in phase {other}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn goes_by_phase() {
        let check = |phase: &str, expected| {
            let object =
                Object::from(json!({"kind": "PersistentVolumeClaim", "status": {"phase": phase}}));
            assert_eq!(assess(&object).status, expected, "{phase}");
        };
        check("Bound", HealthStatus::Healthy);
        check("Pending", HealthStatus::Progressing);
        check("Lost", HealthStatus::Degraded);
    }
}
