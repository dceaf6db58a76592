//! The process that holds a pod's namespaces. It waits, and does nothing else.
//!
//! The runtime ends it with SIGKILL, so that it needs no signal handler.

fn main() {
    loop {
        std::thread::park();
    }
}
