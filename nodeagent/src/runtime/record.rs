//! What a runtime has, as it lists it.

use super::types::{Container, ContainerId, ContainerState, Sandbox, SandboxState};

/// All of a node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    pub sandboxes: Vec<Sandbox>,
    pub containers: Vec<Container>,
}

/// All of one pod, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PodRecord {
    pub sandboxes: Vec<Sandbox>,
    pub containers: Vec<Container>,
}

impl PodRecord {
    pub fn is_empty(&self) -> bool {
        self.sandboxes.is_empty() && self.containers.is_empty()
    }

    /// The newest sandbox, if it works.
    pub fn ready_sandbox(&self) -> Option<&Sandbox> {
        self.sandboxes
            .first()
            .filter(|sandbox| sandbox.state == SandboxState::Ready)
    }

    /// The newest container of this name.
    pub fn newest(&self, name: &str) -> Option<&Container> {
        self.containers.iter().find(|c| c.name == name)
    }

    /// The containers of this name, newest first.
    pub fn attempts<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Container> {
        self.containers.iter().filter(move |c| c.name == name)
    }

    /// Whether this container may still print: it runs, or is about to.
    pub fn goes_on(&self, id: &ContainerId) -> bool {
        let has_ended = |state: &ContainerState| matches!(state, ContainerState::Exited { .. });
        let mut all = self.containers.iter();
        all.any(|it| it.id == *id && !has_ended(&it.state))
    }

    pub fn running(&self) -> impl Iterator<Item = &Container> {
        self.containers.iter().filter(|c| c.is_running())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::pods::testing::{container, exited};

    #[test]
    fn a_container_that_has_not_started_may_still_print() {
        let check = |state: ContainerState, expected: bool| {
            let one = container("web", 0, state, None);
            let id = one.id.clone();
            let record = PodRecord {
                containers: vec![one],
                ..PodRecord::default()
            };
            assert_eq!(record.goes_on(&id), expected);
        };
        let started_at = Timestamp::UNIX_EPOCH;
        check(ContainerState::Created, true);
        check(ContainerState::Running { started_at }, true);
        check(ContainerState::Unknown, true);
        check(exited(0, 2), false);
        let gone = ContainerId("gone".into());
        assert!(!PodRecord::default().goes_on(&gone));
    }
}
