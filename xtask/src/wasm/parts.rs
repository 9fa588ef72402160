//! What is in which part of a build.
//!
//! The first is what the opening figure needs; the second, `gallery`, makes all others, and is loaded when the first of them comes near;
//! the third, `seldom`, is what a reader who only scrolls does not call, and is loaded when it is called ([`crate::split`]).

use std::sync::LazyLock;

use crate::split::Parting;

/// The parts.
pub const PARTING: Parting = Parting { names: &["core", "gallery", "seldom"], of_export, of_function };

/// The file of a part in the folder of its build.
pub fn file_name(part: usize) -> String {
    match part {
        0 => format!("{}_bg.wasm", super::OUT_NAME),
        _ => format!("{}.wasm", PARTING.names[part]),
    }
}

/// Exports that are called when the second part is there begin so.
const LATER: &[&str] = &["drawPhase", "hitPhase", "phasegrid_", "job_", "gallery_", "picture_"];

/// Parts of the mangled names of functions that the opening figure does not call, though it could: they are in the second part too, which
/// comes at once if it does. Found by counting calls while a reader would play with it; what is missing here only makes the first part
/// larger.
const COLD: &[&str] = &[
    // Messages: of errors, of numbers that are hard to print or to read.
    "5Debug3fmt",
    "29float_to_decimal_common_exact",
    "6dragon",
    "16format_exact_opt",
    "6bignum",
    "8builders",
    "16escape_debug_ext",
    "10serde_json5error10make_error",
    "10serde_json5errorNt",
    "17position_of_index",
    "17peek_invalid_type",
    "7lexical",
    "19f64_long_from_parts",
    "19parse_long_exponent",
    "18parse_long_decimal",
    "17decode_hex_escape",
    "5lossy",
    "4spec4read5shown",
    "4spec4read7escaped",
    "4spec4read9shortened",
    "4spec4readNtB4_2At",
    "4spec4link5names",
    "10known_keyss",
    // Fields that the opening figure does not have, and what they ask for.
    "10check_rows",
    "10set_attack",
    "10set_record",
    "12set_momentum",
    "14set_dictionary",
    "15set_adversarial",
    "16set_weight_decay",
    "7objects4rows",
    "8set_stop",
    "4spec4read7numbers",
    "ClippedOutput7depth_6",
    "13expected_norm",
    "7kernels7blocked",
    "7kernels8products",
    "7kernels4gram",
    "6models6linear",
    "7kernels5lists",
    "7kernels4gaps",
    "7kernels4rows",
    "6models6listed",
    "7Reading11inputs_into",
    "7Reading15inputs_in_order",
    // Solids of three dimensions, long lists.
    "5Shape8vertices",
    "4sort6stable9quicksort",
    "4sort6stable5drift",
    "12sort4_stable",
    "19bidirectional_merge",
    "4sort6shared5pivot",
    // A worker that died.
    "7Trainer7restore",
    "8postcard2de",
];

/// The same for the third part: what no figure calls while a reader scrolls past it. A line each; the file says how they were found.
static SELDOM: LazyLock<Vec<&str>> = LazyLock::new(|| {
    include_str!("seldom.txt")
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
});

fn of_export(export: &str) -> usize {
    let export = export.strip_prefix("__wbg_").unwrap_or(export);
    usize::from(LATER.iter().any(|start| export.starts_with(start)))
}

fn of_function(function: &str) -> usize {
    if SELDOM.iter().any(|part| function.contains(part)) {
        2
    } else {
        usize::from(COLD.iter().any(|part| function.contains(part)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_that_fits_decides() {
        assert_eq!(["trainer_new", "__wbg_trainer_free"].map(of_export), [0, 0]);
        assert_eq!(["drawPhase", "__wbg_gallery_free"].map(of_export), [1, 1]);
        assert_eq!(of_function("_RNvNtCs1a2b_13superposition5train3run"), 0);
        assert_eq!(of_function("_RNvNtCs1a2b_4spec4link5names"), 1);
        assert_eq!(of_function("_RNvNtCs1a2b_12plotters_svg3svg"), 2);
        // Seldom comes before cold, whose part is there sooner.
        assert_eq!(of_function("_RNvXs_Cs1a2b_4spec4link5names5Debug3fmt"), 2);
    }

    #[test]
    fn names_tell_functions_apart() {
        assert!(SELDOM.len() > 20, "{} names", SELDOM.len());
        for (idx, name) in SELDOM.iter().enumerate() {
            // Another name within it makes one of both useless; a short one fits too much.
            let within = SELDOM.iter().enumerate().find(|(other, part)| *other != idx && name.contains(*part));
            assert!(within.is_none(), "{name} holds {within:?}");
            assert!(name.len() >= 8, "{name} is short");
        }
    }
}
