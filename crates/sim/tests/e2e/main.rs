//! The real binary with real parts, as a user meets it.

mod answers;
mod broken;
mod crashes;
mod custom;
mod doctor;
mod elsewhere;
mod foreign;
mod guard;
mod keys;
mod kubectl;
mod links;
mod logs;
mod looks;
mod mistakes;
mod monitoring;
mod node_death;
mod pages;
mod past;
mod pods;
mod policies;
mod readme;
mod scenarios;
mod sign_in;
mod sql;
mod story;
mod terminal;
