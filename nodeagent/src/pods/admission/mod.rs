//! Whether this node takes a pod that was bound to it. Two schedulers that both think they lead,
//! or a person who names a node, can promise more than there is; the node has the last word.

mod check;
mod ledger;
#[cfg(test)]
mod tests;

pub(crate) use check::{Claim, Refusal, Room, check};
pub(crate) use ledger::{Answer, Ledger};
