//! Runs the tasks of all processes on one thread, one poll at a time. Which of the ready tasks
//! goes next is drawn by chance, so that every order is tried and each can be repeated.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use client::{Outside, Spawner, Tasks};
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::Chance;

/// Longer than a database, a disk or a program ever takes, in real time.
const PATIENCE: Duration = Duration::from_mins(2);

/// One life of one process. A process that is started again is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessId(u64);

type TaskId = u64;

/// All tasks there are.
pub struct Executor {
    shared: Arc<Shared>,
    tasks: BTreeMap<TaskId, Task>,
    chance: Chance,
    /// What is waited for that is none of the simulation.
    outside: Outside,
    /// What each process is called.
    names: BTreeMap<ProcessId, String>,
    /// How often each process was polled since [`Executor::forget_polls`].
    polls: BTreeMap<ProcessId, u32>,
}

struct Task {
    process: ProcessId,
    future: BoxFuture<'static, ()>,
    waker: Waker,
}

#[derive(Default)]
struct Shared {
    ready: Mutex<BTreeSet<TaskId>>,
    /// Somebody became ready.
    woken: Condvar,
    spawned: Mutex<Spawned>,
}

#[derive(Default)]
struct Spawned {
    last: TaskId,
    waiting: Vec<(TaskId, ProcessId, BoxFuture<'static, ()>)>,
    dead: BTreeSet<ProcessId>,
}

impl Executor {
    /// For this thread only: what its tasks wait for outside is waited for.
    pub fn new(chance: Chance) -> Self {
        let outside = Outside::default();
        outside.count_on_this_thread();
        Self {
            outside,
            shared: Arc::default(),
            tasks: BTreeMap::new(),
            chance,
            names: BTreeMap::new(),
            polls: BTreeMap::new(),
        }
    }

    /// A new process, without tasks.
    pub fn process(&mut self, name: &str) -> ProcessId {
        let id = ProcessId(u64::try_from(self.names.len()).unwrap_or(u64::MAX));
        self.names.insert(id, name.to_owned());
        id
    }

    /// Counts from zero again.
    pub fn forget_polls(&mut self) {
        self.polls.clear();
    }

    /// How often each process was polled since it was last counted from zero.
    pub fn take_polls(&mut self) -> Vec<(String, u32)> {
        std::mem::take(&mut self.polls)
            .into_iter()
            .map(|(process, count)| (self.names[&process].clone(), count))
            .collect()
    }

    /// A group of tasks that are part of a process.
    pub fn tasks(&self, process: ProcessId) -> Tasks {
        let spawner = ProcessSpawner {
            process,
            shared: self.shared.clone(),
        };
        Tasks::on(Arc::new(spawner), CancellationToken::new())
    }

    /// Ends a process where it stands: nothing of it runs any more, not even to clean up.
    pub fn kill(&mut self, process: ProcessId) {
        self.absorb();
        self.shared.spawned().dead.insert(process);
        self.tasks.retain(|_, task| task.process != process);
    }

    /// Polls one ready task, and again until nothing outside is waited for: neither time nor
    /// anybody else moves meanwhile. `false`: none is ready.
    pub fn step(&mut self) -> bool {
        self.absorb();
        let next = {
            let mut ready = self.shared.ready();
            if ready.is_empty() {
                return false;
            }
            let index = self.chance.below(ready.len());
            let next = *ready
                .iter()
                .nth(index)
                .expect("the index is below the size");
            ready.remove(&next);
            next
        };
        self.poll(next);
        while self.outside.is_awaited() {
            self.shared.wait_for(next);
            self.poll(next);
        }
        true
    }

    fn poll(&mut self, id: TaskId) {
        let Some(task) = self.tasks.get_mut(&id) else {
            return;
        };
        *self.polls.entry(task.process).or_default() += 1;
        let waker = task.waker.clone();
        if task
            .future
            .as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_ready()
        {
            self.tasks.remove(&id);
        }
    }

    fn absorb(&mut self) {
        loop {
            let waiting = std::mem::take(&mut self.shared.spawned().waiting);
            if waiting.is_empty() {
                return;
            }
            for (id, process, future) in waiting {
                let waker = Waker::from(Arc::new(TaskWaker {
                    id,
                    shared: self.shared.clone(),
                }));
                waker.wake_by_ref();
                let task = Task {
                    process,
                    future,
                    waker,
                };
                self.tasks.insert(id, task);
            }
        }
    }
}

impl Shared {
    fn ready(&self) -> MutexGuard<'_, BTreeSet<TaskId>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits, in real time, until this task is ready, and takes it.
    fn wait_for(&self, task: TaskId) {
        let is_asleep = |ready: &mut BTreeSet<TaskId>| !ready.remove(&task);
        let waited = self
            .woken
            .wait_timeout_while(self.ready(), PATIENCE, is_asleep);
        let (ready, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        drop(ready);
        assert!(!waited.timed_out(), "no answer from outside");
    }

    fn spawned(&self) -> MutexGuard<'_, Spawned> {
        self.spawned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct ProcessSpawner {
    process: ProcessId,
    shared: Arc<Shared>,
}

impl Spawner for ProcessSpawner {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        let mut spawned = self.shared.spawned();
        if !spawned.dead.contains(&self.process) {
            spawned.last += 1;
            let id = spawned.last;
            spawned.waiting.push((id, self.process, task));
        }
    }
}

struct TaskWaker {
    id: TaskId,
    shared: Arc<Shared>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.shared.ready().insert(self.id);
        self.shared.woken.notify_all();
    }
}
