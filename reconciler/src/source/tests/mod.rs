mod github;
mod probe;
mod remote;
mod repositories;
mod servers;
