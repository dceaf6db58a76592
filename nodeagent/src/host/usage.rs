//! What the machine says that it uses.

use jiff::Timestamp;

use crate::node::meminfo_bytes;
use crate::runtime::{CpuTime, Memory};
use crate::usage::NodeUsage;

/// Linux counts processor time for programs in hundredths of a second, on every machine.
const NANOSECONDS_PER_TICK: u64 = 10_000_000;

/// From the contents of `/proc/stat` and `/proc/meminfo`; `None` where they say too little.
pub(super) fn usage(stat: &str, meminfo: &str, at: Timestamp) -> Option<NodeUsage> {
    let bytes = |field| u64::try_from(meminfo_bytes(meminfo, field)).ok();
    let total = bytes("MemTotal").filter(|total| *total > 0)?;
    let used = total.checked_sub(bytes("MemFree")?)?;
    Some(NodeUsage {
        cpu: CpuTime {
            at,
            nanoseconds: busy_ticks(stat)? * NANOSECONDS_PER_TICK,
        },
        memory: Memory {
            at,
            // As of a container: files that nobody reads any more can be dropped at once.
            working_set: used.saturating_sub(bytes("Inactive(file)")?),
            usage: Some(used),
        },
        available: bytes("MemAvailable")?,
    })
}

/// `cpu  user nice system idle iowait irq softirq steal guest guest_nice`: guests are in `user`
/// already.
fn busy_ticks(stat: &str) -> Option<u64> {
    let all = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let ticks: Vec<u64> = all
        .split_whitespace()
        .map(str::parse)
        .collect::<Result<_, _>>()
        .ok()?;
    let idle = [3, 4];
    let own = ticks.iter().take(8).enumerate();
    let busy = own.filter(|(index, _)| !idle.contains(index));
    (ticks.len() >= 4).then(|| busy.map(|(_, ticks)| ticks).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_that_is_not_idle_counts_and_files_that_can_go_do_not() {
        let stat = "cpu  100 20 30 9000 50 1 2 3 70 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
        let meminfo = "MemTotal: 1000 kB\nMemFree: 300 kB\nMemAvailable: 600 kB\n\
                       Inactive(file): 200 kB\n";
        let told = usage(stat, meminfo, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(told.cpu.nanoseconds, 156 * NANOSECONDS_PER_TICK);
        assert_eq!(told.memory.working_set, 500 << 10);
        assert_eq!(told.memory.usage, Some(700 << 10));
        assert_eq!(told.available, 600 << 10);
        assert_eq!(usage("", meminfo, Timestamp::UNIX_EPOCH), None);
        assert_eq!(usage(stat, "", Timestamp::UNIX_EPOCH), None);
    }
}
