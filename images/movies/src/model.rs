//! What the services tell each other about films and tastes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::catalog::{FILMS, Rating};

/// What is known of each viewer and film. By user, then film: how far the rating lies above the
/// viewer's own average.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Features {
    pub(crate) ratings: usize,
    pub(crate) users: BTreeMap<u32, BTreeMap<u32, f64>>,
}

/// How alike films are, −1 to 1, and what viewers have seen.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Model {
    /// Counts trainings, from 1.
    pub(crate) version: u32,
    pub(crate) ratings: usize,
    pub(crate) likeness: BTreeMap<u32, BTreeMap<u32, f64>>,
    pub(crate) users: BTreeMap<u32, BTreeMap<u32, f64>>,
}

/// A film and why it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Recommendation {
    pub(crate) title: String,
    pub(crate) genre: String,
    pub(crate) score: f64,
}

/// Feature engineering: opinions, freed of how generous each viewer is.
pub(crate) fn features(ratings: &[Rating]) -> Features {
    let mut users: BTreeMap<u32, BTreeMap<u32, f64>> = BTreeMap::new();
    for rating in ratings {
        // The newest opinion counts.
        users
            .entry(rating.user)
            .or_default()
            .insert(rating.film, f64::from(rating.stars));
    }
    for films in users.values_mut() {
        let count = u32::try_from(films.len()).unwrap_or(1);
        let mean = films.values().sum::<f64>() / f64::from(count.max(1));
        for stars in films.values_mut() {
            *stars -= mean;
        }
    }
    Features {
        ratings: ratings.len(),
        users,
    }
}

/// Training: item-to-item cosine similarity.
pub(crate) fn train(features: &Features, version: u32) -> Model {
    let films = 0..u32::try_from(FILMS.len()).unwrap_or(0);
    let column = |film: u32| {
        features
            .users
            .values()
            .map(move |user| user.get(&film).copied().unwrap_or(0.0))
    };
    let mut likeness: BTreeMap<u32, BTreeMap<u32, f64>> = BTreeMap::new();
    for a in films.clone() {
        for b in films.clone().filter(|b| *b != a) {
            let dot: f64 = column(a).zip(column(b)).map(|(x, y)| x * y).sum();
            let length = |film: u32| column(film).map(|x| x * x).sum::<f64>().sqrt();
            let size = length(a) * length(b);
            likeness
                .entry(a)
                .or_default()
                .insert(b, if size > 0.0 { dot / size } else { 0.0 });
        }
    }
    Model {
        version,
        ratings: features.ratings,
        likeness,
        users: features.users.clone(),
    }
}

/// Serving: the films most like those the viewer rated highly, unseen ones first of all.
pub(crate) fn recommend(model: &Model, user: u32, count: usize) -> Vec<Recommendation> {
    let nothing = BTreeMap::new();
    let seen = model.users.get(&user).unwrap_or(&nothing);
    let mut scored: Vec<Recommendation> = (0_u32..)
        .zip(FILMS)
        .filter(|(film, _)| !seen.contains_key(film))
        .map(|(film, (title, genre))| {
            let like = model.likeness.get(&film).unwrap_or(&nothing);
            let score = seen
                .iter()
                .map(|(other, stars)| like.get(other).copied().unwrap_or(0.0) * stars)
                .sum();
            Recommendation {
                title: title.into(),
                genre: genre.into(),
                score,
            }
        })
        .collect();
    scored.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then_with(|| a.title.cmp(&b.title))
    });
    scored.truncate(count);
    scored
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::batch;

    #[test]
    fn viewers_get_more_of_what_they_like() {
        let model = train(&features(&batch(60, 0)), 1);
        let mut right = 0;
        for user in 0..60 {
            let wanted = ["sea", "thriller", "comedy"][(user % 3) as usize];
            right += usize::from(
                recommend(&model, user, 1)
                    .first()
                    .is_some_and(|film| film.genre == wanted),
            );
        }
        assert!(right > 45, "{right} of 60");
    }
}
