//! The reconciler in the simulated cluster: a scripted branch of a real bare repository, a real
//! history in PostgreSQL, processes that end between any two actions. No virtual time passes
//! while the repository or the database is waited for.

mod branch;
mod deeds;
mod instance;
mod life;
mod script;
mod shape;
mod standing;
mod watching;

pub use life::run;
