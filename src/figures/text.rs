//! How wide a text is, without asking a surface: what layouts are computed from before anything is drawn.
//!
//! The widths are those of DejaVu Sans, as wide a face as `system-ui` is on any system: what fits by them fits on the
//! page too, and the height of a figure at a width is the same on every surface.

use crate::number::trimmed;

/// Milli-ems that the printable ASCII characters take in DejaVu Sans, as wide a face as `system-ui` is on any system:
/// in a narrower one labels have room to spare.
#[rustfmt::skip]
const REGULAR: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636,
    636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775,
    752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390,
    337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,
    635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
];
/// The same of its bold.
#[rustfmt::skip]
const BOLD: [u16; 95] = [
    348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696, 696,
    696, 696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 580, 1000, 774, 762, 734, 830, 683, 683, 821,
    837, 372, 372, 775, 637, 995, 837, 850, 733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457,
    365, 457, 838, 500, 500, 675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687,
    716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838,
];
/// The same of characters beyond ASCII that our texts use, in groups: regular, bold, never less than the face's own.
const BEYOND: [(&str, u16, u16); 7] = [
    ("·\u{202f}", 318, 380),
    ("²³⁰¹⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", 401, 438),
    ("‖–⁻", 528, 528),
    ("’‘“”", 518, 657),
    ("ᵀᵢⱼ", 385, 430),
    ("πλεα", 660, 791),
    ("Ŵ…—", 1000, 1103),
];
/// Between groups of digits; no line is broken there.
const THIN_SPACE: char = '\u{202f}';
/// Milli-ems of any other character, such as the minus sign.
const OTHER: u16 = 838;

/// The width of a text at that size.
pub fn text_width(text: &str, size: f64, bold: bool) -> f64 {
    let table = if bold { &BOLD } else { &REGULAR };
    let advance = |c: char| {
        let place = (c as usize).checked_sub(usize::from(b' '));
        place.and_then(|place| table.get(place)).copied().unwrap_or_else(|| {
            let group = BEYOND.iter().find(|(group, _, _)| group.contains(c));
            group.map_or(OTHER, |&(_, regular, strong)| if bold { strong } else { regular })
        })
    };
    text.chars().map(|c| f64::from(advance(c))).sum::<f64>() * size / 1000.0
}

/// Breaks a sentence into lines no wider than `width`; a word that is wider than that has a line of its own, and no line breaks
/// inside a product, a difference or an equation.
pub fn wrap(sentence: &str, width: f64, size: f64) -> Vec<String> {
    wrap_in(sentence, width, size, false)
}

/// The same of a regular or a bold text.
pub fn wrap_in(sentence: &str, width: f64, size: f64, bold: bool) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let is_sign = |word: &str| matches!(word, "×" | "=" | "−" | "≥" | "≤");
    let mut wholes: Vec<String> = Vec::new();
    let mut joined = true;
    for word in sentence.split_whitespace() {
        match wholes.last_mut() {
            Some(whole) if joined || is_sign(word) => {
                whole.push(' ');
                whole.push_str(word);
            }
            _ => wholes.push(word.to_owned()),
        }
        joined = is_sign(word);
    }
    for whole in wholes {
        match lines.last_mut() {
            Some(line) if text_width(&format!("{line} {whole}"), size, bold) <= width => {
                line.push(' ');
                line.push_str(&whole);
            }
            _ => lines.push(whole),
        }
    }
    lines
}

/// A number as an axis writes it: no trailing zeros, a true minus sign, a power of ten where digits would be many.
pub fn number(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".into() } else { "–".into() };
    }
    let size = value.abs();
    let power = (size.log10() + 1e-12).floor() as i32;
    let text = if (-4..5).contains(&power) {
        let mut text = trimmed(size, (3 - power).max(0) as usize);
        // Five digits are read in two groups, four in one.
        if text.len() == 5 && power == 4 {
            text.insert(2, THIN_SPACE);
        }
        text
    } else {
        let mantissa = (size / 10f64.powi(power) * 100.0).round() / 100.0;
        let lead = if mantissa == 1.0 { String::new() } else { format!("{}·", trimmed(mantissa, 2)) };
        format!("{lead}10{}", raised(power))
    };
    if value < 0.0 { format!("−{text}") } else { text }
}

/// A number to three decimals, or to three digits where it is small: what a person wants to hear of a mark.
pub fn rounded(value: f64) -> f64 {
    let power = if value == 0.0 { 0 } else { value.abs().log10().floor() as i32 };
    let scale = 10f64.powi(if power < -1 { 2 - power } else { 3 });
    (value * scale).round() / scale
}

/// A number to so many digits, as an axis writes it.
pub fn written(value: f64, digits: i32) -> String {
    if value == 0.0 || !value.is_finite() {
        return number(value);
    }
    let scale = 10f64.powi(digits - 1 - value.abs().log10().floor() as i32);
    number((value * scale).round() / scale)
}

/// An integer in superscript digits.
fn raised(value: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    value.to_string().chars().map(|c| c.to_digit(10).map_or('⁻', |digit| DIGITS[digit as usize])).collect()
}

#[cfg(test)]
mod tests {
    use super::super::theme::Theme;
    use super::*;

    #[test]
    fn widths_are_those_of_the_face_and_count_characters_not_bytes() {
        assert_eq!(text_width("10", 10.0, false), 12.72);
        assert_eq!(text_width("10", 10.0, true), 13.92);
        assert_eq!(text_width("−", 10.0, false), 8.38);
    }

    #[test]
    fn no_line_breaks_inside_a_formula() {
        let width = text_width("D = 8 × 0.3020, 2", Theme::TICK, false);
        assert_eq!(wrap("D = 8 × 0.3020, 2 × 0.2916", width, Theme::TICK), ["D = 8 × 0.3020,", "2 × 0.2916"]);
        assert_eq!(wrap("= a", 1.0, Theme::TICK), ["= a"]);
    }

    #[test]
    fn numbers_are_written_short_and_with_a_true_minus() {
        let written = [
            (0.0, "0"),
            (-0.5, "−0.5"),
            (1000.0, "1000"),
            (12_500.0, "12\u{202f}500"),
            (0.001, "0.001"),
            (0.000_5, "0.0005"),
            (1e-5, "10⁻⁵"),
            (2.5e7, "2.5·10⁷"),
        ];
        for (value, text) in written {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn so_many_digits_are_written() {
        assert_eq!(written(0.001_264, 2), "0.0013");
        assert_eq!(written(3.52e-15, 2), "3.5·10⁻¹⁵");
        assert_eq!((written(-0.0, 2), written(f64::NAN, 2)), ("0".into(), "–".into()));
        assert_eq!((rounded(0.98765), rounded(0.000_123_4), rounded(0.0)), (0.988, 0.000_123, 0.0));
    }

    #[test]
    fn lines_are_no_wider_than_asked() {
        let lines = wrap("one two three four five six", 60.0, 12.0);
        assert!(lines.len() > 2 && lines.iter().all(|line| text_width(line, 12.0, false) <= 60.0), "{lines:?}");
    }
}
