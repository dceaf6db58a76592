//! What was held, and what takes it up again once its application follows Git; what failed, and what
//! mended it.

use engine::rollout::RolloutPhase;

use crate::history::Rollout;

/// Other rollouts of the same application, where there are any.
#[derive(Debug, Clone, Default)]
pub(crate) struct Beside {
    /// Those right before and after it.
    pub before: Option<Rollout>,
    pub after: Option<Rollout>,
    /// The first one after it that went well.
    pub good: Option<Rollout>,
}

impl Beside {
    /// The one that was held, and that `rollout` takes up again.
    pub(crate) fn goes_on_from(&self, rollout: &Rollout) -> Option<&str> {
        let before = self.before.as_ref();
        let held = before.filter(|held| takes_up(held, rollout))?;
        Some(&held.id)
    }

    /// The one that takes up `rollout` again, which was held.
    pub(crate) fn goes_on_as(&self, rollout: &Rollout) -> Option<&str> {
        let after = self.after.as_ref();
        let next = after.filter(|next| takes_up(rollout, next))?;
        Some(&next.id)
    }

    /// The one that went well since `rollout` failed.
    pub(crate) fn mended_by(&self, rollout: &Rollout) -> Option<&str> {
        let good = self.good.as_ref();
        let good = good.filter(|_| rollout.phase == RolloutPhase::Failed)?;
        Some(&good.id)
    }
}

/// Whether `next` brings all that was held.
fn takes_up(held: &Rollout, next: &Rollout) -> bool {
    let follows = next.application == held.application && next.number == held.number + 1;
    let same = next.revision == held.revision;
    let covers = !next.options.is_partial() || next.options == held.options;
    held.phase == RolloutPhase::Held && follows && same && covers
}

#[cfg(test)]
mod tests {
    use engine::rollout::CommitId;

    use super::*;
    use crate::web::view::tests::rollout;

    #[test]
    fn what_was_held_goes_on_as_the_next_one_of_its_commit() {
        let numbered = |number: i64, phase: RolloutPhase| Rollout {
            id: format!("web-{number}"),
            number,
            ..rollout(phase, 100)
        };
        let held = numbered(3, RolloutPhase::Held);
        let check = |held: &Rollout, next: &Rollout, expected: Option<&str>| {
            let (before, after) = (Some(held.clone()), Some(next.clone()));
            let as_of_next = Beside {
                before,
                after,
                good: None,
            };
            assert_eq!(as_of_next.goes_on_as(held), expected);
            let from = expected.map(|_| held.id.as_str());
            assert_eq!(as_of_next.goes_on_from(next), from);
        };
        let next = numbered(4, RolloutPhase::Applying);
        check(&held, &next, Some("web-4"));
        check(&numbered(3, RolloutPhase::Superseded), &next, None);
        check(&held, &numbered(5, RolloutPhase::Applying), None);
        let other = Rollout {
            revision: CommitId("c".repeat(40)),
            ..next.clone()
        };
        check(&held, &other, None);
        let mut part = next.clone();
        part.options.objects = [api::Collection::new("", "secrets").key("shop", "a")].into();
        check(&held, &part, None);
        assert_eq!(Beside::default().goes_on_as(&held), None);
    }
}
