//! Which trace a span is part of, across processes.

use opentelemetry::trace::{SpanContext, SpanKind, TraceContextExt, TraceFlags, TraceState};
use opentelemetry::{Context, SpanId, TraceId};
use opentelemetry_sdk::trace::{SamplingDecision, ShouldSample};
use sha2::{Digest, Sha256};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::export::running;

/// The trace of something that has a name, and the span that all of it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    pub(crate) trace: TraceId,
    pub(crate) root: SpanId,
}

impl Trace {
    /// The same for the same name, in every process.
    pub fn of(name: &str) -> Self {
        let digest: [u8; 32] = Sha256::digest(name.as_bytes()).into();
        let (mut trace, mut root) = ([0; 16], [0; 8]);
        trace.copy_from_slice(&digest[..16]);
        root.copy_from_slice(&digest[16..24]);
        Self {
            trace: TraceId::from_bytes(trace),
            root: SpanId::from_bytes(root),
        }
    }

    /// As viewers of traces look it up.
    pub fn id(&self) -> String {
        self.trace.to_string()
    }

    /// Its root, for what happens in it.
    pub(crate) fn context(&self) -> Context {
        let flags = if self.is_sampled() {
            TraceFlags::SAMPLED
        } else {
            TraceFlags::default()
        };
        let root = SpanContext::new(self.trace, self.root, flags, true, TraceState::default());
        Context::new().with_remote_span_context(root)
    }

    /// Whether it is one of those that are exported: everybody comes to the same answer.
    pub(crate) fn is_sampled(&self) -> bool {
        running().is_some_and(|running| {
            let said =
                running
                    .sampler
                    .should_sample(None, self.trace, "", &SpanKind::Internal, &[], &[]);
            said.decision == SamplingDecision::RecordAndSample
        })
    }
}

/// Whether anything is exported at all.
pub fn is_on() -> bool {
    running().is_some()
}

/// Makes a span, before it is entered, part of a trace.
pub fn join(span: &Span, trace: &Trace) {
    if is_on() {
        // A span that is filtered out has no parent to set.
        let _ = span.set_parent(trace.context());
    }
}

/// The current span as the header `traceparent` has it (W3C Trace Context); `None` where there is
/// none.
pub fn traceparent() -> Option<String> {
    running()?;
    let context = Span::current().context();
    let span = context.span();
    let span = span.span_context();
    span.is_valid().then(|| {
        let (trace, id, flags) = (span.trace_id(), span.span_id(), span.trace_flags());
        format!("00-{trace}-{id}-{:02x}", flags.to_u8())
    })
}

/// Makes a span, before it is entered, the child of what the header names. Others than such a
/// header are passed over.
pub fn continue_from(span: &Span, traceparent: &str) {
    if is_on()
        && let Some(context) = parsed(traceparent)
    {
        let context = Context::new().with_remote_span_context(context);
        let _ = span.set_parent(context);
    }
}

pub(crate) fn parsed(traceparent: &str) -> Option<SpanContext> {
    let mut parts = traceparent.trim().split('-');
    let version = parts.next().filter(|it| it.len() == 2 && *it != "ff")?;
    let trace = parts.next().filter(|it| it.len() == 32)?;
    let span = parts.next().filter(|it| it.len() == 16)?;
    let flags = parts.next().filter(|it| it.len() == 2)?;
    if version == "00" && parts.next().is_some() {
        return None;
    }
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED,
        true,
        TraceState::default(),
    );
    context.is_valid().then_some(context)
}
