//! Traces: the spans of `tracing`, exported by OTLP where that is asked for. Nothing waits for the
//! exporter: its queue is bounded, what does not fit is dropped, and every export has a limit.
//!
//! A trace is of one thing that people ask about: a rollout, or a request. Its id follows from the
//! thing's name, so that whoever works on it, before a crash or after, adds to the same trace.

mod context;
mod export;
mod past;
#[cfg(test)]
mod tests;

pub use context::{Trace, continue_from, is_on, join, traceparent};
pub use export::{Error, Export, Settings, layer, start};
pub use past::{Past, record};
