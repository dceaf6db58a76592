//! From records and objects to what pages show: pure functions and templates. No requests, no
//! clock, no waiting.

pub(super) mod app;
pub(super) mod apps;
pub(super) mod component;
pub(super) mod diff;
pub(super) mod facts;
pub(super) mod frame;
pub(super) mod graph;
pub(super) mod history;
pub(super) mod logs;
pub(super) mod nodes;
pub(super) mod pod;
pub(super) mod rollback;
pub(super) mod rollout;
pub(super) mod tape;
#[cfg(test)]
mod tests;
pub(super) mod time;
pub(super) mod tree;
pub(super) mod waves;

use askama::filters::HtmlSafe;

// Templates inside of pages: they escape what is in them themselves.
impl HtmlSafe for app::Summary {}
impl HtmlSafe for app::Tabs {}
impl HtmlSafe for diff::Objects {}
impl HtmlSafe for frame::Foot {}
impl HtmlSafe for frame::Trouble {}
