//! How a reader wants a comparison: all of it is in the address.

use crate::web::view::component::encoded;
use crate::web::view::facts::rollout_of;

/// Unchanged lines around a change, where nobody says how many, and how many there can be.
const CONTEXT: usize = 3;
const MOST: usize = 100;

/// As the address says it.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Query {
    /// `live`, a branch, a tag, a commit or a rollout.
    pub from: String,
    pub to: String,
    /// `unified`, or side by side.
    pub view: String,
    /// `1`: with the fields that the server filled in.
    pub defaults: String,
    /// `1`: with the fields that controllers set.
    pub managed: String,
    /// Lines around a change, or `all`.
    pub ctx: String,
    /// Only the object with this anchor.
    pub object: String,
    /// `patch`, or a page.
    pub format: String,
}

/// The same where the two sides are given.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Looks {
    view: String,
    defaults: String,
    managed: String,
    ctx: String,
    object: String,
    format: String,
}

impl From<Looks> for Query {
    fn from(looks: Looks) -> Self {
        Self {
            view: looks.view,
            defaults: looks.defaults,
            managed: looks.managed,
            ctx: looks.ctx,
            object: looks.object,
            format: looks.format,
            ..Self::default()
        }
    }
}

/// As it is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Wants {
    pub unified: bool,
    pub defaults: bool,
    pub managed: bool,
    /// Lines around a change; `None` for all there are.
    pub context: Option<usize>,
    /// A text instead of the page.
    pub patch: bool,
}

impl Query {
    /// What is meant.
    ///
    /// # Errors
    /// What cannot be meant, and what can.
    pub(crate) fn wants(&self) -> Result<Wants, String> {
        let switch = |name: &str, text: &str| match text {
            "" | "0" => Ok(false),
            "1" => Ok(true),
            _ => Err(format!("{name} is 1, or nothing, not {text}")),
        };
        let context = match self.ctx.as_str() {
            "" => Some(CONTEXT),
            "all" => None,
            text => match text.parse() {
                Ok(lines) if lines <= MOST => Some(lines),
                _ => return Err(format!("ctx is a number up to {MOST} or all, not {text}")),
            },
        };
        Ok(Wants {
            unified: match self.view.as_str() {
                "" | "split" => false,
                "unified" => true,
                other => return Err(format!("view is split or unified, not {other}")),
            },
            defaults: switch("defaults", &self.defaults)?,
            managed: switch("managed", &self.managed)?,
            context,
            patch: match self.format.as_str() {
                "" => false,
                "patch" => true,
                other => return Err(format!("format is patch, or nothing, not {other}")),
            },
        })
    }

    /// Whether one side is what is live.
    pub(crate) fn has_live(&self) -> bool {
        let is_live = |text: &str| text.eq_ignore_ascii_case("live");
        self.from.is_empty() || is_live(&self.from) || is_live(&self.to)
    }

    /// Whether both sides are for ever what they are: then the comparison is the same at any time.
    pub(crate) fn is_fixed(&self) -> bool {
        is_fixed(&self.from) && is_fixed(&self.to)
    }

    /// Every value that is said of the page, by name.
    pub(crate) fn said(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("from", self.from.as_str()),
            ("to", &self.to),
            ("view", &self.view),
            ("defaults", &self.defaults),
            ("managed", &self.managed),
            ("ctx", &self.ctx),
            ("object", &self.object),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty())
    }

    /// What a form that asks for other sides keeps.
    pub(crate) fn kept(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let is_kept = |name: &str| !matches!(name, "from" | "to" | "object");
        self.said().filter(move |(name, _)| is_kept(name))
    }

    /// The address of the same comparison with other values; an empty one is not said.
    pub(crate) fn with(&self, other: &[(&'static str, &str)]) -> String {
        let kept = self
            .said()
            .filter(|(name, _)| other.iter().all(|it| it.0 != *name));
        let said = other.iter().copied().filter(|(_, value)| !value.is_empty());
        let said = kept.chain(said);
        let said: Vec<String> = said
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        format!("?{}", said.join("&"))
    }
}

/// Whether a state is named that does not move: a commit, or a rollout by its name or number.
pub(crate) fn is_fixed(state: &str) -> bool {
    let is = |kind: fn(&u8) -> bool| !state.is_empty() && state.bytes().all(|byte| kind(&byte));
    let is_commit = (7..=64).contains(&state.len()) && is(u8::is_ascii_hexdigit);
    is_commit || is(u8::is_ascii_digit) || rollout_of(state).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_and_rollouts_do_not_move() {
        let check = |state: &str, expected: bool| assert_eq!(is_fixed(state), expected, "{state}");
        for fixed in ["7f3c2ab", "12", "serving-12", "5d0be77aa210"] {
            check(fixed, true);
        }
        for moves in ["", "live", "main", "v1.2", "serving-", "7f3c"] {
            check(moves, false);
        }
    }

    #[test]
    fn an_address_says_all_of_it_and_nothing_else() {
        let mut query = Query::default();
        let usual = Wants {
            unified: false,
            defaults: false,
            managed: false,
            context: Some(3),
            patch: false,
        };
        assert_eq!(query.wants(), Ok(usual));
        assert!(query.has_live());
        query.view = "unified".into();
        query.to = "a b".into();
        query.ctx = "all".into();
        query.defaults = "1".into();
        let wants = query.wants().unwrap();
        assert!(wants.unified && wants.defaults && !wants.managed && wants.context.is_none());
        assert_eq!(
            query.with(&[("defaults", ""), ("managed", "1")]),
            "?to=a%20b&view=unified&ctx=all&managed=1"
        );
        query.from = "v1".into();
        assert!(!query.has_live());
        query.to = "Live".into();
        assert!(query.has_live());
        query.format = "patch".into();
        assert!(query.wants().unwrap().patch);
        assert!(!query.with(&[]).contains("format"));
        let wrong: [fn(&mut Query); 6] = [
            |it| it.format = "html".into(),
            |it| it.view = "three".into(),
            |it| it.ctx = "101".into(),
            |it| it.ctx = "-1".into(),
            |it| it.defaults = "yes".into(),
            |it| it.managed = "2".into(),
        ];
        for change in wrong {
            let mut query = Query::default();
            change(&mut query);
            assert!(query.wants().is_err(), "{query:?}");
        }
    }
}
