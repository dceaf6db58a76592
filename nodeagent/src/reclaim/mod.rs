//! Removes the directories of local volumes whose claims are gone. Never one that a pod may still
//! use, never one that was not made for its volume.

mod decide;
mod directory;
mod run;
#[cfg(test)]
mod tests;

pub(crate) use run::Reclaimer;
