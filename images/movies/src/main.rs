//! The movie-recommendation example: five small services in one program, told apart by their
//! first argument. They find each other by cluster DNS and share nothing else.
//!
//! ```text
//! ingestion --ratings--> features --features--> training --model--> serving --answers--> ui
//! ```

mod ask;
mod catalog;
mod client;
mod features;
mod http;
mod ingestion;
mod model;
mod serving;
mod settings;
mod training;
mod ui;

use std::process::ExitCode;

use settings::Settings;

const USAGE: &str = "usage: movies ingestion|ingest-batch|features|training|train|serving|ui|ask";

fn main() -> ExitCode {
    let command = std::env::args().nth(1).unwrap_or_default();
    let result = Settings::from_environment().and_then(|settings| match command.as_str() {
        "ingestion" => ingestion::serve(&settings),
        "ingest-batch" => ingestion::send_batch(&settings),
        "features" => features::serve(&settings),
        "training" => training::serve(&settings),
        "train" => training::ask(&settings),
        "serving" => serving::serve(&settings),
        "ui" => ui::serve(&settings),
        "ask" => ask::converse(&settings),
        _ => Err(USAGE.to_owned()),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("movies {command}: {error}");
            ExitCode::FAILURE
        }
    }
}
