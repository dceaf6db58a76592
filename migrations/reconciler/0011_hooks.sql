-- Hooks are objects of a rollout as well.
alter table rollout_objects drop constraint rollout_objects_action_check;
alter table rollout_objects add constraint rollout_objects_action_check
    check (action in ('create', 'change', 'delete', 'keep', 'unchanged', 'hook'));
