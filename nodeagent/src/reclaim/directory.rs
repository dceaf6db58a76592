//! Where a local volume keeps its data.

use std::path::{Component, Path};

use api::Object;
use api::local_volume::is_own;

/// The directory, where it is certainly the volume's own: anybody who may write volumes could name
/// any other.
pub(super) fn directory(volume: &Object) -> Option<String> {
    let path = Path::new(volume.text("/spec/local/path"));
    let made_for = format!("pvc-{}", volume.text("/spec/claimRef/uid"));
    let is_plain = path.is_absolute()
        && path
            .components()
            .all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    let is_its_own = volume.name() == made_for && path.file_name()?.to_str()? == made_for;
    (is_own(volume) && is_plain && is_its_own).then(|| volume.text("/spec/local/path").to_owned())
}
