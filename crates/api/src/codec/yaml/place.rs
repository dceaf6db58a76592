//! Where things are in a file, as a tree beside the value.

use serde_saphyr::Location;

/// A line and a column, both from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

impl From<Location> for Position {
    fn from(location: Location) -> Self {
        Self {
            line: u32::try_from(location.line()).unwrap_or(u32::MAX),
            column: u32::try_from(location.column()).unwrap_or(u32::MAX),
        }
    }
}

/// A value's place, and those of what is in it.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    /// Of the key where it is a field, else of the value itself.
    pub(super) at: Position,
    pub(super) inside: Inside,
}

#[derive(Debug, Clone, Default)]
pub(super) enum Inside {
    #[default]
    Nothing,
    Fields(Vec<(String, Place)>),
    Items(Vec<Place>),
}

/// The deepest place on a path, and whether it is the path's end.
pub(super) struct Found {
    at: Position,
    is_exact: bool,
}

impl Found {
    pub(super) fn exact(self) -> Option<Position> {
        self.is_exact.then_some(self.at)
    }

    pub(super) fn nearest(self) -> Position {
        self.at
    }
}

impl Place {
    pub(super) fn find(&self, path: &str) -> Found {
        let (mut place, mut rest) = (self, path);
        while !rest.is_empty() {
            match place.step(rest) {
                Some((next, after)) => (place, rest) = (next, after),
                None => break,
            }
        }
        Found {
            at: place.at,
            is_exact: rest.is_empty(),
        }
    }

    pub(super) fn child(&self, key: &str) -> Self {
        match &self.inside {
            Inside::Fields(fields) => fields
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, place)| place.clone())
                .unwrap_or_default(),
            _ => Self::default(),
        }
    }

    pub(super) fn item(&self, index: usize) -> Self {
        match &self.inside {
            Inside::Items(items) => items.get(index).cloned().unwrap_or_default(),
            _ => Self::default(),
        }
    }

    /// One step along the path, and what is left of it.
    fn step<'a>(&self, path: &'a str) -> Option<(&Self, &'a str)> {
        match &self.inside {
            Inside::Nothing => None,
            Inside::Items(items) => {
                let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
                let item = items.get(index.parse::<usize>().ok()?)?;
                Some((item, rest.strip_prefix('.').unwrap_or(rest)))
            }
            // Keys may contain dots and brackets: the longest that fits is meant.
            Inside::Fields(fields) => fields
                .iter()
                .filter_map(|(key, place)| Some((key.len(), place, after_key(path, key)?)))
                .max_by_key(|(length, ..)| *length)
                .map(|(_, place, rest)| (place, rest)),
        }
    }
}

/// What follows a key at the start of a path: `key`, `key.rest`, `key[0]`, `[key]`.
fn after_key<'a>(path: &'a str, key: &str) -> Option<&'a str> {
    let bracketed = path
        .strip_prefix('[')
        .and_then(|rest| rest.strip_prefix(key))
        .and_then(|rest| rest.strip_prefix(']'));
    if let Some(rest) = bracketed {
        return Some(rest.strip_prefix('.').unwrap_or(rest));
    }
    let rest = path.strip_prefix(key)?;
    match rest.as_bytes().first() {
        None | Some(b'[') => Some(rest),
        Some(b'.') => Some(&rest[1..]),
        Some(_) => None,
    }
}
