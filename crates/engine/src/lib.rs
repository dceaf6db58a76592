//! GitOps decisions: render, diff, order, health, prune, rollouts. No I/O.
