//! The migrations are part of the binary: building it again is due when they change.

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
