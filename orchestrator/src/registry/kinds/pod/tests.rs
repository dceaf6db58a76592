//! Pods as people write them.
