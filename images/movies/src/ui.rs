//! The page people see: made from the answers of the other services.

use serde::Deserialize;

use crate::client;
use crate::http::{self, Response};
use crate::model::Recommendation;
use crate::settings::Settings;

#[derive(Deserialize)]
pub(crate) struct Answer {
    model: u32,
    ratings: usize,
    pub(crate) films: Vec<Recommendation>,
}

pub(crate) fn serve(settings: &Settings) -> Result<(), String> {
    let (serving, release) = (settings.serving.clone(), settings.release.trim().to_owned());
    http::serve(settings.port, move |request| match request.path.as_str() {
        "/healthz" => Response::text(200, "ok"),
        "/" => {
            let user: u32 = request
                .query
                .strip_prefix("user=")
                .and_then(|text| text.parse().ok())
                .unwrap_or(1);
            match client::get::<Answer>(&format!("{serving}/recommendations?user={user}")) {
                Ok(answer) => Response::html(page(&release, user, &answer)),
                Err(error) => {
                    Response::text(503, format!("no recommendations at the moment: {error}"))
                }
            }
        }
        _ => Response::text(404, "not found"),
    })
}

fn page(release: &str, user: u32, answer: &Answer) -> String {
    let films: String = answer
        .films
        .iter()
        .map(|film| {
            format!(
                "<li><b>{}</b> <span>{}</span></li>\n",
                film.title, film.genre
            )
        })
        .collect();
    let viewers: String = (1..=6)
        .map(|viewer| format!("<a href=\"/?user={viewer}\">viewer {viewer}</a> "))
        .collect();
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Movies</title>\n\
         <style>body{{font:16px/1.5 system-ui;max-width:40rem;margin:3rem auto;padding:0 1rem}}\
         span{{color:#666}}footer{{color:#666;font-size:.85rem;margin-top:2rem}}</style></head>\n\
         <body><h1>Movies for viewer {user}</h1>\n<ol>\n{films}</ol>\n<nav>{viewers}</nav>\n\
         <footer>release {release} · model {} · learned from {} ratings</footer></body></html>\n",
        answer.model, answer.ratings
    )
}
