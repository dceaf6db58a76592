//! `kedge up` and `kedge down`: one instance on one machine, a child process per role.

mod arguments;
mod banner;
mod child;
mod converge;
mod detached;
mod down;
mod images;
mod layout;
mod machine;
mod plan;
pub(crate) mod postgres;
mod supervise;
mod wait;

pub(crate) use arguments::{Arguments, Runtime};
pub(crate) use child::{Role, keep};
pub(crate) use down::{Arguments as DownArguments, run as down};
pub(crate) use images::{PAUSE, write as write_images};
pub(crate) use layout::{Layout, node_name};
pub(crate) use machine::{is_alive, is_root};
pub(crate) use supervise::{lock, run};
