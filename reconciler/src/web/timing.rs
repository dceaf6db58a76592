//! How long an answer took, and what of it was templates: as `Server-Timing`, which browsers show
//! beside each request.

use std::cell::Cell;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use client::Clock;
use jiff::SignedDuration;

use super::app::App;

/// The header. See <https://www.w3.org/TR/server-timing/>.
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

tokio::task_local! {
    static SPENT: Spent;
}

/// What the request that is being answered has spent so far.
struct Spent {
    clock: Arc<dyn Clock>,
    /// On what people see; `None` where nothing was made for them.
    rendering: Cell<Option<SignedDuration>>,
}

/// Does what makes a page or a part of one, and counts the time. One within another counts once.
pub(super) fn rendering<T>(work: impl FnOnce() -> T) -> T {
    let before = SPENT.try_with(|spent| (spent.clock.now(), spent.rendering.get()));
    let made = work();
    // What streams send is made outside of any request.
    if let Ok((begun, earlier)) = before {
        SPENT.with(|spent| {
            let took = begun.duration_until(spent.clock.now());
            spent
                .rendering
                .set(Some(earlier.unwrap_or_default() + took));
        });
    }
    made
}

/// Says on each page what it took.
pub(super) async fn told(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let spent = Spent {
        clock: app.env.clock.clone(),
        rendering: Cell::new(None),
    };
    let begun = app.env.now();
    let (mut response, rendering) = SPENT
        .scope(spent, async {
            let response = next.run(request).await;
            (response, SPENT.with(|spent| spent.rendering.get()))
        })
        .await;
    if let Some(rendering) = rendering {
        let total = begun.duration_until(app.env.now());
        response
            .headers_mut()
            .insert(SERVER_TIMING, header(rendering, total));
    }
    response
}

fn header(rendering: SignedDuration, total: SignedDuration) -> HeaderValue {
    let milliseconds = |time: SignedDuration| time.as_secs_f64() * 1e3;
    let text = format!(
        "render;dur={:.3}, total;dur={:.3}",
        milliseconds(rendering),
        milliseconds(total)
    );
    HeaderValue::from_str(&text).expect("numbers make a header")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_milliseconds() {
        let micros = SignedDuration::from_micros;
        assert_eq!(
            header(micros(1_234), micros(20_000)),
            "render;dur=1.234, total;dur=20.000"
        );
    }
}
