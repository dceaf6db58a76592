use super::*;
#[tokio::test]
async fn serve_tmp() {
    let empty = std::path::Path::new("/tmp/web-empty").exists();
    let site = Site::new(Sample {
        empty,
        ..Sample::default()
    })
    .await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:18099")
        .await
        .unwrap();
    std::fs::write("/tmp/web-link", site.auth.sign_in_path(now())).unwrap();
    std::fs::write("/tmp/web-cookie", site.cookie()).unwrap();
    let stop = async {
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            if !std::path::Path::new("/tmp/web-serve").exists() {
                break;
            }
        }
    };
    let router = site.router.clone();
    tokio::select! { _ = axum::serve(listener, router) => {}, () = stop => {} }
}
