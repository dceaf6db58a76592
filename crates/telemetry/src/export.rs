//! The way out: sampler, queue and exporter.

use std::cell::Cell;
use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry::{KeyValue, SpanId, TraceId};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, IdGenerator, RandomIdGenerator, Sampler,
    SdkTracerProvider, Tracer,
};
use tracing::{Level, Subscriber};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::registry::LookupSpan;

/// Spans that wait; what comes beyond is dropped.
const QUEUE: usize = 4096;
/// Spans of one export.
const BATCH: usize = 512;
/// Between two exports.
const EVERY: Duration = Duration::from_secs(2);
/// How long one export may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Spans that last as long as the process: what happens in them are traces of their own. And the
/// runs of controllers, which are many; what the reconciler does in one is told as a pass.
const PASSED_OVER: [&str; 5] = ["informer", "tracker", "mirror", "source", "reconcile"];
/// Requests of ours. In logs they are of interest to few.
const CALL: &str = "call";

/// What is exported, and where to.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// `http://127.0.0.1:4317`
    pub endpoint: String,
    /// Which part of the traces, 0 to 1. One that is begun elsewhere is followed as it is there.
    pub ratio: f64,
    /// `kedge-reconciler`
    pub service: String,
}

/// Why nothing is exported.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot export traces to {endpoint}")]
    Exporter {
        endpoint: String,
        #[source]
        source: ExporterBuildError,
    },
}

/// An export that runs. What is still queued goes out when it is dropped.
pub struct Export {
    provider: SdkTracerProvider,
}

impl Drop for Export {
    fn drop(&mut self) {
        // A collector that is away is no reason to stay.
        let _ = self.provider.shutdown_with_timeout(PATIENCE);
    }
}

pub(crate) struct Running {
    pub(crate) tracer: Tracer,
    pub(crate) sampler: Sampler,
}

static RUNNING: OnceLock<Running> = OnceLock::new();

pub(crate) fn running() -> Option<&'static Running> {
    RUNNING.get()
}

/// Begins to export, once in a process. Must be called within a Tokio runtime.
///
/// # Errors
/// An endpoint that is none. That nobody listens there is no error.
pub fn start(settings: &Settings) -> Result<Export, Error> {
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(&settings.endpoint)
        .with_timeout(PATIENCE)
        .build();
    let exporter = exporter.map_err(|source| Error::Exporter {
        endpoint: settings.endpoint.clone(),
        source,
    })?;
    let queue = BatchConfigBuilder::default()
        .with_max_queue_size(QUEUE)
        .with_max_export_batch_size(BATCH)
        .with_scheduled_delay(EVERY)
        .build();
    let processor = BatchSpanProcessor::builder(exporter)
        .with_batch_config(queue)
        .build();
    let sampler = Sampler::TraceIdRatioBased(settings.ratio);
    let resource = Resource::builder()
        .with_service_name(settings.service.clone())
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let provider = SdkTracerProvider::builder()
        .with_span_processor(processor)
        .with_sampler(Sampler::ParentBased(Box::new(sampler.clone())))
        .with_id_generator(Named)
        .with_resource(resource)
        .build();
    let tracer = provider.tracer("kedge");
    // The first one stays.
    let _ = RUNNING.set(Running { tracer, sampler });
    Ok(Export { provider })
}

/// Hands spans on, those of this process's own code that come to an end. Nothing where nothing is
/// exported.
pub fn layer<S>() -> Option<impl Layer<S>>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let running = running()?;
    let ends = filter_fn(|metadata| {
        let is_call = metadata.is_span() && metadata.name() == CALL;
        (is_call || *metadata.level() <= Level::INFO) && !PASSED_OVER.contains(&metadata.name())
    });
    let layer = OpenTelemetryLayer::new(running.tracer.clone())
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_level(false);
    Some(layer.with_filter(ends.with_max_level_hint(LevelFilter::DEBUG)))
}

thread_local! {
    /// What the next span of this thread is called, if that is not left to chance.
    static NEXT: Cell<Option<(TraceId, SpanId)>> = const { Cell::new(None) };
}

/// Calls the one span that `make` makes so.
pub(crate) fn named<T>(trace: TraceId, span: SpanId, make: impl FnOnce() -> T) -> T {
    NEXT.set(Some((trace, span)));
    let made = make();
    NEXT.set(None);
    made
}

#[derive(Debug)]
struct Named;

impl IdGenerator for Named {
    fn new_trace_id(&self) -> TraceId {
        let named = NEXT.get();
        named.map_or_else(|| RandomIdGenerator::default().new_trace_id(), |it| it.0)
    }

    fn new_span_id(&self) -> SpanId {
        let named = NEXT.get();
        named.map_or_else(|| RandomIdGenerator::default().new_span_id(), |it| it.1)
    }
}
