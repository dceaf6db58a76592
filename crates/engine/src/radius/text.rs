//! The reach of a plan, for people.

use super::Radius;

impl Radius {
    /// For people, a line each.
    pub fn lines(&self) -> Vec<String> {
        let pods = |number: u64| match number {
            1 => "1 pod".to_owned(),
            many => format!("{many} pods"),
        };
        let restarts = self.restarts.iter().map(|it| {
            let (which, all) = (&it.workload, pods(it.pods));
            match (it.gone, it.away) {
                (true, _) => format!("stops {all} of {which}"),
                (false, 0) => format!("restarts {all} of {which}, none missing meanwhile"),
                (false, away) if away >= it.pods => {
                    format!("restarts {all} of {which}, all missing meanwhile")
                }
                (false, away) => {
                    format!("restarts {all} of {which}, at most {away} missing at a time")
                }
            }
        });
        let uses = self.uses.iter().map(|it| {
            let what = if it.deleted {
                "goes, and"
            } else {
                "changes, and"
            };
            let whose = match it.application.as_str() {
                "" => String::new(),
                name => format!(" of application {name}"),
            };
            format!("{} {what} {}{whose} uses it", it.object, it.by)
        });
        restarts.chain(uses).collect()
    }

    /// Pods that start again or stop.
    pub fn pods(&self) -> u64 {
        self.restarts.iter().map(|it| it.pods).sum()
    }
}
