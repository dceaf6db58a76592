//! Feature engineering: turns ratings into what a model can learn from, on demand.

use crate::client;
use crate::http::{self, Response};
use crate::model;
use crate::settings::Settings;

pub(crate) fn serve(settings: &Settings) -> Result<(), String> {
    let ratings = format!("{}/ratings", settings.ingestion);
    http::serve(settings.port, move |request| match request.path.as_str() {
        "/healthz" => Response::text(200, "ok"),
        "/features" => match client::get::<Vec<_>>(&ratings) {
            Ok(ratings) => Response::json(&model::features(&ratings)),
            Err(error) => Response::text(503, error),
        },
        _ => Response::text(404, "not found"),
    })
}
