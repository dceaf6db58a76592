//! Which resources a patch or a replacement is for.

use regex::Regex;
use serde::Deserialize;

use api::selector::LabelSelector;

use super::resource::{Id, Resource};

#[expect(clippy::struct_field_names, reason = "these are the names in the file")]
/// Expressions match whole words; an absent one matches everything.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct Selector {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) label_selector: String,
    pub(super) annotation_selector: String,
}

/// A selector that can be asked.
pub(super) struct Matcher {
    group: Option<Regex>,
    version: Option<Regex>,
    kind: Option<Regex>,
    name: Option<Regex>,
    namespace: Option<Regex>,
    labels: Option<LabelSelector>,
    annotations: Option<LabelSelector>,
}

impl Selector {
    /// # Errors
    /// What cannot be read, in words.
    pub(super) fn matcher(&self) -> Result<Matcher, String> {
        Ok(Matcher {
            group: whole(&self.group)?,
            version: whole(&self.version)?,
            kind: whole(&self.kind)?,
            name: whole(&self.name)?,
            namespace: whole(&self.namespace)?,
            labels: labels(&self.label_selector)?,
            annotations: labels(&self.annotation_selector)?,
        })
    }
}

fn labels(text: &str) -> Result<Option<LabelSelector>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let parsed = LabelSelector::parse(text);
    parsed.map(Some).map_err(|error| error.to_string())
}

fn whole(pattern: &str) -> Result<Option<Regex>, String> {
    if pattern.is_empty() {
        return Ok(None);
    }
    let regex = Regex::new(&format!("^(?:{pattern})$"));
    regex
        .map(Some)
        .map_err(|_| format!("{pattern:?} is no regular expression"))
}

fn fits(regex: Option<&Regex>, text: &str) -> bool {
    regex.is_none_or(|regex| regex.is_match(text))
}

impl Matcher {
    /// By the names it has now and had in its own file.
    pub(super) fn matches(&self, resource: &Resource) -> bool {
        let (first, now) = (resource.original(), resource.id());
        let either = |regex: Option<&Regex>, of: fn(&Id) -> &str| {
            fits(regex, of(&first)) || fits(regex, of(&now))
        };
        either(self.namespace.as_ref(), Id::effective_namespace)
            && either(self.name.as_ref(), |id| &id.name)
            && self.is_kind(&now)
            && self.labelled(resource).unwrap_or(true)
    }

    /// By any name it ever had: how replacements choose.
    pub(super) fn matches_any(&self, resource: &Resource) -> bool {
        self.labelled(resource).unwrap_or(true) && self.was(resource)
    }

    /// Whether any name it ever had fits.
    pub(super) fn was(&self, resource: &Resource) -> bool {
        resource.was(|id| {
            self.is_kind(id)
                && fits(self.name.as_ref(), &id.name)
                && (fits(self.namespace.as_ref(), &id.namespace)
                    || fits(self.namespace.as_ref(), id.effective_namespace()))
        })
    }

    /// Whether labels and annotations fit; `None` where they are not asked for.
    pub(super) fn labelled(&self, resource: &Resource) -> Option<bool> {
        let labels = self.labels.as_ref().map(|it| it.matches(&resource.object));
        let annotated = self
            .annotations
            .as_ref()
            .map(|it| it.matches_with(|key| resource.object.annotation(key)));
        match (labels, annotated) {
            (None, None) => None,
            (labels, annotated) => Some(labels.unwrap_or(true) && annotated.unwrap_or(true)),
        }
    }

    fn is_kind(&self, id: &Id) -> bool {
        fits(self.group.as_ref(), &id.gvk.group)
            && fits(self.version.as_ref(), &id.gvk.version)
            && fits(self.kind.as_ref(), &id.gvk.kind)
    }
}
