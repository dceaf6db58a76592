//! Where a moment stands on the line of time of a rollout.

use jiff::{SignedDuration, Timestamp};

use super::time::Tick;
use crate::history::Rollout;

/// Where the start stands, in hundredths of a percent.
const START: i64 = 175;
/// The least of where now stands while the deadline is awaited: what happens has room, however far
/// the deadline is.
const NOW: i64 = 4_000;
/// Where the end or the deadline stands: a label has room behind it.
const END: i64 = 7_200;

/// The line of time, from the start to the end or the deadline.
pub(crate) struct Scale {
    /// Moments and where they stand, two at least, in order. Time goes evenly between two.
    anchors: Vec<(Timestamp, i64)>,
}

impl Scale {
    pub(crate) fn new(rollout: &Rollout, now: Timestamp) -> Self {
        let start = rollout.started_at;
        let end = match (rollout.finished_at, rollout.deadline_at) {
            (Some(finished), _) => finished,
            (None, Some(deadline)) => deadline.max(now),
            (None, None) => now,
        };
        let end = end.max(start + SignedDuration::from_secs(1));
        let mut even = Self {
            anchors: vec![(start, START), (end, END)],
        };
        let running = rollout.finished_at.is_none();
        if running && start < now && now < end && even.at(now) < NOW {
            even.anchors.insert(1, (now, NOW));
        }
        even
    }

    /// From one edge of the picture to the other.
    #[cfg(test)]
    pub(crate) fn even(from: Timestamp, to: Timestamp) -> Self {
        Self {
            anchors: vec![(from, 0), (to, 10_000)],
        }
    }

    /// In hundredths of a percent.
    pub(crate) fn at(&self, at: Timestamp) -> i64 {
        let part = self.anchors.windows(2).find(|part| at < part[1].0);
        let part = part.unwrap_or(&self.anchors[self.anchors.len() - 2..]);
        let ((from, x), (to, end)) = (part[0], part[1]);
        let span = millis(from, to).max(1);
        (x + millis(from, at) * (end - x) / span).clamp(0, 10_000)
    }

    /// Whether the time to the deadline is drawn shorter than what has passed.
    pub(crate) fn is_bent(&self) -> bool {
        self.anchors.len() > 2
    }

    /// The moments that the left and right edge of its first part would show, were it as wide as all.
    fn first_part(&self) -> (Timestamp, i64) {
        let ((from, x), (to, end)) = (self.anchors[0], self.anchors[1]);
        let whole = millis(from, to).max(1) * 10_000 / (end - x).max(1);
        let before = whole * x / 10_000;
        (from - SignedDuration::from_millis(before), whole)
    }
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

/// Up to six round moments; none where time is drawn shorter.
pub(crate) fn ticks(scale: &Scale) -> Vec<(String, Tick)> {
    const STEPS: [i64; 14] = [
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 10_800, 86_400,
    ];
    let (from, span) = scale.first_part();
    let seconds = span / 1_000;
    let step = STEPS
        .into_iter()
        .find(|step| seconds / step <= 6)
        .unwrap_or(86_400 * 7);
    let pattern = if step < 60 { "%H:%M:%S" } else { "%H:%M" };
    let first = (from.as_second() / step + 1) * step;
    let last = if scale.is_bent() { NOW } else { 9_500 };
    (0..8)
        .map(|index| first + index * step)
        .filter_map(|second| Timestamp::from_second(second).ok())
        .filter(|at| (800..last).contains(&scale.at(*at)))
        .map(|at| (percent(scale.at(at)), Tick::new(at, pattern)))
        .collect()
}

#[cfg(test)]
mod tests {
    use engine::rollout::RolloutPhase;

    use super::*;
    use crate::web::view::tests::{now, rollout};

    #[test]
    fn start_now_and_deadline_are_all_in_the_picture() {
        let check = |passed: i64, left: i64, expected: [i64; 3], bent: bool| {
            let deadline = now() + SignedDuration::from_secs(left);
            let rollout = Rollout {
                deadline_at: Some(deadline),
                ..rollout(RolloutPhase::Verifying, passed)
            };
            let scale = Scale::new(&rollout, now());
            let places = [rollout.started_at, now(), deadline].map(|at| scale.at(at));
            assert_eq!(places, expected, "{passed} s of {left} s more");
            assert_eq!(scale.is_bent(), bent, "{passed} s of {left} s more");
            let ticks: Vec<String> = ticks(&scale).into_iter().map(|(x, _)| x).collect();
            assert!((1..=6).contains(&ticks.len()), "{ticks:?}");
        };
        check(300, 100, [175, 5_443, 7_200], false);
        // A deadline that is far does not squeeze what happens now.
        check(30, 270, [175, 4_000, 7_200], true);
        check(5, 86_400, [175, 4_000, 7_200], true);
        // The verdict comes with the next pass.
        check(300, -10, [175, 7_200, 6_965], false);
    }

    #[test]
    fn what_is_over_fills_the_picture() {
        let over = rollout(RolloutPhase::Succeeded, 100);
        let scale = Scale::new(&over, now());
        assert_eq!((scale.at(over.started_at), scale.at(now())), (175, 7_200));
        let before = over.started_at - SignedDuration::from_hours(1);
        assert_eq!(scale.at(before), 0);
    }
}
