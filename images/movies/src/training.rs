//! Training: makes a model when asked, keeps it on its volume, hands it out.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::client;
use crate::http::{self, Request, Response};
use crate::model::{self, Model};
use crate::settings::Settings;

/// The Job comes with the services it needs: they may take a moment.
const TRIES: u32 = 30;
const PAUSE: Duration = Duration::from_secs(1);

fn file(data: &Path) -> PathBuf {
    data.join("model.json")
}

pub(crate) fn serve(settings: &Settings) -> Result<(), String> {
    let (features, token) = (
        format!("{}/features", settings.features),
        settings.token.clone(),
    );
    let path = file(&settings.data);
    let training = Mutex::new(());
    http::serve(settings.port, move |request| {
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/healthz") => Response::text(200, "ok"),
            ("GET", "/model") => load(&path).map_or_else(
                || Response::text(404, "no model yet"),
                |model| Response::json(&model),
            ),
            ("POST", "/train") if !may_train(request, &token) => {
                Response::text(401, "the token does not fit")
            }
            ("POST", "/train") => {
                let _one_at_a_time = training.lock();
                match train(&features, &path) {
                    Ok(model) => {
                        Response::json(&json!({"version": model.version, "ratings": model.ratings}))
                    }
                    Err(error) => Response::text(503, error),
                }
            }
            _ => Response::text(404, "not found"),
        }
    })
}

/// Asks for a training: the Job at the start, the CronJob every night.
pub(crate) fn ask(settings: &Settings) -> Result<(), String> {
    let url = format!("{}/train", settings.training);
    let mut last = String::new();
    for _ in 0..TRIES {
        match client::post(&url, &settings.token, &[]) {
            Ok(()) => {
                http::println_line("a model was trained");
                return Ok(());
            }
            Err(error) => last = error,
        }
        thread::sleep(PAUSE);
    }
    Err(last)
}

fn may_train(request: &Request, token: &str) -> bool {
    !token.is_empty() && request.authorization == format!("Bearer {token}")
}

fn train(features: &str, path: &Path) -> Result<Model, String> {
    let features = client::get(features)?;
    let version = load(path).map_or(0, |model| model.version) + 1;
    let model = model::train(&features, version);
    let text = serde_json::to_vec(&model).map_err(|error| error.to_string())?;
    // Whole or not at all, whatever happens in between.
    let temporary = path.with_extension("partial");
    std::fs::write(&temporary, text)
        .and_then(|()| std::fs::rename(&temporary, path))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(model)
}

fn load(path: &Path) -> Option<Model> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}
