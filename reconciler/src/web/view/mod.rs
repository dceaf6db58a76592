//! From records and objects to what pages show: pure functions and templates. No requests, no
//! clock, no waiting.

pub(super) mod app;
pub(super) mod app_gone;
pub(super) mod apps;
pub(super) mod changes;
pub(super) mod checks;
pub(super) mod commit;
pub(super) mod component;
pub(super) mod count;
mod crosses;
pub(super) mod diff;
pub(super) mod drift;
pub(super) mod events;
pub(super) mod facts;
pub(super) mod frame;
pub(super) mod graph;
pub(super) mod history;
pub(super) mod log_card;
pub(super) mod logs;
pub(super) mod narrowed;
pub(super) mod node;
pub(super) mod node_map;
pub(super) mod nodes;
pub(super) mod nothing;
pub(super) mod object;
pub(super) mod objects;
pub(super) mod part;
pub(super) mod pending;
mod planned;
pub(super) mod pod;
pub(super) mod proof;
pub(super) mod proven;
pub(super) mod repos;
pub(super) mod rollback;
pub(super) mod rollout;
mod scale;
pub(super) mod search;
pub(super) mod spark;
pub(super) mod suspend;
pub(super) mod sync;
pub(super) mod tape;
pub(super) mod time;
pub(super) mod tree;
pub(super) mod truth;
pub(super) mod used;
pub(super) mod waves;
pub(super) mod why;
pub(super) mod zone;

#[cfg(test)]
pub(super) mod tests;

use askama::filters::HtmlSafe;

// Templates inside of pages: they escape what is in them themselves.
impl HtmlSafe for app::Summary {}
impl HtmlSafe for app::Tabs {}
impl HtmlSafe for object::Tabs {}
impl HtmlSafe for diff::Objects {}
impl HtmlSafe for count::Count {}
impl HtmlSafe for frame::Foot {}
impl HtmlSafe for frame::Trouble {}
impl HtmlSafe for proven::Badge {}
impl HtmlSafe for used::Meter {}
impl HtmlSafe for spark::Spark {}
