//! Whole parts of Kedge together, without a machine around them, and what holds for all of it.

mod cluster;
mod node;
mod simulation;
mod tidy;
