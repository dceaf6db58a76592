//! What holds for the whole of Kedge.

mod tidy;
