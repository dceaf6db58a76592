//! What was sent, so that a page that was away can be told what it missed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// How long an event can be asked for again.
const KEPT: SignedDuration = SignedDuration::from_mins(10);
/// And how many of them.
const RING: usize = 2_000;
/// Topics whose last state is remembered.
const TOPICS: usize = 500;
/// A topic is rendered at most this often, however many pages show it.
const PAUSE: SignedDuration = SignedDuration::from_millis(250);

/// A piece of a page: the element with this id, as HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fragment {
    pub id: &'static str,
    pub html: String,
}

impl Fragment {
    pub(crate) fn new(id: &'static str, html: String) -> Self {
        Self { id, html }
    }
}

/// A piece that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub sequence: u64,
    pub id: &'static str,
    pub html: Arc<str>,
}

/// Events of all topics in one sequence. The sequence begins with the second in which the process
/// began, so that numbers from before a restart are known to be too old. What is forgotten is
/// forgotten of one topic: the pages of the others go on.
pub(crate) struct Hub {
    state: Mutex<State>,
    newest: watch::Sender<u64>,
}

struct State {
    ring: VecDeque<Entry>,
    last: u64,
    /// Grows with every use of a topic.
    uses: u64,
    topics: BTreeMap<String, Topic>,
}

struct Entry {
    topic: String,
    at: Timestamp,
    event: Event,
}

#[derive(Default)]
struct Topic {
    shown: BTreeMap<&'static str, Arc<str>>,
    rendered: Option<Timestamp>,
    /// Everything of it up to here may be gone from the ring.
    forgotten: u64,
    /// How many uses of topics there had been when it was used last.
    used: u64,
}

impl Hub {
    pub(crate) fn new(now: Timestamp) -> Self {
        let first = u64::try_from(now.as_second()).unwrap_or(0) << 20;
        Self {
            state: Mutex::new(State {
                ring: VecDeque::new(),
                last: first,
                uses: 0,
                topics: BTreeMap::new(),
            }),
            newest: watch::Sender::new(first),
        }
    }

    /// Whether it is time to render a topic again; whoever is told so does it.
    pub(crate) fn is_due(&self, topic: &str, now: Timestamp) -> bool {
        let mut state = self.state();
        let topic = state.topic(topic);
        let due = topic
            .rendered
            .is_none_or(|at| at.duration_until(now) >= PAUSE);
        if due {
            topic.rendered = Some(now);
        }
        due
    }

    /// Takes the topic's state as it is now. What differs from before becomes events. Answers the
    /// newest event that this state includes.
    pub(crate) fn publish(&self, topic: &str, fragments: &[Fragment], now: Timestamp) -> u64 {
        let mut state = self.state();
        for fragment in fragments {
            let shown = &mut state.topic(topic).shown;
            let html: Arc<str> = fragment.html.as_str().into();
            let before = shown.insert(fragment.id, html.clone());
            // What nobody was shown before, nobody has to be told of.
            if before.is_some_and(|before| before != html) {
                state.append(topic, fragment.id, html, now);
            }
        }
        state.trim(now);
        let last = state.last;
        drop(state);
        self.newest
            .send_if_modified(|newest| std::mem::replace(newest, last) != last);
        last
    }

    /// The events of these topics after `after`, the newest of each piece only. `None` where some
    /// may be missing: then the page has to be loaded again.
    pub(crate) fn since(&self, topics: &[String], after: u64) -> Option<Vec<Event>> {
        let state = self.state();
        let knows = |topic| {
            let topic: Option<&Topic> = state.topics.get(topic);
            topic.is_some_and(|topic| after >= topic.forgotten)
        };
        if after > state.last || !topics.iter().all(knows) {
            return None;
        }
        let mut newest: BTreeMap<&str, &Event> = BTreeMap::new();
        let missed = state
            .ring
            .iter()
            .filter(|entry| entry.event.sequence > after && topics.contains(&entry.topic));
        for entry in missed {
            newest.insert(entry.event.id, &entry.event);
        }
        let mut events: Vec<Event> = newest.into_values().cloned().collect();
        events.sort_by_key(|event| event.sequence);
        Some(events)
    }

    /// Moves with every publication that has something new.
    pub(crate) fn newest(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn topic(&mut self, name: &str) -> &mut Topic {
        if !self.topics.contains_key(name) {
            if self.topics.len() >= TOPICS {
                self.forget_one();
            }
            // A page that knew it before it was forgotten must not take it for the same.
            self.last += 1;
            let topic = Topic {
                forgotten: self.last,
                ..Topic::default()
            };
            self.topics.insert(name.to_owned(), topic);
        }
        self.uses += 1;
        let used = self.uses;
        let topic = self.topics.entry(name.to_owned()).or_default();
        topic.used = used;
        topic
    }

    /// The topic that was not used for the longest. Pages that still show it load again.
    fn forget_one(&mut self) {
        let oldest = self.topics.iter().min_by_key(|(_, topic)| topic.used);
        if let Some(name) = oldest.map(|(name, _)| name.clone()) {
            self.topics.remove(&name);
            self.ring.retain(|entry| entry.topic != name);
        }
    }

    fn append(&mut self, topic: &str, id: &'static str, html: Arc<str>, now: Timestamp) {
        self.last += 1;
        self.ring.push_back(Entry {
            topic: topic.into(),
            at: now,
            event: Event {
                sequence: self.last,
                id,
                html,
            },
        });
    }

    fn trim(&mut self, now: Timestamp) {
        while let Some(first) = self.ring.front() {
            if self.ring.len() <= RING && first.at.duration_until(now) <= KEPT {
                break;
            }
            if let Some(topic) = self.topics.get_mut(&first.topic) {
                topic.forgotten = first.event.sequence;
            }
            self.ring.pop_front();
        }
    }
}
