//! Spans of what is over, from a record of it: they outlive the process that did the work.

use std::time::SystemTime;

use jiff::Timestamp;
use opentelemetry::trace::{Span as _, SpanKind, Status, Tracer as _};
use opentelemetry::{Context, KeyValue};

use crate::Trace;
use crate::export::{named, running};

/// A span that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Past {
    pub name: String,
    pub from: Timestamp,
    pub to: Timestamp,
    pub attributes: Vec<(&'static str, String)>,
    /// Why it did not go well; empty where it did.
    pub error: String,
}

/// Adds the root of a trace and what happened in it.
pub fn record(trace: &Trace, root: Past, parts: Vec<Past>) {
    let Some(running) = running() else {
        return;
    };
    if !trace.is_sampled() {
        return;
    }
    let add = |past: Past, parent: &Context| {
        let attributes = past.attributes.into_iter();
        let mut span = running
            .tracer
            .span_builder(past.name)
            .with_kind(SpanKind::Internal)
            .with_start_time(SystemTime::from(past.from))
            .with_attributes(attributes.map(|(key, value)| KeyValue::new(key, value)))
            .start_with_context(&running.tracer, parent);
        if !past.error.is_empty() {
            span.set_status(Status::error(past.error));
        }
        span.end_with_timestamp(SystemTime::from(past.to));
    };
    let within = trace.context();
    for part in parts {
        add(part, &within);
    }
    named(trace.trace, trace.root, || add(root, &Context::new()));
}
