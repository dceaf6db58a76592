//! What is deleted without asking, and what is not.

use serde::{Deserialize, Serialize};

/// How many objects one commit may delete without anybody's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PruneBudget {
    Objects(usize),
    /// `25%` of what the Application owns, rounded up.
    Share(String),
}

impl Default for PruneBudget {
    fn default() -> Self {
        Self::Objects(20)
    }
}

impl PruneBudget {
    /// The number of objects, of an Application that owns so many.
    pub fn of(&self, owned: usize) -> usize {
        match self {
            Self::Objects(number) => *number,
            Self::Share(share) => {
                let digits = share.strip_suffix('%').unwrap_or_default();
                let percent = digits.parse::<usize>().unwrap_or_default().min(100);
                (owned * percent).div_ceil(100)
            }
        }
    }
}

/// What becomes of the objects of an Application that goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DeletionPolicy {
    /// They are deleted, but for kinds that may hold data: those stay.
    #[default]
    KeepData,
    /// All of them are deleted.
    Delete,
    /// All of them stay.
    Orphan,
}

impl DeletionPolicy {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KeepData => "keepData",
            Self::Delete => "delete",
            Self::Orphan => "orphan",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_budget_is_a_number_or_a_share() {
        let check = |budget: serde_json::Value, owned, expected| {
            let budget: PruneBudget = serde_json::from_value(budget).unwrap();
            assert_eq!(budget.of(owned), expected, "{budget:?} of {owned}");
        };
        check(json!(0), 100, 0);
        check(json!(7), 3, 7);
        check(json!("25%"), 100, 25);
        check(json!("25%"), 1, 1);
        check(json!("0%"), 100, 0);
        check(json!("400%"), 100, 100);
        assert_eq!(PruneBudget::default().of(1_000), 20);
    }
}
