//! Field selectors: equality on the few fields each kind offers.

use std::fmt;

use super::Error;

/// `metadata.name=web-0,status.phase!=Running`. All terms must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldSelector {
    pub terms: Vec<Term>,
}

/// One comparison of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    pub field: String,
    pub value: String,
    /// `!=` instead of `=`.
    pub negated: bool,
}

impl FieldSelector {
    pub fn parse(text: &str) -> Result<Self, Error> {
        let terms = text
            .split(',')
            .filter(|part| !part.trim().is_empty())
            .map(|part| {
                let (field, value, negated) = if let Some((field, value)) = part.split_once("!=") {
                    (field, value, true)
                } else if let Some((field, value)) =
                    part.split_once("==").or_else(|| part.split_once('='))
                {
                    (field, value, false)
                } else {
                    return Err(Error {
                        text: text.to_owned(),
                        why: format!("{part:?} has no comparison"),
                    });
                };
                Ok(Term {
                    field: field.trim().to_owned(),
                    value: value.trim().to_owned(),
                    negated,
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { terms })
    }

    /// The one field equal to the one value.
    pub fn equals(field: &str, value: &str) -> Self {
        Self {
            terms: vec![Term {
                field: field.to_owned(),
                value: value.to_owned(),
                negated: false,
            }],
        }
    }

    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Matches whatever `field` answers for a path; an absent field reads as empty.
    pub fn matches_with(&self, field: impl Fn(&str) -> String) -> bool {
        self.terms
            .iter()
            .all(|term| (field(&term.field) == term.value) != term.negated)
    }
}

impl fmt::Display for FieldSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, term) in self.terms.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            let operator = if term.negated { "!=" } else { "=" };
            write!(f, "{comma}{}{operator}{}", term.field, term.value)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_prints_and_matches() {
        let selector = FieldSelector::parse("spec.nodeName=n1,status.phase!=Failed").unwrap();
        assert_eq!(
            selector.to_string(),
            "spec.nodeName=n1,status.phase!=Failed"
        );
        assert!(selector.matches_with(|field| if field == "spec.nodeName" {
            "n1".into()
        } else {
            "Running".into()
        }));
        assert!(!selector.matches_with(|_| "Failed".into()));
        assert!(FieldSelector::parse("nonsense").is_err());
    }
}
