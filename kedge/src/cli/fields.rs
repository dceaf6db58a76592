//! Paths of fields: which is below which, and which there are near one that there is not. Pure.

use std::collections::BTreeSet;

use api::codec::strict::nearest;

/// Whether a field is the one at `path`, or below it.
pub(super) fn is_below(field: &str, path: &str) -> bool {
    let rest = field.strip_prefix(path);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// The fields beside one that there is not: those of the nearest field around it that there is.
pub(super) fn near(path: &str, all: &[&str]) -> String {
    let mut around = path;
    while let Some(end) = around.rfind(['.', '[']) {
        around = &around[..end];
        let inside = all.iter().filter(|field| is_below(field, around));
        let names = inside.filter_map(|field| step(&field[around.len()..]));
        if let Some(told) = told(path, names) {
            return format!("{around} has {told}");
        }
    }
    let names = all.iter().filter_map(|field| step(field));
    told(path, names).map_or_else(String::new, |told| format!("it has {told}"))
}

/// The first step of a path, such as `template` of `.template.spec`, or `[name=web]` as it is.
fn step(rest: &str) -> Option<&str> {
    let rest = rest.strip_prefix('.').unwrap_or(rest);
    let end = match rest.strip_prefix('[') {
        Some(element) => element.find(']').map(|at| at + 2),
        None => rest.find(['.', '[']),
    };
    Some(&rest[..end.unwrap_or(rest.len())]).filter(|it| !it.is_empty())
}

/// Fields that are told as those that there are.
const NEAR: usize = 12;

/// Each once; the one that was meant first. `None` where there is none.
fn told<'a>(path: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let names: BTreeSet<&str> = names.collect();
    let wanted = path.rsplit('.').next().unwrap_or(path);
    let mut sorted: Vec<&str> = nearest(wanted, names.iter().copied()).into_iter().collect();
    sorted.extend(
        names
            .iter()
            .filter(|it| !sorted.contains(it))
            .copied()
            .collect::<Vec<_>>(),
    );
    let more = sorted.len().saturating_sub(NEAR);
    sorted.truncate(NEAR);
    let some = sorted.join(", ");
    match (names.len(), more) {
        (0, _) => None,
        (_, 0) => Some(some),
        (_, more) => Some(format!("{some} and {more} more")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_there_is_not_leads_to_those_around_it() {
        let all = [
            "metadata.labels.app",
            "spec.replicas",
            "spec.template.spec.containers[name=web].image",
            "spec.template.spec.containers[name=web].resources.limits.cpu",
        ];
        let check = |path: &str, expected: &str| assert_eq!(near(path, &all), expected);
        check("spec.nope", "spec has replicas, template");
        check("spec.replica", "spec has replicas, template");
        let containers = "spec.template.spec.containers";
        let inside = format!("{containers}[name=web] has image, resources");
        check(&format!("{containers}[name=web].imag"), &inside);
        let elements = format!("{containers} has [name=web]");
        check(&format!("{containers}[name=api].image"), &elements);
        check("spce.replicas", "it has metadata, spec");
        check("nope", "it has metadata, spec");
    }
}
