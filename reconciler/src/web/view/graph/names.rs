//! Names that fit into a box.

use crate::web::view::tree::Node;

/// Characters that fit into a box in the widest of the usual fonts.
const NAME: usize = 17;

/// Characters of a kind and of what stands beside it.
const LINE: usize = 24;

/// A generated name without the part it shares with its owner.
pub(super) fn name(owner: &str, node: &Node) -> String {
    let own = &node.key.name;
    match own
        .strip_prefix(owner)
        .and_then(|rest| rest.strip_prefix('-'))
    {
        // Of a pod's name the end tells, always; of others where there is no room for all.
        Some(rest) if rest.len() >= 4 && (node.kind == "Pod" || own.len() > NAME) => {
            format!("…{}", shortened(rest, NAME - 1))
        }
        _ => shortened(own, NAME),
    }
}

/// A kind beside so many characters: whole where there is room, else by the initials of its words,
/// as people say PVC and HPA.
pub(super) fn kind(kind: &str, beside: usize) -> String {
    let room = LINE.saturating_sub(beside + 1);
    let initials: String = kind.chars().filter(|it| it.is_uppercase()).collect();
    match kind.chars().count() {
        length if length <= room => kind.to_owned(),
        _ if initials.len() > 2 => initials,
        _ => shortened(kind, room.max(5)),
    }
}

/// As many names as fit.
pub(super) fn listed(names: &[&str]) -> String {
    let all = names.join(", ");
    if all.len() <= NAME {
        return all;
    }
    match names {
        [first, ..] if first.len() + 3 <= NAME => format!("{first}, …"),
        _ => shortened(&all, NAME),
    }
}

/// The beginning and the end of a name that is too long.
pub(super) fn shortened(name: &str, most: usize) -> String {
    let characters: Vec<char> = name.chars().collect();
    if characters.len() <= most {
        return name.to_owned();
    }
    let head = (most - 1) / 2;
    let tail = most - 1 - head;
    let begin: String = characters[..head].iter().collect();
    let end: String = characters[characters.len() - tail..].iter().collect();
    format!("{begin}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_leaves_room_for_what_stands_beside_it() {
        assert_eq!(kind("Deployment", 8), "Deployment");
        assert_eq!(kind("PersistentVolumeClaim", 2), "PersistentVolumeClaim");
        assert_eq!(kind("PersistentVolumeClaim", 10), "PVC");
        assert_eq!(kind("ServiceMonitoring", 14), "Serv…ring");
    }
}
