//! What every pass asks of the history, as it was last read. Only this process writes those tables:
//! what is read holds until a write concerns the Application.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::model::{ApplicationRecord, Hold, Push, Request, Rollout};
use super::recent::Lately;
use super::suspension::Suspension;
use super::write::Write;

/// Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub(super) struct Memo {
    all: Arc<Mutex<HashMap<String, Known>>>,
    /// The push that was asked for last: the rollouts of one commit all ask for the same.
    pub(super) push: Whole<Push>,
    /// Every application there is or was, by name.
    pub(super) records: Whole<Arc<Vec<Arc<ApplicationRecord>>>>,
    /// What began lately.
    pub(super) recent: Lately,
    /// What is held and not released, newest first.
    pub(super) holds: Whole<Arc<Vec<Arc<Hold>>>>,
}

/// An answer that is not about one Application.
#[derive(Clone)]
pub(super) struct Whole<T>(Arc<Mutex<Single<T>>>);

struct Single<T> {
    /// Moves with every write.
    version: u64,
    answer: Option<T>,
}

/// What is known of one Application.
#[derive(Default)]
pub(super) struct Known {
    /// Moves with every write.
    version: u64,
    pub(super) last: Answer<Arc<Rollout>>,
    pub(super) request: Answer<Request>,
    pub(super) suspension: Answer<Suspension>,
}

/// A row, or that there is none.
#[derive(Default)]
pub(super) enum Answer<T> {
    #[default]
    Unread,
    Read(Option<T>),
}

/// What an answer is kept under: it is dropped where a write came in between.
pub(super) struct Asked {
    pub(super) application: String,
    version: u64,
}

/// Writes that are being committed. Whatever comes of it, what they concern is read again.
pub(super) struct Writing<'a> {
    memo: &'a Memo,
    writes: &'a [&'a Write],
}

impl Memo {
    /// The answer, or what to keep it under.
    pub(super) fn ask<T: Clone>(
        &self,
        application: &str,
        of: impl Fn(&Known) -> &Answer<T>,
    ) -> Result<Option<T>, Asked> {
        known(&self.lock(), application, of)
    }

    /// The same of each.
    pub(super) fn ask_all<'a, T: Clone>(
        &self,
        applications: impl Iterator<Item = &'a str>,
        of: impl Fn(&Known) -> &Answer<T>,
    ) -> Vec<Result<Option<T>, Asked>> {
        let all = self.lock();
        applications.map(|name| known(&all, name, &of)).collect()
    }

    pub(super) fn keep<T: Clone>(
        &self,
        asked: Asked,
        answer: Option<&T>,
        of: impl Fn(&mut Known) -> &mut Answer<T>,
    ) {
        let mut all = self.lock();
        let known = all.entry(asked.application).or_default();
        if known.version == asked.version {
            *of(known) = Answer::Read(answer.cloned());
        }
    }

    pub(super) fn writing<'a>(&'a self, writes: &'a [&'a Write]) -> Writing<'a> {
        Writing { memo: self, writes }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        lock(&self.all)
    }
}

fn known<T: Clone>(
    all: &HashMap<String, Known>,
    application: &str,
    of: impl Fn(&Known) -> &Answer<T>,
) -> Result<Option<T>, Asked> {
    let known = all.get(application);
    if let Some(Answer::Read(answer)) = known.map(of) {
        return Ok(answer.clone());
    }
    Err(Asked {
        application: application.to_owned(),
        version: known.map_or(0, |known| known.version),
    })
}

fn lock<T>(one: &Mutex<T>) -> MutexGuard<'_, T> {
    one.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T: Clone> Whole<T> {
    /// The answer, or what to keep it under.
    pub(super) fn ask(&self) -> Result<T, u64> {
        self.ask_if(|_| true)
    }

    /// The answer if it is the one that is asked for.
    pub(super) fn ask_if(&self, is_it: impl Fn(&T) -> bool) -> Result<T, u64> {
        let single = lock(&self.0);
        let known = single.answer.as_ref().filter(|answer| is_it(answer));
        known.cloned().ok_or(single.version)
    }

    pub(super) fn keep(&self, asked: u64, answer: Option<&T>) {
        let mut single = lock(&self.0);
        if single.version == asked {
            single.answer = answer.cloned();
        }
    }

    fn forget(&self) {
        let mut single = lock(&self.0);
        single.version += 1;
        single.answer = None;
    }
}

impl<T> Default for Whole<T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Single {
            version: 0,
            answer: None,
        })))
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        for write in self.writes {
            match write {
                Write::Push(_) | Write::Verdict { .. } => self.memo.push.forget(),
                Write::Applications(_) => self.memo.records.forget(),
                Write::Hold(_) | Write::Release { .. } => self.memo.holds.forget(),
                _ => {}
            }
        }
        let mut all = self.memo.lock();
        for (application, what) in self.writes.iter().filter_map(|write| concerned(write)) {
            if matches!(what, What::Last) {
                self.memo.recent.wrote(application);
            }
            let known = match all.get_mut(application) {
                Some(known) => known,
                None => all.entry(application.to_owned()).or_default(),
            };
            known.version += 1;
            match what {
                What::Last => known.last = Answer::Unread,
                What::Request => known.request = Answer::Unread,
                What::Suspension => known.suspension = Answer::Unread,
            }
        }
    }
}

enum What {
    Last,
    Request,
    Suspension,
}

/// Whose answers a write changes, and which.
fn concerned(write: &Write) -> Option<(&str, What)> {
    match write {
        Write::Rollout(rollout) => Some((&rollout.application, What::Last)),
        Write::Request { application, .. } | Write::RequestDone { application } => {
            Some((application, What::Request))
        }
        Write::Resume { application } => Some((application, What::Suspension)),
        Write::Suspend(suspension) => Some((&suspension.application, What::Suspension)),
        Write::Began { rollout, .. }
        | Write::Phase { rollout, .. }
        | Write::Over { rollout, .. }
        | Write::Undone { rollout, .. } => {
            // A rollout's id is its Application's name and a number.
            let name = rollout
                .rsplit_once('-')
                .map_or(&**rollout, |(name, _)| name);
            Some((name, What::Last))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_until_a_write_concerns_it() {
        let memo = Memo::default();
        let ask = |application: &str| memo.ask(application, |known| &known.suspension);
        let keep = |asked: Asked| memo.keep(asked, None, |known| &mut known.suspension);
        let (web, api) = (ask("web"), ask("api"));
        keep(web.err().unwrap());
        assert!(ask("web").is_ok());
        let write = |write: Write| drop(memo.writing(&[&write]));
        let resume = |application: &str| Write::Resume {
            application: application.into(),
        };
        write(Write::RequestDone {
            application: "web".into(),
        });
        assert!(ask("web").is_ok());
        write(resume("web"));
        assert!(ask("web").is_err());
        // It was asked before the write, and may say what was before.
        write(resume("api"));
        keep(api.err().unwrap());
        assert!(ask("api").is_err());

        let holds = || memo.holds.ask();
        let early = holds().err().unwrap();
        write(Write::Release {
            application: "web".into(),
            at: jiff::Timestamp::UNIX_EPOCH,
        });
        memo.holds.keep(early, Some(&Arc::default()));
        let late = holds().err().unwrap();
        memo.holds.keep(late, Some(&Arc::default()));
        write(resume("web"));
        assert_eq!(holds().ok(), Some(Arc::default()));

        let last = || memo.ask("web-shop", |known| &known.last);
        memo.keep(last().err().unwrap(), None, |known| &mut known.last);
        assert!(last().is_ok());
        write(Write::Undone {
            rollout: "web-shop-12".into(),
            at: jiff::Timestamp::UNIX_EPOCH,
        });
        assert!(last().is_err());
    }
}
