//! Where containers of an object ended badly, on the line of time of a rollout.

use super::scale::{Scale, percent};
use crate::history::Exit;

/// Ends that are nearer than this to the one before are drawn with it, in hundredths of a percent.
const APART: i64 = 100;

/// Where the signs of the ends of containers stand, and what each says.
pub(super) fn crosses(exits: &[Exit], scale: &Scale) -> Vec<(String, String)> {
    let mut crosses: Vec<(i64, String)> = Vec::new();
    for exit in exits {
        let (at, Exit { pod, container, .. }) = (scale.at(exit.at), exit);
        let clock = exit.at.strftime("%H:%M:%S");
        let text = format!("{clock} {pod}: {container} exited {}", exit.code);
        match crosses.last_mut() {
            Some((last, told)) if at - *last < APART => {
                told.push('\n');
                told.push_str(&text);
            }
            _ => crosses.push((at, text)),
        }
    }
    let shown = crosses.into_iter();
    shown.map(|(at, text)| (percent(at), text)).collect()
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;

    #[test]
    fn ends_close_to_each_other_are_one_cross() {
        let from: Timestamp = "2026-03-01T14:00:00Z".parse().unwrap();
        let scale = Scale::even(from, from + SignedDuration::from_secs(100));
        let exit = |second: i64, code: i64| Exit {
            at: from + SignedDuration::from_secs(second),
            pod: "web-1".into(),
            container: "api".into(),
            code,
        };
        let exits: Vec<Exit> = [(10, 1), (30, 137), (30, 2), (31, 1)]
            .map(|(second, code)| exit(second, code))
            .to_vec();
        let crosses = crosses(&exits, &scale);
        let told: Vec<(&str, &str)> = crosses
            .iter()
            .map(|(at, text)| (at.as_str(), text.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("10.00%", "14:00:10 web-1: api exited 1"),
                (
                    "30.00%",
                    "14:00:30 web-1: api exited 137\n14:00:30 web-1: api exited 2"
                ),
                ("31.00%", "14:00:31 web-1: api exited 1"),
            ]
        );
    }
}
