-- Of another try: the rollout that failed first, and the commit it was of. A commit that did not
-- change an application is not what broke it.
alter table rollouts add column first_try jsonb;
