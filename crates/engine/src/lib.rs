//! GitOps decisions: render, diff, order, plan, health, rollouts. No I/O, no clock.
//!
//! Everything here is a function from plain values to plain values: what a commit renders to
//! ([`render`]), what that would change ([`plan`]), how the cluster is doing ([`health`]) and
//! what a rollout does next ([`rollout`]). Who reads Git and writes objects is elsewhere.

pub mod application;
pub mod apply;
pub mod commit;
pub mod definition;
pub mod diff;
pub mod health;
pub mod hook;
pub mod ignore;
mod kinds;
mod manifest;
pub mod order;
pub mod plan;
mod problem;
pub mod progress;
pub mod proof;
pub mod radius;
mod reference;
pub mod render;
pub mod rollout;
mod sequence;
pub mod sops;
pub mod tree;
pub mod validate;
pub mod why;
pub mod window;

pub use application::Application;
pub use health::{Health, HealthStatus};
pub use kinds::{Kind, Kinds};
pub use manifest::{Manifest, Origin};
pub use order::WaveNumber;
pub use plan::Plan;
pub use problem::{Problem, Problems};
pub use reference::{Named, references};
pub use tree::Tree;
