//! The files of one container's log, oldest first, and where to begin reading.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};

use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};

const CHUNK: u64 = 64 << 10;

/// Where a reader begins.
#[derive(Debug)]
pub(super) struct Start {
    /// Rotated files to read first, oldest first.
    pub older: VecDeque<PathBuf>,
    /// The file the runtime writes to.
    pub current: PathBuf,
    /// In the first file there is.
    pub offset: u64,
}

/// `tail`: the number of lines from the end; `None`: everything.
pub(super) async fn start(current: &Path, tail: Option<usize>) -> io::Result<Start> {
    tokio::fs::metadata(current).await?;
    let mut older: VecDeque<PathBuf> = rotated(current).await?.into();
    let Some(mut wanted) = tail else {
        return Ok(Start {
            older,
            current: current.to_owned(),
            offset: 0,
        });
    };
    let mut kept = VecDeque::new();
    let mut path = current.to_owned();
    loop {
        match last_lines(&path, wanted).await? {
            Tail::Begins(offset) => {
                return Ok(Start {
                    older: kept,
                    current: current.to_owned(),
                    offset,
                });
            }
            Tail::Short(found) => {
                wanted -= found;
                let Some(before) = older.pop_back() else {
                    return Ok(Start {
                        older: kept,
                        current: current.to_owned(),
                        offset: 0,
                    });
                };
                kept.push_front(before.clone());
                path = before;
            }
        }
    }
}

/// Files that were moved away when they were full; their suffix is a time, so it sorts.
pub(in crate::server) async fn rotated(current: &Path) -> io::Result<Vec<PathBuf>> {
    let (Some(directory), Some(name)) = (current.parent(), current.file_name()) else {
        return Ok(Vec::new());
    };
    let prefix = format!("{}.", name.to_string_lossy());
    let mut found = Vec::new();
    let mut entries = tokio::fs::read_dir(directory).await?;
    while let Some(entry) = entries.next_entry().await? {
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

enum Tail {
    /// The last lines begin at this offset.
    Begins(u64),
    /// The whole file has only this many.
    Short(usize),
}

/// Looks for the beginning of the last `lines` lines, from the end backwards.
async fn last_lines(path: &Path, lines: usize) -> io::Result<Tail> {
    let mut file = File::open(path).await?;
    let mut end = file.metadata().await?.len();
    if lines == 0 {
        return Ok(Tail::Begins(end));
    }
    let mut found = 0;
    let mut is_last_byte = true;
    let mut chunk = Vec::new();
    while end > 0 {
        let begin = end.saturating_sub(CHUNK);
        file.seek(SeekFrom::Start(begin)).await?;
        chunk.clear();
        (&mut file)
            .take(end - begin)
            .read_to_end(&mut chunk)
            .await?;
        for (index, byte) in chunk.iter().enumerate().rev() {
            // The newline at the very end closes the last line, it does not begin another.
            if *byte == b'\n' && !is_last_byte {
                found += 1;
                if found == lines {
                    return Ok(Tail::Begins(begin + u64::try_from(index).unwrap_or(0) + 1));
                }
            }
            is_last_byte = false;
        }
        end = begin;
    }
    // The first line has no newline before it.
    let found = if is_last_byte { 0 } else { found + 1 };
    if found == lines {
        Ok(Tail::Begins(0))
    } else {
        Ok(Tail::Short(found))
    }
}
