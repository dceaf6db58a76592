//! Who set which field (`metadata.managedFields`).

use jiff::Timestamp;

use api::Object;
use api::patch::{self, Manager};

use super::intent::{Intent, Tracking};

/// The field manager an intent acts for.
pub(crate) fn manager<'a>(intent: &Intent<'a>) -> Manager<'a> {
    Manager {
        name: &intent.context.manager,
        subresource: intent.part.subresource(),
    }
}

/// Records what an update changed for its manager.
pub(crate) fn track(intent: &Intent<'_>, old: Option<&Object>, next: &mut Object, now: Timestamp) {
    if intent.tracking == Tracking::Update {
        patch::manage::update(old, next, &manager(intent), now, intent.kind.schema());
    }
}
