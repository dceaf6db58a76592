//! A certificate authority, what it issues, and when.

mod authority;
mod decide;
mod issue;
mod parse;
mod request;

#[cfg(test)]
mod tests;

pub use authority::Authority;
pub use decide::{Found, Usage, Verdict, Wanted, Why, is_expiring, verdict};
pub use issue::{Pair, ensure, generate_key};
pub use parse::{Subject, begins, ends, subject};
pub use request::Request;
