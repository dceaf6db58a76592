//! Service accounts: names for workloads.

use serde_json::json;

use super::{Kind, cells};

pub(super) fn kind(base: Kind) -> Kind {
    Kind {
        row: |object, now| vec![json!(object.name()), cells::age(object, now)],
        ..base
    }
}
