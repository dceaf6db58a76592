//! `kedge node`: other machines as nodes of an instance.
//!
//! On the instance's machine `add` gives a node its number and writes all that the other machine needs
//! into one file; there, `join` does the rest, and goes on with it later. Keys go with the file alone,
//! never over the network: those that take their place are made where they are used.

mod add;
mod file;
mod fits;
mod join;
mod machines;
mod ready;
mod refusal;
mod remove;
mod role;
mod verbs;

pub(crate) use file::JoinFile;
pub(crate) use machines::{alone, api_port};
pub(crate) use verbs::{Arguments, EXAMPLE, run};
