//! Puts the images where node agents import them from: pause, and the demo's.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use nodeagent::containerd::{Image, archive};

use super::Layout;

/// What a pod's namespaces are held by.
pub(crate) const PAUSE: &str = "kedge.local/pause:1";
/// The five services of the movie-recommendation example, in both versions the tour uses.
pub(crate) const MOVIES: [&str; 2] = ["kedge.local/movies:1.0", "kedge.local/movies:1.1"];

/// Writes the archives, replacing what an older binary left.
pub(crate) fn write(layout: &Layout, kedge: &Path) -> anyhow::Result<()> {
    let directory = layout.images();
    let pause = program(kedge, "pause")?;
    let image = Image {
        reference: PAUSE.into(),
        programs: vec![(pause, "/pause".into())],
        entrypoint: vec!["/pause".into()],
        user: "65535:65535".into(),
        ..Image::default()
    };
    store(&image, &directory.join("pause.tar"))?;
    let movies = program(kedge, "movies")?;
    for reference in MOVIES {
        let (_, tag) = reference.rsplit_once(':').unwrap_or((reference, "latest"));
        let image = Image {
            reference: reference.into(),
            programs: vec![(movies.clone(), "/usr/bin/movies".into())],
            files: vec![("/etc/movies-release".into(), tag.as_bytes().to_vec())],
            scratch: vec!["/tmp".into()],
            entrypoint: vec!["/usr/bin/movies".into()],
            user: "65532:65532".into(),
            ..Image::default()
        };
        store(&image, &directory.join(format!("movies-{tag}.tar")))?;
    }
    Ok(())
}

fn store(image: &Image, to: &Path) -> anyhow::Result<()> {
    archive(image, to).with_context(|| {
        format!(
            "cannot write the image {} to {}",
            image.reference,
            to.display()
        )
    })
}

/// The statically linked programs lie beside the binary, in `images/`.
fn program(kedge: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let path = kedge.with_file_name("images").join(name);
    if !path.is_file() {
        bail!("{} is missing; `make build` makes it", path.display());
    }
    Ok(path)
}
