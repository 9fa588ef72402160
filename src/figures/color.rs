//! Colour arithmetic: perceptually even mixing and the contrast of text.
//!
//! Mixing is done in Oklab (Björn Ottosson, "A perceptual color space for image processing", 2020), where equal steps
//! look equal. Contrast is that of WCAG 2.2 ("contrast ratio", "relative luminance"): 1 for equal colours, 21 for black
//! on white. Colours are opaque sRGB with eight bits a channel. Nothing here knows of themes or figures.

use plotters::style::RGBColor;

/// The contrast that every text must have against what lies behind it (WCAG 2.2, AA).
pub const MIN_CONTRAST: f64 = 4.5;

/// Lightness and the two opponent axes of Oklab.
type Oklab = [f64; 3];

/// The colour that `0xrrggbb` writes.
pub const fn rgb(hex: u32) -> RGBColor {
    RGBColor((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// The colour in CSS notation, `#rrggbb`.
pub fn css(color: RGBColor) -> String {
    // By hand: a figure on a canvas asks for it thousands of times.
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half & 15)]);
    let digits = [color.0, color.1, color.2].into_iter().flat_map(|channel| [digit(channel >> 4), digit(channel)]);
    std::iter::once('#').chain(digits).collect()
}

/// The colour that lies at `t` in [0, 1] on the straight line from `a` to `b` in Oklab.
pub fn mix(a: RGBColor, b: RGBColor, t: f64) -> RGBColor {
    Stop::new(a).toward(&Stop::new(b), t)
}

/// A colour that is mixed again and again: finding its place in Oklab takes most of the time of a mixture.
#[derive(Debug, Clone, Copy)]
pub struct Stop(Oklab);

impl Stop {
    /// The stop of that colour.
    pub fn new(color: RGBColor) -> Self {
        Self(to_oklab(color))
    }

    /// As [`mix`], from this one.
    pub fn toward(&self, other: &Stop, t: f64) -> RGBColor {
        from_oklab([0, 1, 2].map(|k| self.0[k] + (other.0[k] - self.0[k]) * t))
    }
}

/// The contrast ratio of two colours, 1…21; the order does not matter.
///
/// # Source
/// WCAG 2.2, definition of "contrast ratio".
pub fn contrast(a: RGBColor, b: RGBColor) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// The colour nearest to `color`, with its hue, that can be read as text on `background`.
///
/// Only the lightness moves: away from the background on the side where the colour already is, or, where even black or
/// white would not reach [`MIN_CONTRAST`] there, on the other side.
pub fn readable(color: RGBColor, background: RGBColor) -> RGBColor {
    if contrast(color, background) >= MIN_CONTRAST {
        return color;
    }
    let first = if luminance(color) < luminance(background) { 0.0 } else { 1.0 };
    [first, 1.0 - first]
        .into_iter()
        .find_map(|extreme| toward_lightness(color, background, extreme))
        .expect("black or white is readable on any colour")
}

/// The smallest move of the lightness toward `extreme` that is readable, if any is.
fn toward_lightness(color: RGBColor, background: RGBColor, extreme: f64) -> Option<RGBColor> {
    let lab = to_oklab(color);
    // The chroma fades with the move, so that its end is pure black or white and the gamut's edge is not met with a
    // jump.
    let at = |t: f64| from_oklab([lab[0] + (extreme - lab[0]) * t, lab[1] * (1.0 - t), lab[2] * (1.0 - t)]);
    let reads = |t: f64| contrast(at(t), background) >= MIN_CONTRAST;
    if !reads(1.0) {
        return None;
    }
    // The set of readable t may be two-sided where the colour crosses the background: bisect for the end near 1.
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..24 {
        let middle = 0.5 * (low + high);
        if reads(middle) { high = middle } else { low = middle }
    }
    Some(at(high))
}

/// Relative luminance of WCAG 2.2, in [0, 1].
fn luminance(color: RGBColor) -> f64 {
    let [r, g, b] = to_linear(color);
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

fn to_linear(color: RGBColor) -> [f64; 3] {
    [color.0, color.1, color.2].map(|channel| {
        let c = f64::from(channel) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    })
}

fn to_oklab(color: RGBColor) -> Oklab {
    let [r, g, b] = to_linear(color);
    // Not `cbrt`, which nothing else on the page needs.
    let root = |x: f64| x.powf(1.0 / 3.0);
    let l = root(0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b);
    let m = root(0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b);
    let s = root(0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b);
    [
        0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s,
        1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s,
        0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s,
    ]
}

fn from_oklab([lightness, a, b]: Oklab) -> RGBColor {
    let l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let s = (lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    let channel = |c: f64| {
        let c = if c <= 0.003_130_8 { 12.92 * c } else { 1.055 * c.powf(1.0 / 2.4) - 0.055 };
        (c.clamp(0.0, 1.0) * 255.0).round() as u8
    };
    RGBColor(
        channel(4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s),
        channel(-1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s),
        channel(-0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> impl Iterator<Item = RGBColor> {
        (0..=8).flat_map(|r| (0..=8).flat_map(move |g| (0..=8).map(move |b| RGBColor(r * 31, g * 31, b * 31))))
    }

    #[test]
    fn oklab_and_back_is_the_same_colour() {
        for color in samples() {
            assert_eq!(from_oklab(to_oklab(color)), color);
        }
    }

    #[test]
    fn contrast_meets_known_values() {
        assert!((contrast(rgb(0), rgb(0xffffff)) - 21.0).abs() < 1e-9);
        assert!((contrast(rgb(0x777777), rgb(0xffffff)) - 4.48).abs() < 0.005);
    }

    #[test]
    fn readable_is_readable_on_any_background_and_leaves_what_is() {
        for color in samples() {
            for background in [0xffffff, 0x1a1c1f, 0x3f7fd0, 0xe9b73a, 0x777777, 0x808080].map(rgb) {
                let text = readable(color, background);
                let reached = contrast(text, background);
                assert!(reached >= MIN_CONTRAST, "{color:?} on {background:?}: {reached} < {MIN_CONTRAST}");
                if contrast(color, background) >= MIN_CONTRAST {
                    assert_eq!(text, color);
                }
            }
        }
    }
}
