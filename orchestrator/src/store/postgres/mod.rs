//! The store on PostgreSQL: durable, encrypted where it must be, shared by any number of API
//! servers. The only place in this crate that knows SQL.

mod batch;
mod changes;
mod compact;
mod connect;
mod epoch;
mod notify;
mod partition;
mod plan;
mod read;
mod readers;
mod requests;
mod row;
mod seal;
mod settle;
mod statements;
mod store;
mod view;
mod write;

#[cfg(test)]
mod tests;

pub use connect::{Lane, Options, connect, reach};
pub use seal::Keys;
pub use store::PostgresStore;
