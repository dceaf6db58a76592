//! Nodes that have the pod's images start it sooner. Images that most nodes have count more, so
//! that one node with a rare image does not draw every pod that uses it.

use super::super::filter::Request;
use super::super::node::Node;
use super::BEST;

const MEGABYTE: i64 = 1024 * 1024;
/// Smaller sums are not worth a preference.
const LEAST: i64 = 23 * MEGABYTE;
/// Per container; larger ones count no more.
const MOST: i64 = 1000 * MEGABYTE;

pub(super) fn local(request: &Request, nodes: &[&Node]) -> Vec<i64> {
    let images = &request.pod.images;
    let total = i64::try_from(request.snapshot.nodes().len()).unwrap_or(i64::MAX);
    let most = MOST * i64::try_from(images.len()).unwrap_or(1);
    let score = |node: &&Node| {
        let sum: i64 = images
            .iter()
            .filter_map(|image| {
                let size = *node.facts.images.get(image)?;
                // Sizes are below 2^53, node counts below 2^10: no overflow.
                Some(size.saturating_mul(request.snapshot.image_nodes(image)) / total.max(1))
            })
            .sum();
        let sum = sum.clamp(LEAST, most.max(LEAST + 1));
        (sum - LEAST) * BEST / (most.max(LEAST + 1) - LEAST)
    };
    nodes.iter().map(score).collect()
}
