//! One rollout: how far it is, what it will do next, what it did and why. A file for each panel.

mod beside;
mod changes;
mod decisions;
mod failure;
mod head;
mod live;
mod next;
mod state;
mod steps;
#[cfg(test)]
mod tests;

pub(crate) use beside::Beside;
pub(crate) use changes::{Sign, changes};
pub(crate) use decisions::decisions;
pub(crate) use head::{head, initials, truth};
pub(crate) use live::{Live, ready, starts};
pub(crate) use next::{Next, Outlook, next};
pub(crate) use state::{by_wave, is_settled, wave_state};
pub(crate) use steps::steps;
