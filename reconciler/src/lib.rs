//! Git to cluster: sources, rollouts, history, hosted Git, web.
