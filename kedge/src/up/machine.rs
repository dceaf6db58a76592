//! What this machine and user can do.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

/// Whether this process may make namespaces, mounts and bridges.
pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// Sends a signal by name. A process that is gone already needs none.
pub(crate) fn signal(pid: u32, name: &str) -> io::Result<()> {
    let sent = Command::new("kill")
        .args(["-s", name, "--", &pid.to_string()])
        .output()?;
    if sent.status.success() || !is_alive(pid) {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&sent.stderr);
    Err(io::Error::other(said.trim().to_owned()))
}

/// Processes whose command line mentions `text`, as pid and command line.
pub(crate) fn processes(text: &str) -> Vec<(u32, String)> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| *pid != std::process::id())
        .filter_map(|pid| {
            let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
            let line = String::from_utf8_lossy(&bytes).replace('\0', " ");
            line.contains(text).then_some((pid, line))
        })
        .collect()
}

pub(crate) fn is_alive(pid: u32) -> bool {
    std::path::Path::new(&format!("/proc/{pid}")).exists()
}
