//! The migrations are part of the binary: building it again is due when they change.

#![expect(
    clippy::print_stdout,
    reason = "this is how a build script talks to cargo"
)]

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
