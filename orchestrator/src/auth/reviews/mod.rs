//! The virtual kinds with which clients ask about identity and permission. Pure: request object
//! and what it depends on in, response object out.

mod access;
mod identity;
mod token_request;

#[cfg(test)]
mod tests;

pub use access::{
    local_subject_access_review, self_subject_access_review, self_subject_rules_review,
    subject_access_review,
};
pub use identity::{self_subject_review, token_review};
pub use token_request::{TokenSubject, bound_key, token_request};
