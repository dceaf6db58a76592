-- A proof compares the same fields as a commit has them and as they are in the cluster. What was
-- recorded before is two hashes of different texts, of which nothing can be compared.
delete from proofs;

-- What a change leads to: the object as the commit has it, values of Secrets masked, so that the change
-- can be shown with what is around it.
alter table rollout_objects add column after jsonb;
