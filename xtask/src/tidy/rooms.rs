//! The house as data: which room of the crate may import which (STYLE.md section 2, ARCHITECTURE.md).

/// A room of `src/` and the rooms that it may name. `error` may be named everywhere, and each room may name itself.
pub struct Room {
    pub name: &'static str,
    pub may_import: &'static [&'static str],
}

const fn room(name: &'static str, may_import: &'static [&'static str]) -> Room {
    Room { name, may_import }
}

/// Every room, in the order in which data flows.
#[rustfmt::skip]
pub const ROOMS: &[Room] = &[
    room("error", &[]),
    room("number", &[]),
    room("order", &[]),
    room("wire", &[]),
    room("spec", &[]),
    room("kernels", &[]),
    room("rng", &["spec", "kernels"]),
    // The streams and what is drawn from them are one row of the table.
    room("sampler", &["spec", "kernels", "rng"]),
    room("optim", &["spec", "kernels"]),
    room("models", &["spec", "kernels", "optim"]),
    room("theory", &["spec", "models"]),
    room("measures", &["kernels"]),
    room("dictionary", &["spec", "kernels", "rng", "sampler", "optim", "models", "theory"]),
    room("attack", &["spec", "kernels", "rng", "sampler", "optim", "models", "theory", "dictionary"]),
    // Everything above but the measures: training knows nothing of what is read off its weights.
    room("train", &["spec", "kernels", "rng", "sampler", "optim", "models", "theory", "dictionary", "attack"]),
    room("report", &["spec", "kernels", "rng", "sampler", "optim", "models", "theory", "measures", "dictionary", "attack", "train"]),
    room("sweep", &["spec", "sampler", "theory", "measures", "dictionary", "attack", "train", "report"]),
    room("figures", &["spec", "measures", "report", "sweep"]),
    // What each figure of the catalogue shows, and (native only) what the paper says of it.
    room("gallery", CORE),
    room("claims", GALLERY),
    room("web", GALLERY),
    room("cli", CLAIMS),
    // src/main.rs, which calls the command line.
    room("main", &["cli"]),
];

/// The rooms that the façade and the command line stand on, in the order in which data flows; those of the core first.
const NATIVE: [&str; 16] = [
    "spec",
    "kernels",
    "rng",
    "sampler",
    "optim",
    "models",
    "theory",
    "measures",
    "dictionary",
    "attack",
    "train",
    "report",
    "sweep",
    "figures",
    "gallery",
    "claims",
];
/// All above `gallery`.
const CORE: &[&str] = NATIVE.split_at(14).0;
/// All above `claims`.
const GALLERY: &[&str] = NATIVE.split_at(15).0;
const CLAIMS: &[&str] = &NATIVE;

/// The rooms every other may import.
pub const EVERYWHERE: [&str; 4] = ["error", "number", "order", "wire"];

/// The room called `name`.
pub fn find(name: &str) -> Option<&'static Room> {
    ROOMS.iter().find(|room| room.name == name)
}

/// Whether code in `from` may name `to`.
pub fn may_import(from: &Room, to: &str) -> bool {
    EVERYWHERE.contains(&to) || to == from.name || from.may_import.contains(&to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_flows_one_way() {
        for (room_idx, room) in ROOMS.iter().enumerate() {
            for name in room.may_import {
                let above = ROOMS[..room_idx].iter().any(|other| other.name == *name);
                assert!(above, "{} may import {name}, which is not above it", room.name);
            }
        }
    }

    #[test]
    fn the_table_says_what_the_style_guide_says() {
        let may = |from: &str, to: &str| may_import(find(from).unwrap(), to);
        assert!(may("sweep", "measures") && may("report", "train") && may("web", "figures") && may("cli", "rng"));
        assert!(may("spec", "error") && may("kernels", "kernels"));
        for (from, to) in [
            ("train", "measures"),
            ("measures", "spec"),
            ("figures", "train"),
            ("spec", "kernels"),
            ("sweep", "models"),
            ("cli", "web"),
            ("web", "cli"),
            ("models", "sampler"),
        ] {
            assert!(!may(from, to), "{from} must not import {to}");
        }
    }
}
