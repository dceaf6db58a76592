//! Why a read or a watch cannot be answered.

use api::Revision;

use crate::store;

#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// 410: the watcher must list again. The revision is too old, of an earlier epoch, or the
    /// watcher read too slowly.
    #[error("too old resource version: {requested} (the oldest available is {oldest})")]
    Expired {
        requested: Revision,
        oldest: Revision,
    },
    /// 504: this server has not seen the revision in time.
    #[error("too large resource version: {requested}, current: {current}")]
    NotYet {
        requested: Revision,
        current: Revision,
    },
    #[error(transparent)]
    Store(#[from] store::Error),
}
