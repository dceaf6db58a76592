//! What is committed together: units that queued, up to a size.

use tokio::sync::mpsc;

use super::plan::Unit;

/// A batch ends at this many writes or bytes; one unit may be larger and then goes alone.
const BATCH_WRITES: usize = 128;
const BATCH_BYTES: usize = 1024 * 1024;
/// Takes what is queued, up to the size of a batch.
pub(super) fn fill(
    first: Unit,
    queue: &mut mpsc::Receiver<Unit>,
    waiting: &mut Option<Unit>,
) -> Vec<Unit> {
    let size = |unit: &Unit| {
        let bytes: usize = unit
            .writes
            .iter()
            .map(|prepared| prepared.sealed.len())
            .sum();
        (unit.writes.len(), bytes)
    };
    let (mut writes, mut bytes) = size(&first);
    let mut batch = vec![first];
    while let Ok(unit) = queue.try_recv() {
        let (more_writes, more_bytes) = size(&unit);
        writes += more_writes;
        bytes += more_bytes;
        if writes > BATCH_WRITES || bytes > BATCH_BYTES {
            *waiting = Some(unit);
            break;
        }
        batch.push(unit);
    }
    batch
}
