//! The list of applications: what is asked for, and what is shown.

mod asked;
mod list;
mod query;
#[cfg(test)]
mod tests;

pub(crate) use list::{Attention, Item, ROWS, attention, filters, summary, table};
pub(crate) use query::Query;
