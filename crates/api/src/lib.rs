//! The vocabulary of Kedge: objects, keys, selectors, patches, codecs.
//!
//! This crate does no I/O, knows no clock and starts no task. A stored body is never
//! round-tripped through a typed struct (that would drop unknown fields): [`Object`] keeps the
//! JSON as it was written, [`k8s`] types are read from it where a decision wants names.

mod catalog;
pub mod codec;
pub mod custom;
pub mod discovery;
pub mod expression;
pub mod json_path;
mod key;
pub mod kinds;
pub mod local_volume;
pub mod name;
mod object;
pub mod openapi;
pub mod patch;
pub mod placement;
pub mod quantity;
pub mod resource;
mod revision;
pub mod schema;
pub mod selector;
mod status;
mod time;
mod watch;

/// The Kubernetes types of the one API level Kedge speaks. For reading; see [`Object::decode`].
pub use k8s_openapi::api as k8s;
pub use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;
pub use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

pub use catalog::Catalog;
pub use key::{Collection, GroupVersionKind, ObjectKey, Uid};
pub use object::{Condition, Object, OwnerReference};
pub use quantity::{InvalidQuantity, Quantity};
pub use resource::{Resource, Scope, Subresource};
pub use revision::{Generation, ResourceVersion, Revision};
pub use status::{Cause, Reason, Status};
pub use time::{micro_time, parse_time, time};
pub use watch::WatchEvent;
