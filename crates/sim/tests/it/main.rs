//! Whole parts of Kedge together, without a machine around them.

mod cluster;
mod node;
