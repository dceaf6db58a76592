//! Data ingestion: takes ratings in and keeps them on its volume.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde_json::json;

use crate::catalog::{Rating, batch};
use crate::client;
use crate::http::{self, Response};
use crate::settings::Settings;

/// One rating a line: appending is all that ever happens to the file.
fn file(data: &Path) -> PathBuf {
    data.join("ratings.jsonl")
}

pub(crate) fn serve(settings: &Settings) -> Result<(), String> {
    let path = file(&settings.data);
    if !path.exists() {
        append(&path, &batch(settings.users, 0))?;
    }
    let writing = Mutex::new(());
    http::serve(settings.port, move |request| {
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/healthz") => Response::text(200, "ok"),
            ("GET", "/ratings") => match read(&path) {
                Ok(ratings) => Response::json(&ratings),
                Err(error) => Response::text(503, error),
            },
            ("POST", "/ratings") => {
                let Ok(ratings) = serde_json::from_slice::<Vec<Rating>>(&request.body) else {
                    return Response::text(400, "not a list of ratings");
                };
                let _one_at_a_time = writing.lock();
                match append(&path, &ratings) {
                    Ok(()) => Response::json(&json!({"taken": ratings.len()})),
                    Err(error) => Response::text(503, error),
                }
            }
            _ => Response::text(404, "not found"),
        }
    })
}

/// The nightly batch, run by a CronJob.
pub(crate) fn send_batch(settings: &Settings) -> Result<(), String> {
    let known: Vec<Rating> = client::get(&format!("{}/ratings", settings.ingestion))?;
    let number = u32::try_from(known.len()).unwrap_or(u32::MAX);
    let ratings = batch(settings.users, number);
    let body = serde_json::to_vec(&ratings).map_err(|error| error.to_string())?;
    client::post(&format!("{}/ratings", settings.ingestion), "", &body)?;
    http::println_line(&format!("sent {} ratings", ratings.len()));
    Ok(())
}

fn append(path: &Path, ratings: &[Rating]) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut text = String::new();
    for rating in ratings {
        text.push_str(&serde_json::to_string(rating).map_err(|error| error.to_string())?);
        text.push('\n');
    }
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(failed)?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_data())
        .map_err(failed)
}

fn read(path: &Path) -> Result<Vec<Rating>, String> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    // A line that was cut off by a crash is not a rating.
    Ok(text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect())
}
