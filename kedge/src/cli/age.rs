//! When, and how long ago: in one or two units, as `kubectl` says it: `42s`, `5m10s`, `3h`, `12d`.

use jiff::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// From `from` to `to`; the future counts as now.
pub(super) fn between(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.duration_since(from).as_secs().max(0);
    let two = |big: i64, small: i64, names: [&str; 2]| match seconds % big / small {
        0 => format!("{}{}", seconds / big, names[0]),
        rest => format!("{}{}{rest}{}", seconds / big, names[0], names[1]),
    };
    match seconds {
        ..120 => format!("{seconds}s"),
        120..600 => two(MINUTE, 1, ["m", "s"]),
        600..10_800 => format!("{}m", seconds / MINUTE),
        10_800..28_800 => two(HOUR, MINUTE, ["h", "m"]),
        28_800..172_800 => format!("{}h", seconds / HOUR),
        172_800..691_200 => two(DAY, HOUR, ["d", "h"]),
        _ => format!("{}d", seconds / DAY),
    }
}

/// A moment, to the second.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

#[test]
fn says_how_long() {
    let start = Timestamp::UNIX_EPOCH;
    for (seconds, expected) in [
        (-5, "0s"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (310, "5m10s"),
        (3600, "60m"),
        (3 * 3600 + 60, "3h1m"),
        (30 * 3600, "30h"),
        (3 * 86_400, "3d"),
        (400 * 86_400, "400d"),
    ] {
        let end = start + jiff::SignedDuration::from_secs(seconds);
        assert_eq!(between(start, end), expected, "{seconds} s");
    }
}
