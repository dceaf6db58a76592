//! Model serving: answers with the newest model it has heard of. Ready once it has one.

use std::sync::{Arc, RwLock};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::client;
use crate::http::{self, Request, Response};
use crate::model::{Model, recommend};
use crate::settings::Settings;

/// How soon a new model is noticed.
const REFRESH: Duration = Duration::from_secs(2);
const SHOWN: usize = 5;

pub(crate) fn serve(settings: &Settings) -> Result<(), String> {
    let current: Arc<RwLock<Option<Model>>> = Arc::default();
    let (held, url) = (Arc::clone(&current), format!("{}/model", settings.training));
    thread::spawn(move || {
        loop {
            refresh(&held, &url);
            thread::sleep(REFRESH);
        }
    });
    http::serve(settings.port, move |request| {
        let model = current.read().ok().and_then(|model| model.clone());
        match (request.path.as_str(), model) {
            ("/healthz", _) | ("/readyz", Some(_)) => Response::text(200, "ok"),
            (_, None) => Response::text(503, "no model yet"),
            ("/recommendations", Some(model)) => Response::json(&json!({
                "model": model.version, "ratings": model.ratings, "films": recommend(&model, user(request), SHOWN),
            })),
            _ => Response::text(404, "not found"),
        }
    })
}

fn refresh(held: &RwLock<Option<Model>>, url: &str) {
    let Ok(model) = client::get::<Model>(url) else {
        return;
    };
    let Ok(mut current) = held.write() else {
        return;
    };
    if current.as_ref().map(|known| known.version) != Some(model.version) {
        http::println_line(&format!("serving model {}", model.version));
        *current = Some(model);
    }
}

fn user(request: &Request) -> u32 {
    let pairs = request
        .query
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    pairs
        .filter(|(key, _)| *key == "user")
        .find_map(|(_, value)| value.parse().ok())
        .unwrap_or(0)
}
