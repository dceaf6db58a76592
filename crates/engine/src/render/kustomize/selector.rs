//! Which resources a patch or a replacement is for.

use regex::Regex;
use serde::Deserialize;

use api::selector::LabelSelector;

use super::resource::Resource;

#[expect(clippy::struct_field_names, reason = "these are the names in the file")]
/// Expressions match whole words; an absent one matches everything.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Selector {
    #[serde(default)]
    pub(super) group: String,
    #[serde(default)]
    pub(super) version: String,
    #[serde(default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) namespace: String,
    #[serde(default)]
    pub(super) label_selector: String,
    #[serde(default)]
    pub(super) annotation_selector: String,
}

/// A selector that can be asked.
pub(super) struct Matcher {
    group: Option<Regex>,
    version: Option<Regex>,
    kind: Option<Regex>,
    name: Option<Regex>,
    namespace: Option<Regex>,
    labels: LabelSelector,
    annotations: LabelSelector,
}

impl Selector {
    /// # Errors
    /// What cannot be read, in words.
    pub(super) fn matcher(&self) -> Result<Matcher, String> {
        let labels = |text: &str| LabelSelector::parse(text).map_err(|error| error.to_string());
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

fn whole(pattern: &str) -> Result<Option<Regex>, String> {
    if pattern.is_empty() {
        return Ok(None);
    }
    let regex = Regex::new(&format!("^(?:{pattern})$"));
    regex
        .map(Some)
        .map_err(|_| format!("{pattern:?} is no regular expression"))
}

impl Matcher {
    /// By any name it has or had.
    pub(super) fn matches(&self, resource: &Resource) -> bool {
        let fits = |regex: &Option<Regex>, text: &str| {
            regex.as_ref().is_none_or(|regex| regex.is_match(text))
        };
        let gvk = resource.object.gvk();
        fits(&self.group, &gvk.group)
            && fits(&self.version, &gvk.version)
            && fits(&self.kind, &gvk.kind)
            && resource.was(|id| fits(&self.name, &id.name) && fits(&self.namespace, &id.namespace))
            && self.labels.matches(&resource.object)
            && self
                .annotations
                .matches_with(|key| resource.object.annotation(key))
    }
}
