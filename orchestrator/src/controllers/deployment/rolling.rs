//! The rolling update: up with the new set as far as the surge allows, down with the old ones as
//! far as availability allows. Pure.

use std::sync::Arc;

use api::Object;

use super::fraction::{limits, replicas};
use super::scale::{Resize, count, size, total};

/// The next sizes; empty when nothing may move now. The new set goes first.
pub(super) fn resizes(deployment: &Object, new: &Arc<Object>, old: &[Arc<Object>]) -> Vec<Resize> {
    let wanted = size_of_new(deployment, size(new), old);
    if let Some(resize) = Resize::unless_same(new, wanted) {
        return vec![resize];
    }
    shrink(deployment, new, old)
}

/// How large the new set may be now, given how large it is.
pub(super) fn size_of_new(deployment: &Object, now: i64, old: &[Arc<Object>]) -> i64 {
    let wanted = replicas(deployment);
    if now >= wanted {
        return wanted;
    }
    let free = wanted + limits(deployment).surge - now - total(old);
    now + free.clamp(0, wanted - now)
}

fn shrink(deployment: &Object, new: &Object, old: &[Arc<Object>]) -> Vec<Resize> {
    let all = size(new) + total(old);
    let least = replicas(deployment) - limits(deployment).unavailable;
    // New pods that are not there yet may fail: what they would replace has to stay.
    let missing = size(new) - available(new);
    let spare = all - least - missing;
    if total(old) == 0 || spare <= 0 {
        return Vec::new();
    }
    let mut sizes: Vec<i64> = old.iter().map(|set| size(set)).collect();
    drop_unhealthy(old, &mut sizes, spare);
    let serving: i64 = old.iter().map(|set| available(set)).sum();
    drop_healthy(&mut sizes, serving + available(new) - least);
    old.iter()
        .zip(sizes)
        .filter_map(|(set, size)| Resize::unless_same(set, size))
        .collect()
}

/// The pods of a set that serve and will stay. The status of a set that was made smaller just now
/// still counts those that are about to go.
fn available(set: &Object) -> i64 {
    count(set, "availableReplicas").min(size(set))
}

/// Pods that serve nobody cost nothing: they go first.
fn drop_unhealthy(old: &[Arc<Object>], sizes: &mut [i64], mut spare: i64) {
    for (set, size) in old.iter().zip(sizes) {
        let unhealthy = (*size - available(set)).max(0);
        let drop = unhealthy.min(spare);
        *size -= drop;
        spare -= drop;
    }
}

fn drop_healthy(sizes: &mut [i64], mut spare: i64) {
    for size in sizes {
        let drop = (*size).min(spare.max(0));
        *size -= drop;
        spare -= drop;
    }
}
