//! Recommendations at a terminal: what `kubectl exec -it` is tried with.

use std::io::{BufRead, Write};

use crate::client;
use crate::settings::Settings;
use crate::ui::Answer;

pub(crate) fn converse(settings: &Settings) -> Result<(), String> {
    let gone = |error: std::io::Error| format!("the terminal is gone: {error}");
    let mut output = std::io::stdout();
    let mut line = String::new();
    loop {
        write!(output, "viewer? ")
            .and_then(|()| output.flush())
            .map_err(gone)?;
        line.clear();
        if std::io::stdin().lock().read_line(&mut line).map_err(gone)? == 0 {
            return Ok(());
        }
        let answer = match line.trim().parse() {
            Ok(viewer) => films(settings, viewer),
            Err(_) => "a viewer is a number; Ctrl-D ends\n".to_owned(),
        };
        output.write_all(answer.as_bytes()).map_err(gone)?;
    }
}

fn films(settings: &Settings, viewer: u32) -> String {
    let url = format!("{}/recommendations?user={viewer}", settings.serving);
    match client::get::<Answer>(&url) {
        Ok(answer) => {
            let lines = answer.films.iter();
            lines
                .map(|film| format!("  {} ({})\n", film.title, film.genre))
                .collect()
        }
        Err(error) => format!("no recommendations at the moment: {error}\n"),
    }
}
