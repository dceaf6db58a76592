//! `GET /containerLogs/{namespace}/{pod}/{container}`

mod files;
mod follow;
mod format;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use serde::Deserialize;

use super::error::Error;
use super::routes::ContainerPath;
use crate::pods::Shared;
use crate::runtime::Container;
pub(super) use files::rotated;
use follow::Reader;
use format::Formatter;

/// Kubernetes' `PodLogOptions`, as they come in a URL.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct LogQuery {
    follow: Option<String>,
    previous: Option<String>,
    timestamps: Option<String>,
    since_seconds: Option<i64>,
    since_time: Option<String>,
    tail_lines: Option<i64>,
    limit_bytes: Option<i64>,
}

/// `?follow` and `?follow=true` are both yes.
pub(super) fn is_set(flag: Option<&String>) -> bool {
    flag.is_some_and(|value| matches!(value.as_str(), "" | "true" | "1"))
}

pub(super) async fn logs(
    State(shared): State<Arc<Shared>>,
    Path(path): Path<ContainerPath>,
    Query(query): Query<LogQuery>,
) -> Result<Response, Error> {
    let record = path.record(&shared).await?;
    let container = pick(&path, &query, record.attempts(&path.container))?;
    let since = since(&query, shared.env.now())?;
    let formatter = Formatter::new(
        since,
        is_set(query.timestamps.as_ref()),
        query
            .limit_bytes
            .and_then(|bytes| u64::try_from(bytes).ok()),
    );
    let tail = query
        .tail_lines
        .and_then(|lines| usize::try_from(lines).ok());
    let start = files::start(&container.log_path, tail)
        .await
        .map_err(|error| {
            let name = &path.container;
            Error::not_found(match error.kind() {
                io::ErrorKind::NotFound => format!("this node has no log of container {name}"),
                _ => format!("the log of container {name} cannot be read: {error}"),
            })
        })?;
    let follow = is_set(query.follow.as_ref()).then(|| (shared.clone(), container.clone()));
    let reader = Reader::new(start, formatter, follow);
    let body = Body::from_stream(reader.into_stream());
    Ok(([(CONTENT_TYPE, "text/plain")], body).into_response())
}

fn pick<'a>(
    path: &ContainerPath,
    query: &LogQuery,
    attempts: impl Iterator<Item = &'a Container>,
) -> Result<Container, Error> {
    let mut attempts = attempts.filter(|container| !container.log_path.as_os_str().is_empty());
    if is_set(query.previous.as_ref()) {
        let missing = || {
            Error::bad_request(format!(
                "previous terminated container \"{}\" in pod \"{}\" not found",
                path.container, path.pod
            ))
        };
        return attempts.nth(1).cloned().ok_or_else(missing);
    }
    attempts.next().cloned().ok_or_else(|| path.waiting())
}

fn since(query: &LogQuery, now: jiff::Timestamp) -> Result<Option<jiff::Timestamp>, Error> {
    if let Some(text) = &query.since_time {
        let bad = || Error::bad_request(format!("sinceTime {text:?} is not a time"));
        return api::parse_time(text).ok_or_else(bad).map(Some);
    }
    let seconds = query
        .since_seconds
        .and_then(|seconds| u64::try_from(seconds).ok());
    Ok(seconds.map(|seconds| {
        now.saturating_sub(Duration::from_secs(seconds))
            .unwrap_or(jiff::Timestamp::MIN)
    }))
}
