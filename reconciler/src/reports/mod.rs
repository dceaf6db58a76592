//! The cluster's Events, kept for 30 days: the API server forgets one an hour after it was last
//! seen. Best effort, like Events themselves: a storm of them loses some, and never floods the
//! database. Nothing is decided by what is kept here.

mod decide;
mod keep;
#[cfg(test)]
mod tests;

pub(crate) use keep::keep;
