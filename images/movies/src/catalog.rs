//! The films, and viewers whose taste can be told from what they watch. All of it made up.

use serde::{Deserialize, Serialize};

/// Title and genre.
pub(crate) const FILMS: [(&str, &str); 12] = [
    ("The Long Anchor", "sea"),
    ("Kedging Off", "sea"),
    ("Harbour Lights", "sea"),
    ("Tide Tables", "sea"),
    ("A Commit Too Far", "thriller"),
    ("The Revert", "thriller"),
    ("Merge at Midnight", "thriller"),
    ("Force Push", "thriller"),
    ("Pods of Summer", "comedy"),
    ("My Replica and I", "comedy"),
    ("Eventually Consistent", "comedy"),
    ("Three Nodes and a Wedding", "comedy"),
];

/// One viewer's opinion of one film, 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rating {
    pub(crate) user: u32,
    pub(crate) film: u32,
    pub(crate) stars: u8,
}

/// The ratings a batch brings: each viewer likes one genre, and is a little moody.
pub(crate) fn batch(users: u32, number: u32) -> Vec<Rating> {
    let mut ratings = Vec::new();
    for user in 0..users {
        for (film, (_, genre)) in (0_u32..).zip(FILMS) {
            let dice = mix(user, film, number);
            if !dice.is_multiple_of(3) {
                continue;
            }
            let likes = ["sea", "thriller", "comedy"][(user % 3) as usize] == genre;
            let mood = u8::try_from(dice / 3 % 2).unwrap_or(0);
            ratings.push(Rating {
                user,
                film,
                stars: if likes { 4 + mood } else { 1 + mood },
            });
        }
    }
    ratings
}

/// The same answer for the same question, and no pattern to see.
fn mix(user: u32, film: u32, number: u32) -> u32 {
    let mut value = user.wrapping_mul(0x9e37_79b9)
        ^ film.wrapping_mul(0x85eb_ca6b)
        ^ number.wrapping_mul(0xc2b2_ae35);
    value ^= value >> 15;
    value = value.wrapping_mul(0x2c1b_3c6d);
    value ^ (value >> 13)
}
