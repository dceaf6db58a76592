//! What differs, object by object, line by line, with the changed words marked. Values of
//! Secrets never come out of here.

mod fold;
mod lines;
mod objects;
mod patch;
mod query;
mod title;
mod whole;

use askama::Template;

use api::ObjectKey;
use engine::Plan;

use super::component::Icon;
use super::rollout::Sign;
use crate::history::Action;
use fold::{Block, Room, cut, fold, unfoldable};

#[cfg(test)]
pub(crate) use lines::Cell;
pub(crate) use objects::{Compared, of_plan, of_rollout};
pub(crate) use patch::patch;
pub(crate) use query::{Looks, Query, Wants, is_fixed};
pub(crate) use title::{Title, title};

/// Lines of one object that are shown on a page with others.
const LINES: usize = 400;
/// Lines of a page; what comes later is opened alone, and of what is alone it is in the patch.
const LINES_OF_PAGE: usize = 2_400;
/// The same in characters: few lines may be long ones.
const WEIGHT: usize = 150_000;
/// Objects of a page.
const OBJECTS: usize = 800;

/// A comparison.
#[derive(Debug, Default, Template)]
#[template(path = "diff/objects.html")]
pub(crate) struct Objects {
    pub unified: bool,
    pub summary: String,
    /// What to say where nothing differs.
    pub nothing: String,
    /// Created, changed, deleted.
    pub counts: (usize, usize, usize),
    /// What the sides are.
    pub left: String,
    pub right: String,
    pub differing: Vec<ObjectDiff>,
    /// Whether only one was asked for.
    pub is_alone: bool,
    /// How many more there are.
    pub beyond: usize,
    /// Words and addresses of the layouts, and of how much stands around a change; whether it is
    /// this one.
    pub layouts: Vec<(&'static str, &'static str, String, bool)>,
    pub contexts: Vec<(&'static str, String, bool)>,
    /// What can be shown and hidden: what it is, the word, and its address.
    pub toggles: Vec<(String, &'static str, String)>,
}

/// One object that differs.
#[derive(Debug)]
pub(crate) struct ObjectDiff {
    pub sign: Sign,
    pub anchor: String,
    pub name: String,
    pub namespace: String,
    pub kind: String,
    /// File and line in Git.
    pub place: String,
    /// In place of lines, or above them.
    pub note: String,
    /// Fields that came, changed and went.
    pub counts: (usize, usize, usize),
    pub blocks: Vec<Block>,
    /// Lines for which the page has no room.
    pub hidden: usize,
    /// Where all of its lines are, those around changes and all of them; empty where they have no
    /// page.
    pub alone: String,
    pub all: String,
    /// Fields that nobody in Git asked for.
    defaults: usize,
    managed: usize,
}

/// Whether a comparison is about the object with this anchor, different or not.
pub(crate) fn has(plan: &Plan, wanted: &str) -> bool {
    let steps = plan.steps().map(|step| anchor(&step.kind, &step.key));
    let deleted = plan.deletes.iter().map(|it| anchor(&it.kind, &it.key));
    steps.chain(deleted).any(|anchor| anchor == wanted)
}

/// A name for links inside the page: `deployment.shop.web`.
pub(crate) fn anchor(kind: &str, key: &ObjectKey) -> String {
    let parts = [kind, &key.namespace, &key.name];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .map(str::to_lowercase)
        .collect();
    parts.join(".")
}

/// Whether values must not be shown.
pub(crate) fn is_secret(kind: &str, key: &ObjectKey) -> bool {
    kind == "Secret" && key.collection.group.is_empty()
}

fn empty(action: Action, kind: &str, key: &ObjectKey) -> ObjectDiff {
    ObjectDiff {
        sign: Sign(action),
        anchor: anchor(kind, key),
        name: key.name.clone(),
        namespace: key.namespace.clone(),
        kind: kind.into(),
        place: String::new(),
        note: String::new(),
        counts: (0, 0, 0),
        blocks: Vec::new(),
        hidden: 0,
        alone: String::new(),
        all: String::new(),
        defaults: 0,
        managed: 0,
    }
}

fn finish(mut objects: Vec<ObjectDiff>, matching: usize, query: &Query, wants: Wants) -> Objects {
    let of = |action| objects.iter().filter(|o| o.sign.0 == action).count();
    let counts = (of(Action::Create), of(Action::Change), of(Action::Delete));
    let differ = counts.0 + counts.1 + counts.2;
    if !query.object.is_empty() {
        objects.retain(|object| object.anchor == query.object);
    }
    let beyond = objects.len().saturating_sub(OBJECTS);
    objects.truncate(OBJECTS);
    fit(&mut objects, query);
    let summary = match differ {
        0 => String::new(),
        1 => format!("1 object differs, {matching} match"),
        many => format!("{many} objects differ, {matching} match"),
    };
    Objects {
        unified: wants.unified,
        summary,
        counts,
        layouts: layouts(query, wants),
        contexts: contexts(query, wants),
        toggles: toggles(&objects, query, wants),
        is_alone: !query.object.is_empty(),
        differing: objects,
        beyond,
        ..Objects::default()
    }
}

/// Leaves what the page has room for. What is folded comes after all that is not.
fn fit(objects: &mut [ObjectDiff], query: &Query) {
    let room = |lines, weight| Room { lines, weight };
    let mut left = room(LINES_OF_PAGE, WEIGHT);
    let is_alone = !query.object.is_empty();
    let most = if is_alone { left } else { room(LINES, WEIGHT) };
    let mut rooms = Vec::new();
    for object in objects.iter_mut() {
        let before = most.min(left);
        let mut after = before;
        object.hidden = cut(&mut object.blocks, &mut after);
        object.alone = if is_alone {
            query.with(&[("format", "patch")])
        } else {
            query.with(&[("object", &object.anchor)])
        };
        object.all = query.with(&[("object", &object.anchor), ("ctx", "all")]);
        left = left.without(before, after);
        rooms.push(most.without(before, after));
    }
    for (object, own) in objects.iter_mut().zip(rooms) {
        let before = own.min(left);
        let mut after = before;
        unfoldable(&mut object.blocks, &mut after);
        left = left.without(before, after);
    }
}

fn layouts(query: &Query, wants: Wants) -> Vec<(&'static str, &'static str, String, bool)> {
    let to = |view| query.with(&[("view", view)]);
    vec![
        ("v-s", "Side by side", to(""), !wants.unified),
        ("v-u", "Unified", to("unified"), wants.unified),
    ]
}

fn contexts(query: &Query, wants: Wants) -> Vec<(&'static str, String, bool)> {
    let one = |word, ctx, lines| (word, query.with(&[("ctx", ctx)]), wants.context == lines);
    vec![
        ("3 lines", "", Some(3)),
        ("10", "10", Some(10)),
        ("All", "all", None),
    ]
    .into_iter()
    .map(|(word, ctx, lines)| one(word, ctx, lines))
    .collect()
}

fn toggles(
    objects: &[ObjectDiff],
    query: &Query,
    wants: Wants,
) -> Vec<(String, &'static str, String)> {
    let all = [
        ("defaulted", "defaults", wants.defaults),
        ("managed", "managed", wants.managed),
    ];
    let toggles = all.into_iter().filter_map(|(what, name, is_shown)| {
        let count = |object: &ObjectDiff| match name {
            "defaults" => object.defaults,
            _ => object.managed,
        };
        let count: usize = objects.iter().map(count).sum();
        let (shown, word, value) = if is_shown {
            ("", "hide", "")
        } else {
            (" hidden", "show", "1")
        };
        let fields = if count == 1 { "field" } else { "fields" };
        let said = format!("{count} {what} {fields}{shown}");
        (count > 0).then(|| (said, word, query.with(&[(name, value)])))
    });
    toggles.collect()
}
