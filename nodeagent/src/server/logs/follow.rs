//! Reads a log to its end, and on as long as the container runs.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt, unfold};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};

use super::files::Start;
use super::format::Formatter;
use crate::pods::Shared;
use crate::runtime::Container;

const CHUNK: usize = 64 << 10;
/// A line the runtime writes has at most 16 KiB and its head.
const MAX_LINE: usize = 1 << 20;
/// How long an end of file is left alone: there is no portable event for growth that needs
/// neither unsafe code nor a watcher for each reader.
const POLL: Duration = Duration::from_millis(100);
/// Polls between two looks at whether the container still runs.
const LOOK_EVERY: u32 = 5;

pub(super) struct Reader {
    start: Start,
    file: Option<File>,
    formatter: Formatter,
    /// Read, but not a whole line yet.
    rest: Vec<u8>,
    follow: Option<(Arc<Shared>, Container)>,
    is_over: bool,
    /// The container has ended: one more read finds all it wrote.
    has_ended: bool,
}

impl Reader {
    pub(super) fn new(
        start: Start,
        formatter: Formatter,
        follow: Option<(Arc<Shared>, Container)>,
    ) -> Self {
        Self {
            start,
            file: None,
            formatter,
            rest: Vec::new(),
            follow,
            is_over: false,
            has_ended: false,
        }
    }

    pub(super) fn into_stream(self) -> BoxStream<'static, io::Result<Bytes>> {
        unfold(self, |mut reader| async move {
            let chunk = reader.next().await.transpose()?;
            reader.is_over |= chunk.is_err();
            Some((chunk, reader))
        })
        .fuse()
        .boxed()
    }

    /// `None`: the end.
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        let mut polls = 0;
        while !self.is_over && !self.formatter.is_full() {
            let mut out = Vec::new();
            if self.read(&mut out).await? {
                if !out.is_empty() {
                    return Ok(Some(out.into()));
                }
                continue;
            }
            if self.next_file().await? {
                continue;
            }
            match &self.follow {
                None => self.is_over = true,
                Some(_) if self.has_ended => self.is_over = true,
                Some((shared, container)) => {
                    polls += 1;
                    if polls % LOOK_EVERY == 1 {
                        self.has_ended = has_ended(shared, container).await;
                    }
                    if !self.has_ended {
                        shared.sleep(POLL).await;
                    }
                }
            }
        }
        Ok(None)
    }

    /// Answers whether there was anything.
    async fn read(&mut self, out: &mut Vec<u8>) -> io::Result<bool> {
        let file = if let Some(file) = &mut self.file {
            file
        } else {
            let path = self.start.older.front().unwrap_or(&self.start.current);
            let mut file = File::open(path).await?;
            let offset = std::mem::take(&mut self.start.offset);
            file.seek(SeekFrom::Start(offset)).await?;
            self.file.insert(file)
        };
        let before = self.rest.len();
        self.rest.resize(before + CHUNK, 0);
        let count = file.read(&mut self.rest[before..]).await?;
        self.rest.truncate(before + count);
        let mut begin = 0;
        while let Some(length) = self.rest[begin..].iter().position(|byte| *byte == b'\n') {
            self.formatter.add(&self.rest[begin..begin + length], out);
            begin += length + 1;
        }
        self.rest.drain(..begin);
        if self.rest.len() > MAX_LINE {
            self.rest.clear();
        }
        Ok(count > 0)
    }

    /// Goes on to the next file, if the one that was read to its end is not the current one.
    async fn next_file(&mut self) -> io::Result<bool> {
        if self.start.older.pop_front().is_some() {
            self.file = None;
            return Ok(true);
        }
        let Some(file) = &self.file else {
            return Ok(false);
        };
        let current: &PathBuf = &self.start.current;
        let Ok(named) = tokio::fs::metadata(current).await else {
            return Ok(false);
        };
        if named.ino() == file.metadata().await?.ino() {
            return Ok(false);
        }
        self.file = None;
        Ok(true)
    }
}

async fn has_ended(shared: &Shared, container: &Container) -> bool {
    match shared.runtime.inspect(&container.pod).await {
        Ok(record) => !record.goes_on(&container.id),
        // The runtime is away, not the container.
        Err(_) => false,
    }
}
