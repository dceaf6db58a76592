//! Which objects a list or a watch is about.

use std::sync::Arc;

use api::Object;
use api::selector::{FieldSelector, LabelSelector};

use super::Item;

/// Reads a selectable field of an object: `(pod, "spec.nodeName")`. Empty where there is none.
/// `metadata.name` and `metadata.namespace` are never asked for.
pub type FieldGetter = Arc<dyn Fn(&Object, &str) -> String + Send + Sync>;

/// The default is everything.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// All namespaces where `None`.
    pub namespace: Option<String>,
    pub labels: LabelSelector,
    pub fields: FieldSelector,
}

impl Filter {
    pub(crate) fn matches(&self, item: &Item, read: &FieldGetter) -> bool {
        self.namespace
            .as_ref()
            .is_none_or(|namespace| item.key.namespace == *namespace)
            && self.labels.matches_with(|key| item.label(key))
            && self.fields.terms.iter().all(|term| {
                item.field_is(&term.field, &term.value, |object, field| {
                    read(object, field)
                }) != term.negated
            })
    }
}
