//! What was reported: by the API server's events, and by the reconciler's own steps.

mod choices;
mod rows;

pub(crate) use choices::{Query, filters};
pub(crate) use rows::{MOST, Row, about_what, list, row, step, subject, tone};
