//! OCI image archives from files on disk: no registry, no daemon, the same bytes every time.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What goes into an image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Image {
    /// Full name with tag: `kedge.local/movies:1.0`.
    pub reference: String,
    /// Host file, path in the image. Stored executable.
    pub programs: Vec<(PathBuf, String)>,
    pub links: Vec<Link>,
    /// Path in the image, content.
    pub files: Vec<(String, Vec<u8>)>,
    /// Empty, world-writable, sticky: `/tmp`.
    pub scratch: Vec<String>,
    pub entrypoint: Vec<String>,
    /// `UID:GID`; empty for root.
    pub user: String,
}

/// A symbolic link in an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub path: String,
    pub target: String,
}

/// Writes the archive to `to`, replacing it whole.
///
/// # Errors
/// Reading a program or writing the archive failed.
pub fn archive(image: &Image, to: &Path) -> io::Result<()> {
    let layer = layer(image)?;
    let layer_digest = digest(&layer);
    let config = config(image, &layer_digest).to_string().into_bytes();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
        // Uncompressed: the layer's digest is then also its diff id.
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", &layer)],
    })
    .to_string()
    .into_bytes();
    let mut entry = descriptor("application/vnd.oci.image.manifest.v1+json", &manifest);
    entry["platform"] = json!({"architecture": architecture(), "os": "linux"});
    entry["annotations"] = json!({
        "io.containerd.image.name": image.reference, "org.opencontainers.image.ref.name": image.reference,
    });
    let index = json!({"schemaVersion": 2, "manifests": [entry]})
        .to_string()
        .into_bytes();
    let temporary = to.with_extension("partial");
    let mut tar = tar::Builder::new(io::BufWriter::new(std::fs::File::create(&temporary)?));
    append(
        &mut tar,
        "oci-layout",
        &json!({"imageLayoutVersion": "1.0.0"})
            .to_string()
            .into_bytes(),
        0o644,
    )?;
    append(&mut tar, "index.json", &index, 0o644)?;
    for blob in [&layer, &config, &manifest] {
        append(
            &mut tar,
            &format!("blobs/sha256/{}", digest(blob)),
            blob,
            0o644,
        )?;
    }
    io::Write::flush(&mut tar.into_inner()?)?;
    std::fs::rename(temporary, to)
}

fn layer(image: &Image) -> io::Result<Vec<u8>> {
    let mut tar = tar::Builder::new(Vec::new());
    let mut directories = std::collections::BTreeSet::new();
    let mut paths: Vec<&str> = image
        .programs
        .iter()
        .map(|(_, path)| path.as_str())
        .collect();
    paths.extend(image.files.iter().map(|(path, _)| path.as_str()));
    paths.extend(image.links.iter().map(|link| link.path.as_str()));
    for path in paths {
        let parents = Path::new(path.trim_start_matches('/')).ancestors().skip(1);
        directories.extend(
            parents
                .filter(|parent| !parent.as_os_str().is_empty())
                .map(Path::to_owned),
        );
    }
    for directory in directories {
        append_directory(&mut tar, &directory, 0o755)?;
    }
    for scratch in &image.scratch {
        append_directory(&mut tar, Path::new(scratch.trim_start_matches('/')), 0o1777)?;
    }
    for (source, path) in &image.programs {
        append(
            &mut tar,
            path.trim_start_matches('/'),
            &std::fs::read(source)?,
            0o755,
        )?;
    }
    for (path, content) in &image.files {
        append(&mut tar, path.trim_start_matches('/'), content, 0o644)?;
    }
    for link in &image.links {
        let mut header = header(tar::EntryType::Symlink, 0, 0o777);
        tar.append_link(&mut header, link.path.trim_start_matches('/'), &link.target)?;
    }
    tar.into_inner()
}

fn append<W: io::Write>(
    tar: &mut tar::Builder<W>,
    path: &str,
    content: &[u8],
    mode: u32,
) -> io::Result<()> {
    let mut header = header(tar::EntryType::Regular, content.len() as u64, mode);
    tar.append_data(&mut header, path, content)
}

fn append_directory(tar: &mut tar::Builder<Vec<u8>>, path: &Path, mode: u32) -> io::Result<()> {
    let mut header = header(tar::EntryType::Directory, 0, mode);
    tar.append_data(&mut header, path, io::empty())
}

/// Owned by root, from the epoch: the archive depends on nothing but its content.
fn header(kind: tar::EntryType, size: u64, mode: u32) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(mode);
    header
}

fn config(image: &Image, layer_digest: &str) -> Value {
    let mut config = json!({
        "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "Entrypoint": image.entrypoint, "WorkingDir": "/",
    });
    if !image.user.is_empty() {
        config["User"] = json!(image.user);
    }
    json!({
        "architecture": architecture(), "os": "linux", "config": config,
        "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{layer_digest}")]},
    })
}

fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

fn descriptor(media_type: &str, blob: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": format!("sha256:{}", digest(blob)), "size": blob.len()})
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
