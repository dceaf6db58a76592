//! The message of a container that ended: its termination file, or the end of its log.

use std::path::Path;

use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};

use crate::pods::names;
use crate::runtime::Container;
use crate::server::log_line;

/// Kubernetes' limits for the file, and for what stands in for it.
const FILE_BYTES: u64 = 4096;
const LOG_BYTES: u64 = 2048;
const LOG_LINES: usize = 80;

/// Empty where it left none.
pub(super) async fn last_words(container: &Container) -> String {
    let path = container.annotations.get(names::TERMINATION_MESSAGE_PATH);
    if let Some(path) = path.filter(|path| !path.is_empty()) {
        let words = head(Path::new(path), FILE_BYTES).await;
        if !words.is_empty() {
            return words;
        }
    }
    let policy = container.annotations.get(names::TERMINATION_MESSAGE_POLICY);
    let falls_back = policy.is_some_and(|policy| policy == "FallbackToLogsOnError");
    if falls_back && container.exit_code() != Some(0) {
        return log_end(&container.log_path).await;
    }
    String::new()
}

async fn head(path: &Path, bytes: u64) -> String {
    let Ok(file) = File::open(path).await else {
        return String::new();
    };
    let mut content = Vec::new();
    match file.take(bytes).read_to_end(&mut content).await {
        Ok(_) => String::from_utf8_lossy(&content).into_owned(),
        Err(_) => String::new(),
    }
}

async fn log_end(path: &Path) -> String {
    let read = async {
        let mut file = File::open(path).await?;
        let size = file.metadata().await?.len();
        // Every line carries a time and a stream: read more than what is left of it.
        file.seek(SeekFrom::Start(size.saturating_sub(LOG_BYTES * 4)))
            .await?;
        let mut content = Vec::new();
        file.take(LOG_BYTES * 4).read_to_end(&mut content).await?;
        std::io::Result::Ok(content)
    };
    let Ok(content) = read.await else {
        return String::new();
    };
    let lines: Vec<&[u8]> = content
        .split(|byte| *byte == b'\n')
        .filter_map(|line| log_line::parse(line).map(|line| line.content))
        .collect();
    let skipped = lines.len().saturating_sub(LOG_LINES);
    let text = lines[skipped..].join(&b'\n');
    let start = text
        .len()
        .saturating_sub(usize::try_from(LOG_BYTES).unwrap_or(usize::MAX));
    String::from_utf8_lossy(&text[start..]).into_owned()
}
