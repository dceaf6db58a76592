//! Why something is not as it should be: from the symptom to the line in Git, one fact after the
//! other. A rule says only what the objects, the events and the log prove; where that ends, the
//! chain stops and says what is missing. Nothing here guesses.

pub mod application;
mod chain;
mod draft;
mod facts;
pub mod node;
mod pod;
mod rules;
mod service;
mod symptom;
mod text;
mod unread;
mod version;
mod workload;
mod written;

pub use chain::{Chain, Excerpt, Field, Line, Step, Tone};
pub use draft::draft;
pub use facts::{Facts, Log, Lookup, needs, title};
pub use rules::{NODE, RULES, asks_in_vain, port_is_taken};
pub use service::leads_nowhere;
pub use symptom::symptom_of;
pub use version::{Came, LINES, Version, asks_for, version};
pub use written::{Open, Written, touches};

/// Explains what was observed. Where the cause is a field that Git has, the chain goes on with
/// [`Chain::written`].
pub fn explain(facts: &Facts) -> Chain {
    let chain = match facts.object.kind() {
        "Pod" => pod::explain(facts),
        "Service" => service::explain(facts),
        _ => workload::explain(facts),
    };
    unread::marked(chain, facts)
}
