//! Where a moment stands on the line of time of a rollout.

use jiff::{SignedDuration, Timestamp};

use super::time::Tick;
use crate::history::Rollout;

/// The line of time, from the start to the end or the deadline.
pub(crate) struct Scale {
    pub(crate) from: Timestamp,
    /// In milliseconds, at least one second.
    pub(crate) span: i64,
}

impl Scale {
    pub(crate) fn new(rollout: &Rollout, now: Timestamp) -> Self {
        let end = match (rollout.finished_at, rollout.deadline_at) {
            (Some(finished), _) => finished,
            // A far deadline would squeeze what happens now into a line.
            (None, Some(deadline)) if deadline.duration_until(now).abs() < near(rollout, now) => {
                deadline.max(now)
            }
            _ => now,
        };
        let raw = millis(rollout.started_at, end).max(1_000);
        Self {
            from: rollout.started_at - SignedDuration::from_millis(raw / 40),
            // Room for a label after the last bar.
            span: raw + raw / 40 + raw * 4 / 10,
        }
    }

    /// In hundredths of a percent.
    pub(crate) fn at(&self, at: Timestamp) -> i64 {
        (millis(self.from, at) * 10_000 / self.span).clamp(0, 10_000)
    }
}

/// A deadline is drawn when it is nearer than four times what has passed.
fn near(rollout: &Rollout, now: Timestamp) -> SignedDuration {
    rollout.started_at.duration_until(now) * 4
}

fn millis(from: Timestamp, to: Timestamp) -> i64 {
    i64::try_from(from.duration_until(to).as_millis()).unwrap_or(i64::MAX / 20_000)
}

pub(crate) fn percent(hundredths: i64) -> String {
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

/// How many letters have room in so many hundredths of a percent.
pub(crate) fn letters(hundredths: i64) -> usize {
    usize::try_from(hundredths / 125).unwrap_or(0)
}

/// Up to six round moments.
pub(crate) fn ticks(scale: &Scale) -> Vec<(String, Tick)> {
    const STEPS: [i64; 14] = [
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 10_800, 86_400,
    ];
    let seconds = scale.span / 1_000;
    let step = STEPS
        .into_iter()
        .find(|step| seconds / step <= 6)
        .unwrap_or(86_400 * 7);
    let pattern = if step < 60 { "%H:%M:%S" } else { "%H:%M" };
    let first = (scale.from.as_second() / step + 1) * step;
    (0..8)
        .map(|index| first + index * step)
        .filter_map(|second| Timestamp::from_second(second).ok())
        .filter(|at| (800..9_500).contains(&scale.at(*at)))
        .map(|at| (percent(scale.at(at)), Tick::new(at, pattern)))
        .collect()
}
