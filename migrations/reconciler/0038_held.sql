-- A rollout that was stopped because somebody had its application left alone. Nothing newer took its
-- place, as it does of one that is superseded.
alter table rollouts drop constraint rollouts_phase_check;
alter table rollouts add constraint rollouts_phase_check
    check (phase in ('Pending', 'Applying', 'Verifying', 'Succeeded', 'Failed', 'Superseded', 'Held'));

-- Those of before are told by what they were stopped with.
update rollouts set phase = 'Held'
 where phase = 'Superseded' and message like 'suspended by %';
