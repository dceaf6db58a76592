//! What the machine says of itself.

use std::path::Path;
use std::time::Duration;

use tokio::fs::read_to_string;
use tokio::process::Command;

/// How much there is. Millicores and bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Capacity {
    pub cpu_millis: i64,
    pub memory_bytes: i64,
    pub storage_bytes: i64,
}

/// How much is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pressure {
    pub memory_available: i64,
    pub storage_available: i64,
    pub storage_total: i64,
    pub processes: i64,
    pub processes_most: i64,
}

impl Pressure {
    const LEAST_MEMORY: i64 = 100 << 20;
    const LEAST_STORAGE: i64 = 1 << 30;

    pub(crate) fn memory(&self) -> bool {
        self.memory_available < Self::LEAST_MEMORY
    }

    /// Less than 2 % or less than 1 GiB.
    pub(crate) fn disk(&self) -> bool {
        self.storage_available < Self::LEAST_STORAGE
            || self.storage_available < self.storage_total / 50
    }

    pub(crate) fn processes(&self) -> bool {
        self.processes > self.processes_most / 10 * 9
    }
}

/// What does not change while it runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Machine {
    /// `/etc/machine-id`
    pub id: String,
    pub boot_id: String,
    pub kernel: String,
    pub os_image: String,
}

pub(crate) async fn machine() -> Machine {
    Machine {
        id: line("/etc/machine-id").await,
        boot_id: line("/proc/sys/kernel/random/boot_id").await,
        kernel: line("/proc/sys/kernel/osrelease").await,
        os_image: os_image(&read_to_string("/etc/os-release").await.unwrap_or_default()),
    }
}

/// `data_dir` is where pods keep their files.
pub(crate) async fn capacity(data_dir: &Path) -> Capacity {
    let meminfo = read_to_string("/proc/meminfo").await.unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (total, _) = storage(data_dir).await;
    Capacity {
        cpu_millis: i64::try_from(cores).unwrap_or(1) * 1000,
        memory_bytes: meminfo_bytes(&meminfo, "MemTotal"),
        storage_bytes: total,
    }
}

pub(crate) async fn pressure(data_dir: &Path) -> Pressure {
    let meminfo = read_to_string("/proc/meminfo").await.unwrap_or_default();
    let (total, available) = storage(data_dir).await;
    let load = line("/proc/loadavg").await;
    Pressure {
        memory_available: meminfo_bytes(&meminfo, "MemAvailable"),
        storage_available: available,
        storage_total: total,
        processes: processes(&load),
        processes_most: line("/proc/sys/kernel/pid_max")
            .await
            .parse()
            .unwrap_or(32_768),
    }
}

async fn line(path: &str) -> String {
    read_to_string(path)
        .await
        .unwrap_or_default()
        .trim()
        .to_owned()
}

/// `/proc/meminfo` counts in KiB.
pub(crate) fn meminfo_bytes(meminfo: &str, field: &str) -> i64 {
    meminfo
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| *name == field)
        .and_then(|(_, value)| value.split_whitespace().next()?.parse::<i64>().ok())
        .map_or(0, |kib| kib * 1024)
}

/// `0.52 0.58 0.59 2/631 12345`: the number after the slash.
pub(super) fn processes(load: &str) -> i64 {
    load.split(' ')
        .nth(3)
        .and_then(|pair| pair.split_once('/')?.1.parse().ok())
        .unwrap_or(0)
}

pub(super) fn os_image(release: &str) -> String {
    release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .map(|name| name.trim_matches('"').to_owned())
        .unwrap_or_default()
}

/// Total and available bytes of the file system at `path`. Asking the system's `stat` keeps
/// unsafe code out of here.
async fn storage(path: &Path) -> (i64, i64) {
    const LIMIT: Duration = Duration::from_secs(10);
    let mut command = Command::new("stat");
    command
        .args(["--file-system", "--format=%S %b %a"])
        .arg(path)
        .kill_on_drop(true);
    let Ok(Ok(output)) = tokio::time::timeout(LIMIT, command.output()).await else {
        return (0, 0);
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut numbers = text
        .split_whitespace()
        .filter_map(|n| n.parse::<i64>().ok());
    match (numbers.next(), numbers.next(), numbers.next()) {
        (Some(block), Some(total), Some(available)) => (block * total, block * available),
        _ => (0, 0),
    }
}
