//! Test double: a server of one collection in memory, with faults on demand.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use futures::StreamExt;
use futures::channel::mpsc::{UnboundedSender, unbounded};
use jiff::Timestamp;
use serde_json::json;

use api::{Collection, Object, ObjectKey, Reason, ResourceVersion, Status, WatchEvent};

use crate::{
    Author, Client, Clock, DeleteOptions, Env, Error, List, ListOptions, Patch, PatchOptions, Step,
    SystemIds, Target, WatchOptions, WatchStream, WriteOptions,
};

#[derive(Default)]
pub(crate) struct Server {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    revision: i64,
    objects: BTreeMap<ObjectKey, Object>,
    watchers: Vec<UnboundedSender<Result<WatchEvent, Error>>>,
    calls: Vec<String>,
    /// Answers of the next writes, after they were carried out or instead of that.
    faults: VecDeque<Fault>,
    /// So many lists are not answered.
    lost_lists: usize,
    /// Events are held back while the caches are to lag.
    held: Option<Vec<WatchEvent>>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    Conflict,
    Refuse,
    /// Carried out, but the reply is lost.
    LoseReply,
}

impl Server {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn fail_next(&self, fault: Fault) {
        self.state().faults.push_back(fault);
    }

    pub(crate) fn lose_lists(&self, count: usize) {
        self.state().lost_lists = count;
    }

    /// What was called since the last look.
    pub(crate) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.state().calls)
    }

    pub(crate) fn hold_events(&self) {
        self.state().held = Some(Vec::new());
    }

    pub(crate) fn release_events(&self) {
        let mut state = self.state();
        for event in state.held.take().unwrap_or_default() {
            state.send(&event);
        }
    }

    /// Ends every watch; with an error where one is given.
    pub(crate) fn cut(&self, reason: Option<Reason>) {
        let mut state = self.state();
        for watcher in std::mem::take(&mut state.watchers) {
            if let Some(reason) = reason {
                let status = Status::new(reason, "the end");
                let _ = watcher.unbounded_send(Ok(WatchEvent::Error(status)));
            }
        }
    }

    /// Puts an object in, as another client would.
    pub(crate) fn put(&self, key: &ObjectKey) -> ResourceVersion {
        let object = json!({
            "kind": "ConfigMap", "metadata": {"name": key.name, "namespace": key.namespace},
        });
        self.state()
            .put(key.clone(), object.into())
            .resource_version()
    }

    pub(crate) fn remove(&self, key: &ObjectKey) {
        let mut state = self.state();
        state.revision += 1;
        if let Some(mut object) = state.objects.remove(key) {
            object.set_resource_version(&ResourceVersion(state.revision.to_string()));
            state.emit(WatchEvent::Deleted(object));
        }
    }

    fn write(&self, key: ObjectKey, object: Object) -> Result<Object, Error> {
        let mut state = self.state();
        match state.faults.pop_front() {
            Some(Fault::Conflict) => Err(Status::conflict(&key, "try again").into()),
            Some(Fault::Refuse) => Err(Status::new(Reason::Invalid, "no").into()),
            Some(Fault::LoseReply) => {
                state.put(key, object);
                Err(Error::Transport {
                    operation: "write".into(),
                    source: "cut".into(),
                })
            }
            None => Ok(state.put(key, object)),
        }
    }
}

impl State {
    fn put(&mut self, key: ObjectKey, mut object: Object) -> Object {
        self.revision += 1;
        object.set_resource_version(&ResourceVersion(self.revision.to_string()));
        let event = match self.objects.insert(key, object.clone()) {
            None => WatchEvent::Added(object.clone()),
            Some(_) => WatchEvent::Modified(object.clone()),
        };
        self.emit(event);
        object
    }

    fn emit(&mut self, event: WatchEvent) {
        match &mut self.held {
            Some(held) => held.push(event),
            None => self.send(&event),
        }
    }

    fn send(&mut self, event: &WatchEvent) {
        self.watchers
            .retain(|watcher| watcher.unbounded_send(Ok(event.clone())).is_ok());
    }
}

#[async_trait]
impl Client for Server {
    async fn get(&self, key: &ObjectKey) -> Result<Object, Error> {
        let found = self.state().objects.get(key).cloned();
        found.ok_or_else(|| Status::not_found(key).into())
    }

    async fn list(&self, _: &Collection, _: &ListOptions) -> Result<List, Error> {
        let mut state = self.state();
        state.calls.push("list".into());
        if state.lost_lists > 0 {
            state.lost_lists -= 1;
            return Err(Error::Transport {
                operation: "list".into(),
                source: "cut".into(),
            });
        }
        Ok(List {
            items: state.objects.values().cloned().collect(),
            resource_version: ResourceVersion(state.revision.to_string()),
        })
    }

    async fn watch(
        &self,
        _: &Collection,
        from: &ResourceVersion,
        _: &WatchOptions,
    ) -> Result<WatchStream, Error> {
        let mut state = self.state();
        state.calls.push(format!("watch {from}"));
        let (sender, receiver) = unbounded();
        for object in state.objects.values() {
            if object.resource_version().revision() > from.revision() {
                sender
                    .unbounded_send(Ok(WatchEvent::Modified(object.clone())))
                    .unwrap();
            }
        }
        state.watchers.push(sender);
        Ok(receiver.boxed())
    }

    async fn create(
        &self,
        collection: &Collection,
        object: &Object,
        _: &WriteOptions,
    ) -> Result<Object, Error> {
        let key = object.key(collection);
        if self.state().objects.contains_key(&key) {
            return Err(Status::already_exists(&key).into());
        }
        self.write(key, object.clone())
    }

    async fn replace(
        &self,
        target: &Target,
        object: &Object,
        _: &WriteOptions,
    ) -> Result<Object, Error> {
        self.write(target.key.clone(), object.clone())
    }

    async fn patch(&self, _: &Target, _: &Patch, _: &PatchOptions) -> Result<Object, Error> {
        unreachable!("not used here")
    }

    async fn delete(&self, key: &ObjectKey, _: &DeleteOptions) -> Result<Object, Error> {
        let last = self.get(key).await?;
        self.remove(key);
        Ok(last)
    }

    async fn create_subresource(&self, _: &Target, _: &Object) -> Result<Object, Error> {
        unreachable!("not used here")
    }

    async fn transaction(&self, _: &[Step], _: bool, _: Author<'_>) -> Result<Vec<Object>, Error> {
        unreachable!("not used here")
    }
}

/// A clock that stands still; sleeping yields once and moves it.
pub(crate) struct Steps(Mutex<Timestamp>);

#[async_trait]
impl Clock for Steps {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    async fn sleep(&self, duration: std::time::Duration) {
        // Whatever else is ready comes first, as it would in real time.
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        let mut now = self.0.lock().unwrap();
        *now = now.saturating_add(duration).unwrap();
    }
}

pub(crate) fn env() -> Env {
    Env {
        clock: Arc::new(Steps(Mutex::new(Timestamp::UNIX_EPOCH))),
        ids: Arc::new(SystemIds),
    }
}
