-- When what a failed rollout wrote was undone: the objects of the commit before are back, or a
-- commit that reverts it was pushed.
alter table rollouts add column undone_at timestamptz;
