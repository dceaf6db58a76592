//! Server-sent events: pieces of pages that changed, and a beat so that silence means trouble.
//!
//! Every page is complete without it.

mod hub;
mod stream;
#[cfg(test)]
mod tests;

pub(super) use hub::{Fragment, Hub};
pub(super) use stream::serve;
