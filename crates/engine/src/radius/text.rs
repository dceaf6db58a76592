//! The reach of a plan, for people.

use super::{Demand, Radius};

impl Radius {
    /// For people, a line each.
    pub fn lines(&self) -> Vec<String> {
        let pods = |number: u64| match number {
            1 => "1 pod".to_owned(),
            many => format!("{many} pods"),
        };
        let restarts = self.restarts.iter().map(|it| {
            let (which, all) = (&it.workload, pods(it.pods));
            let told = match (it.gone, it.away) {
                (true, _) => format!("stops {all} of {which}"),
                (false, 0) => format!("restarts {all} of {which}, none missing meanwhile"),
                (false, away) if away >= it.pods => {
                    format!("restarts {all} of {which}, all missing meanwhile")
                }
                (false, away) => {
                    format!("restarts {all} of {which}, at most {away} missing at a time")
                }
            };
            match it.added {
                0 => told,
                more => format!("{told}, and starts {more} more"),
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
        let contents = self.contents.iter().map(|it| {
            let (what, are) = match (it.deleted, it.objects) {
                (true, _) => ("goes, and with it", ""),
                (false, 1) => ("changes, and", " is of its kind"),
                (false, _) => ("changes, and", " are of its kind"),
            };
            let objects = match it.objects {
                1 => "1 object".to_owned(),
                many => format!("{many} objects"),
            };
            let (object, application) = (&it.object, &it.application);
            format!("{object} {what} {objects} of application {application}{are}")
        });
        let losses = self.losses.iter();
        let losses = losses.map(|it| format!("not to be undone: {} {}", it.object, it.what));
        restarts.chain(uses).chain(contents).chain(losses).collect()
    }

    /// Pods that start again or stop: of those that run now.
    pub fn pods(&self) -> u64 {
        self.restarts.iter().map(|it| it.pods).sum()
    }
}

impl Demand {
    /// For people, a line each; none where as much is asked for as now.
    pub fn lines(&self) -> Vec<String> {
        self.asked().into_iter().chain(self.shortages()).collect()
    }

    /// What finds no room, a line each.
    pub fn shortages(&self) -> Vec<String> {
        let told = self.unplaced.iter().map(|it| {
            let pods = match it.pods {
                1 => "1 pod".to_owned(),
                many => format!("{many} pods"),
            };
            format!(
                "no node has room for {pods} of {}, by requests",
                it.workload
            )
        });
        told.collect()
    }

    /// `requests +1.5 CPU and +512 MiB`
    pub fn asked(&self) -> Option<String> {
        let cpu = (self.milli_cpu != 0).then(|| format!("{} CPU", signed(self.milli_cpu)));
        let memory = (self.memory != 0).then(|| signed_bytes(self.memory));
        let parts: Vec<String> = cpu.into_iter().chain(memory).collect();
        (!parts.is_empty()).then(|| format!("requests {}", parts.join(" and ")))
    }
}

/// `+1.5`, of thousandths.
fn signed(milli: i64) -> String {
    let (sign, size) = (sign(milli), milli.unsigned_abs());
    let text = format!("{}.{:03}", size / 1_000, size % 1_000);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{sign}{text}")
}

fn signed_bytes(bytes: i64) -> String {
    let (sign, size) = (sign(bytes), bytes.unsigned_abs());
    if size < 1 << 30 {
        return format!("{sign}{} MiB", size.div_ceil(1 << 20));
    }
    let tenths = size * 10 / (1 << 30);
    match tenths % 10 {
        0 => format!("{sign}{} GiB", tenths / 10),
        part => format!("{sign}{}.{part} GiB", tenths / 10),
    }
}

fn sign(number: i64) -> char {
    if number < 0 { '\u{2212}' } else { '+' }
}
