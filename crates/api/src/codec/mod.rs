//! Bytes to objects and back: Kubernetes protobuf, JSON and YAML, and the strict check of fields.

pub mod json;
pub mod protobuf;
pub mod strict;
pub mod yaml;
