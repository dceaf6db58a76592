//! Completion indexes and their compact form, `0,2-5,7`. Pure.

use std::collections::BTreeSet;

use api::Object;

pub(super) const ANNOTATION: &str = "batch.kubernetes.io/job-completion-index";

/// The index a pod works on.
pub(super) fn index(pod: &Object) -> Option<i64> {
    pod.annotation(ANNOTATION)?.parse().ok()
}

/// Reads the compact form; what cannot be read, or is not below `limit`, is left out.
pub(super) fn parse(text: &str, limit: i64) -> BTreeSet<i64> {
    let mut indexes = BTreeSet::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(first), Ok(last)) = (first.trim().parse::<i64>(), last.trim().parse::<i64>()) {
            indexes.extend(first.max(0)..=last.min(limit - 1));
        }
    }
    indexes
}

/// The compact form. Two neighbours are a list, three a range.
pub(super) fn format(indexes: &BTreeSet<i64>) -> String {
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for index in indexes {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *index => *last = *index,
            _ => runs.push((*index, *index)),
        }
    }
    let parts: Vec<String> = runs
        .into_iter()
        .map(|(first, last)| match last - first {
            0 => first.to_string(),
            1 => format!("{first},{last}"),
            _ => format!("{first}-{last}"),
        })
        .collect();
    parts.join(",")
}
