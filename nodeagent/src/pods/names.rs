//! Labels and annotations the agent writes on sandboxes and containers: with them a restarted
//! agent knows its pods again. The first five are Kubernetes' own.

pub(crate) const POD_NAME: &str = "io.kubernetes.pod.name";
pub(crate) const POD_NAMESPACE: &str = "io.kubernetes.pod.namespace";
pub(crate) const POD_UID: &str = "io.kubernetes.pod.uid";
pub(crate) const CONTAINER_NAME: &str = "io.kubernetes.container.name";
pub(crate) const RESTART_COUNT: &str = "io.kubernetes.container.restartCount";
/// Hash of the parts of the container's spec whose change restarts it.
pub(crate) const SPEC_HASH: &str = "kedge.dev/spec-hash";
/// Seconds that were waited before this container was started: the next wait follows from it.
pub(crate) const RESTART_DELAY: &str = "kedge.dev/restart-delay";
/// Where the container may write its last words, on this machine.
pub(crate) const TERMINATION_MESSAGE_PATH: &str = "kedge.dev/termination-message-path";
pub(crate) const TERMINATION_MESSAGE_POLICY: &str =
    "io.kubernetes.container.terminationMessagePolicy";
/// The container is meant to come to an end by itself.
pub(crate) const RUNS_TO_END: &str = "kedge.dev/runs-to-end";
