//! Style, script, icon and what may be loaded early, compiled in. Their addresses change with their content, so browsers
//! may keep them for ever.

mod compact;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

/// One file.
#[derive(Debug)]
pub(super) struct Asset {
    /// Where it is served.
    pub path: String,
    content_type: &'static str,
    body: Bytes,
}

/// All files.
#[derive(Debug)]
pub(super) struct Assets {
    pub style: Asset,
    pub script: Asset,
    pub icon: Asset,
    /// Which pages a browser may load before they are opened: the moments before and after the one
    /// that is looked at, between which the arrow keys step. They do not change (HTML, "Speculative
    /// loading"; browsers take no links in pictures, such as the marks of the tape).
    pub prefetch: Asset,
}

/// The files of this build.
pub(super) static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets {
    style: asset(
        "kedge",
        "css",
        "text/css; charset=utf-8",
        compact::style(include_str!("../../../assets/kedge.css")).into(),
    ),
    script: asset(
        "kedge",
        "js",
        "text/javascript; charset=utf-8",
        compact::script(include_str!("../../../assets/kedge.js")).into(),
    ),
    icon: asset(
        "icon",
        "svg",
        "image/svg+xml",
        Bytes::from_static(include_bytes!("../../../assets/icon.svg")),
    ),
    prefetch: asset(
        "prefetch",
        "json",
        "application/speculationrules+json",
        Bytes::from_static(include_bytes!("../../../assets/prefetch.json")),
    ),
});

fn asset(name: &str, extension: &str, content_type: &'static str, body: Bytes) -> Asset {
    let digest = Sha256::digest(&body);
    let hash: String = digest.iter().take(6).map(|b| format!("{b:02x}")).collect();
    Asset {
        path: format!("/assets/{name}.{hash}.{extension}"),
        content_type,
        body,
    }
}

/// `GET /assets/{file}`
pub(super) async fn serve(Path(file): Path<String>) -> Response {
    let path = format!("/assets/{file}");
    let all = [
        &ASSETS.style,
        &ASSETS.script,
        &ASSETS.icon,
        &ASSETS.prefetch,
    ];
    match all.into_iter().find(|asset| asset.path == path) {
        Some(asset) => {
            let headers = [
                (header::CONTENT_TYPE, asset.content_type),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ];
            (headers, asset.body.clone()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
