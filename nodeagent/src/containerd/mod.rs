//! A private containerd for one node: its configuration and its life.

mod config;
mod images;
mod supervise;

pub use config::{Layout, PLUGINS, config};
pub use images::{Image, Link, archive};
pub use supervise::{Containerd, Error, installed};
