//! `GET /api`: what every address answers programs, as OpenAPI 3.1. Made of two tables, one of
//! addresses and one of shapes; a test holds them against the router and against real answers.

mod document;
mod paths;
mod schemas;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod validate;

#[cfg(test)]
pub(super) use document::document;
pub(super) use document::serve;
#[cfg(test)]
pub(super) use paths::{Operation, operations};
#[cfg(test)]
pub(super) use validate::problems;
