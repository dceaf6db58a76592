-- Which rollout deleted an object, for the page of what is gone, and what a commit did, for its own.
create index removed_objects on rollout_objects (name, resource, namespace)
    where action = 'delete';
create index rollouts_of_revision on rollouts (revision text_pattern_ops, started_at);
