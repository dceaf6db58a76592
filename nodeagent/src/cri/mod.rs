//! A real container runtime, spoken to in CRI v1 over its Unix socket. The only module that
//! knows gRPC.

mod call;
mod convert;
mod events;
pub mod health;
mod read;
mod runtime;
#[cfg(test)]
mod tests;

pub use runtime::Cri;
