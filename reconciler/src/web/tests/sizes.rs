//! What a browser loads, in bytes as they are sent: compressed.

use super::super::assets::ASSETS;
use super::*;

impl Site {
    /// Bytes of the answer to a browser that takes gzip.
    pub(super) async fn sent(&self, path: &str) -> usize {
        let request = Request::get(path)
            .header(header::COOKIE, self.cookie())
            .header(header::ACCEPT_ENCODING, "gzip")
            .header(header::ACCEPT, "text/html,application/xhtml+xml");
        let response = self.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(
            response.headers()[header::CONTENT_ENCODING],
            "gzip",
            "{path}"
        );
        let body = response.into_body().collect().await.unwrap();
        body.to_bytes().len()
    }
}

#[tokio::test]
async fn style_and_script_are_within_their_budget() {
    let site = Site::new(Sample::default()).await;
    for (asset, most) in [(&ASSETS.style, 10_000), (&ASSETS.script, 3_000)] {
        let sent = site.sent(&asset.path).await;
        assert!(sent <= most, "{}: {sent} bytes, budget {most}", asset.path);
    }
}
