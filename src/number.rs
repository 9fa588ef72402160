//! Numbers in decimals, for what the page says.
//!
//! The standard library writes any number exactly, to any number of decimals: ten kilobytes of the page's download for sentences
//! that round to four digits. These go by an integer. Messages of errors may use the library's: the page loads them when one comes.

/// To so many decimals; halves are rounded away from zero. A number beyond an integer's range is written as the largest that fits.
///
/// # Panics
/// If there are more than nine decimals.
pub fn fixed(value: f64, decimals: usize) -> String {
    assert!(decimals <= 9, "at most nine decimals");
    if !value.is_finite() {
        return not_finite(value);
    }
    let unit = 10_u64.pow(decimals as u32);
    let units = (value.abs() * unit as f64).round() as u64;
    let sign = if value < 0.0 && units > 0 { "-" } else { "" };
    match decimals {
        0 => format!("{sign}{units}"),
        _ => format!("{sign}{}.{:0decimals$}", units / unit, units % unit),
    }
}

/// To at most so many decimals, none of them a zero at the end.
///
/// # Panics
/// As [`fixed`].
pub fn trimmed(value: f64, decimals: usize) -> String {
    let text = fixed(value, decimals);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

/// In as few digits as tell it apart from any other, as JSON writes it: `0.05`, `2`, `1e-7`.
pub fn shortest(value: f64) -> String {
    if !value.is_finite() {
        return not_finite(value);
    }
    let text = serde_json::Value::from(value).to_string();
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

fn not_finite(value: f64) -> String {
    let text = if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "inf"
    } else {
        "-inf"
    };
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn halves_signs_and_zeros() {
        assert_eq!(fixed(0.125, 2), "0.13");
        assert_eq!(fixed(-0.125, 2), "-0.13");
        assert_eq!(fixed(-0.001, 2), "0.00");
        assert_eq!(fixed(2.5, 0), "3");
        assert_eq!(fixed(1.05, 4), "1.0500");
        assert_eq!(trimmed(1.05, 4), "1.05");
        assert_eq!(trimmed(120.0, 0), "120");
        assert_eq!(trimmed(120.0, 3), "120");
        assert_eq!([0.05, 2.0, 1e-7, 0.1 + 0.2].map(shortest), ["0.05", "2", "1e-7", "0.30000000000000004"]);
        let others = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        for text in [others.map(shortest), others.map(|value| fixed(value, 2)), others.map(|value| trimmed(value, 3))] {
            assert_eq!(text, ["NaN", "inf", "-inf"]);
        }
    }

    proptest! {
        #[test]
        fn decimals_are_within_half_a_unit_and_read_back(value in -1e5..1e5, decimals in 0_usize..6) {
            let text = fixed(value, decimals);
            prop_assert_eq!(text.split_once('.').map_or(0, |(_, rest)| rest.len()), decimals);
            let half = 0.5 * 0.1_f64.powi(decimals as i32);
            prop_assert!((text.parse::<f64>().unwrap() - value).abs() <= half * (1.0 + 1e-9) + 1e-11);
            prop_assert_eq!(trimmed(value, decimals).parse::<f64>().unwrap(), text.parse::<f64>().unwrap());
            prop_assert_eq!(shortest(value).parse::<f64>().unwrap(), value);
        }
    }
}
