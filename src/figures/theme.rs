//! The one look of all figures: colours, fonts, strokes and sizes, in light and in dark.
//!
//! The colours are those of the page's style sheet, so that page and canvas never disagree; what the sheet's tokens
//! cannot do as text (a yellow digit on white) is computed from them by [`readable`]. Sizes are CSS pixels: a
//! [`Surface`] says how many units of a backend make one. Nothing here draws.

use super::color::{Stop, mix, readable, rgb};
use super::sheet::Ink;
use plotters::style::RGBColor;
use serde::{Deserialize, Serialize};

/// The two faces of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Ink on white.
    Light,
    /// The same on near black.
    Dark,
}

impl Mode {
    /// `"light"` or `"dark"`; `None` for any other name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "light" => Some(Mode::Light),
            "dark" => Some(Mode::Dark),
            _ => None,
        }
    }
}

/// How the units of a backend relate to CSS pixels and to the pixels of the device.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Surface {
    /// Backend units in one CSS pixel. Backends count in whole units, so more of them is finer motion.
    pub units: f64,
    /// Backend units in the pixel to which hairlines are snapped.
    pub pixel: f64,
    /// Whether filled edges are snapped to pixels too. A vector picture has no pixels: its cells overlap instead.
    pub raster: bool,
}

/// Colours, fonts, strokes and sizes on one surface.
#[derive(Debug, Clone)]
pub struct Theme {
    /// Light or dark.
    pub mode: Mode,
    /// Where it draws.
    pub surface: Surface,
    /// Titles and what must be read first.
    pub ink: RGBColor,
    /// Axis text and sentences.
    pub soft: RGBColor,
    /// Tick marks and outlines; too pale for text.
    pub faint: RGBColor,
    /// Hairlines.
    pub line: RGBColor,
    /// The background of a figure.
    pub card: RGBColor,
    /// Stops of the feature ramp, from the most important to the least.
    features: [Stop; 5],
    /// Colours of the phases: forgotten, its own axis, superposition, and a second kind of superposition.
    pub regions: [RGBColor; 4],
    /// Text on each of [`Theme::regions`].
    pub region_text: [RGBColor; 4],
    /// Stops from no superposition to full superposition, dark blue to yellow as in the paper.
    superposition: [Stop; 5],
    /// The diverging ramp: its middle, which is the card, and its ends, most negative and most positive.
    diverging: (Stop, [Stop; 2]),
    /// Colours of kinds that have no order: series, correlated sets, tegum factors.
    kinds: [RGBColor; 8],
}

/// A colour by its meaning, for data that knows no theme.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Tint {
    /// A feature by its importance: its index and how many there are.
    Feature(usize, usize),
    /// One of several kinds without an order; from the ninth on the colours come again.
    Kind(usize),
    /// A feature by its superposition: 0 alone, 1 or more fully shared.
    Superposition(f64),
    /// A signed number, in [−1, 1].
    Signed(f64),
    /// A number in [0, 1] on the ramp of importance, 0 being most important.
    Ramp(f64),
    /// What must be read first.
    Ink,
    /// What must be read second.
    Soft,
    /// What only stands behind.
    Faint,
    /// A region of a phase diagram, by its class.
    Region(usize),
}

impl Theme {
    /// A CSS font stack: the system's interface face. No quotation marks, so it goes into an attribute as it is.
    pub const SANS: &'static str = "system-ui,-apple-system,Segoe UI,Roboto,Helvetica Neue,sans-serif";
    /// Size of a panel's title, in CSS pixels.
    pub const TITLE: f64 = 14.0;
    /// Size of sentences, axis titles and region names.
    pub const TEXT: f64 = 13.0;
    /// Size of tick labels.
    pub const TICK: f64 = 12.0;
    /// The smallest size at which anything is written.
    pub const SMALL: f64 = 11.0;
    /// Width of a hairline.
    pub const HAIRLINE: f64 = 1.0;
    /// Width of the outline around what is lit up.
    pub const LIT: f64 = 1.8;
    /// Width of an outline that is data.
    pub const OUTLINE: f64 = 1.3;

    /// The look for one mode on one surface.
    pub fn new(mode: Mode, surface: Surface) -> Self {
        let [ink, soft, faint, line, card] = match mode {
            Mode::Light => [0x1c1b19, 0x5d5952, 0x8d8880, 0xe5e1d8, 0xffffff],
            Mode::Dark => [0xe9e6df, 0xb0aba1, 0x7d796f, 0x2b2d30, 0x1a1c1f],
        }
        .map(rgb);
        let features = match mode {
            Mode::Light => [0x35217d, 0x2763b1, 0x12958f, 0x74b03c, 0xe0a614],
            Mode::Dark => [0x9a83f2, 0x5aa0f0, 0x2fc3b8, 0x9bd35f, 0xf3c545],
        }
        .map(rgb);
        let regions = match mode {
            Mode::Light => [0xefece5, 0x2763b1, 0xe9b73a, 0x6fa882],
            Mode::Dark => [0x24262a, 0x3f7fd0, 0xe9b73a, 0x4f8f6c],
        }
        .map(rgb);
        let wished = [soft, rgb(0xffffff), rgb(0x4a3700), rgb(0x10301d)];
        let superposition = match mode {
            Mode::Light => [0x1d2a6b, 0x33508f, 0x4f8a8b, 0xa9b852, 0xe9b73a],
            Mode::Dark => [0x4a5cc0, 0x4f7fc4, 0x4fa9a2, 0xa9c45a, 0xf3c545],
        }
        .map(rgb);
        let diverging = match mode {
            Mode::Light => [0xb4472e, 0x1a5fa8],
            Mode::Dark => [0xe88a6f, 0x79b0ee],
        }
        .map(rgb);
        // After Okabe and Ito's set for all kinds of colour vision, lighter on dark.
        let kinds = match mode {
            Mode::Light => [0x1a6fb4, 0xc75a13, 0x12855f, 0xa8478c, 0xb58a00, 0x3b9fd4, 0x6b4fc0, 0x7a7469],
            Mode::Dark => [0x5aa9ec, 0xef8a4c, 0x35c296, 0xdb86c2, 0xe6c04a, 0x8fd3f5, 0xa593f0, 0xb3ada2],
        }
        .map(rgb);
        let region_text = [0, 1, 2, 3].map(|k| readable(wished[k], regions[k]));
        Self {
            mode,
            surface,
            ink,
            soft,
            faint,
            line,
            card,
            features: features.map(Stop::new),
            regions,
            region_text,
            superposition: superposition.map(Stop::new),
            diverging: (Stop::new(card), diverging.map(Stop::new)),
            kinds,
        }
    }

    /// The colour of feature `feature_idx` of `n_features`, ordered by importance.
    ///
    /// # Panics
    /// If there is no such feature.
    pub fn feature(&self, feature_idx: usize, n_features: usize) -> RGBColor {
        assert!(feature_idx < n_features, "feature {feature_idx} of {n_features}");
        ramp(&self.features, feature_idx as f64 / (n_features - 1).max(1) as f64)
    }

    /// The same as text on the card: darker or lighter where the mark's own colour could not be read.
    ///
    /// # Panics
    /// If there is no such feature.
    pub fn feature_text(&self, feature_idx: usize, n_features: usize) -> RGBColor {
        readable(self.feature(feature_idx, n_features), self.card)
    }

    /// A mark's colour when another mark is meant: three quarters of the way to the card.
    pub fn dimmed(&self, color: RGBColor) -> RGBColor {
        mix(color, self.card, 0.75)
    }

    /// Guide lines inside a figure: a little stronger than a hairline on the page, since they carry a scale.
    pub fn guide(&self) -> RGBColor {
        let toward_faint = match self.mode {
            Mode::Light => 0.12,
            // A dark hairline on a dark card is all but gone on most screens.
            Mode::Dark => 0.25,
        };
        mix(self.line, self.faint, toward_faint)
    }

    /// The colour that a tint means here.
    pub fn tint(&self, tint: Tint) -> RGBColor {
        match tint {
            Tint::Feature(feature_idx, n_features) => self.feature(feature_idx, n_features),
            Tint::Kind(kind) => self.kinds[kind % self.kinds.len()],
            Tint::Superposition(value) => self.superposition(value),
            Tint::Signed(value) => self.diverging(value),
            Tint::Ramp(value) => ramp(&self.features, value),
            Tint::Ink => self.ink,
            Tint::Soft => self.soft,
            Tint::Faint => self.faint,
            Tint::Region(class) => self.regions[class % self.regions.len()],
        }
    }

    /// The same as text on the card.
    pub fn tint_text(&self, tint: Tint) -> RGBColor {
        readable(self.tint(tint), self.card)
    }

    /// A regular text of that size in the colour of axes, on the card.
    pub fn plain(&self, size: f64) -> Ink {
        Ink { size, bold: false, color: self.soft, background: self.card }
    }

    /// A semibold text of that size, on the card.
    pub fn strong(&self, size: f64) -> Ink {
        Ink { size, bold: true, color: self.ink, background: self.card }
    }

    /// The colour of a feature by its superposition: 0 alone, 1 or more fully shared.
    pub fn superposition(&self, value: f64) -> RGBColor {
        ramp(&self.superposition, value)
    }

    /// The colour of a signed number in [−1, 1]; 0 is the card.
    pub fn diverging(&self, value: f64) -> RGBColor {
        let (middle, ends) = &self.diverging;
        middle.toward(&ends[usize::from(value > 0.0)], value.abs().min(1.0))
    }
}

/// The colour at `t` of evenly spaced stops; outside [0, 1] (or not a number) the nearest end (the first).
fn ramp(stops: &[Stop], t: f64) -> RGBColor {
    let place = t.clamp(0.0, 1.0).max(0.0) * (stops.len() - 1) as f64;
    let left = (place as usize).min(stops.len() - 2);
    stops[left].toward(&stops[left + 1], place - left as f64)
}

#[cfg(test)]
mod tests {
    use super::super::color::{MIN_CONTRAST, contrast};
    use super::*;

    const SURFACE: Surface = Surface { units: 1.0, pixel: 1.0, raster: true };

    fn both() -> [Theme; 2] {
        [Mode::Light, Mode::Dark].map(|mode| Theme::new(mode, SURFACE))
    }

    #[test]
    fn every_text_colour_reads_on_its_background() {
        for theme in both() {
            let mut pairs = vec![(theme.ink, theme.card), (theme.soft, theme.card)];
            pairs.extend((0..4).map(|k| (theme.region_text[k], theme.regions[k])));
            pairs.extend((0..8).map(|kind| (theme.tint_text(Tint::Kind(kind)), theme.card)));
            for n in [1, 2, 5, 6, 20, 400] {
                pairs.extend((0..n).map(|i| (theme.feature_text(i, n), theme.card)));
            }
            for (text, background) in pairs {
                let reached = contrast(text, background);
                assert!(reached >= MIN_CONTRAST, "{text:?} on {background:?} in {:?}: {reached:.2}", theme.mode);
            }
        }
    }

    #[test]
    fn five_features_wear_the_tokens_of_the_page() {
        let [light, dark] = both();
        let tokens = |hexes: [u32; 5]| hexes.map(rgb).to_vec();
        let features = |theme: &Theme| (0..5).map(|i| theme.feature(i, 5)).collect::<Vec<_>>();
        assert_eq!(features(&light), tokens([0x35217d, 0x2763b1, 0x12958f, 0x74b03c, 0xe0a614]));
        assert_eq!(features(&dark), tokens([0x9a83f2, 0x5aa0f0, 0x2fc3b8, 0x9bd35f, 0xf3c545]));
    }

    #[test]
    fn marks_stand_out_from_the_card() {
        // Marks need less than text: WCAG 2.2 asks 3 of graphics. The last two stops of the light ramp are yellow-green
        // and amber and do not reach it: their labels do, and name what the hue tells.
        // FIXME: 1.9 is what the page's tokens give; a darker amber would break their agreement with the paper's yellow.
        for theme in both() {
            for color in (0..5).map(|i| theme.feature(i, 5)).chain(theme.kinds) {
                assert!(contrast(color, theme.card) > 1.9, "{color:?} in {:?}", theme.mode);
            }
        }
    }

    #[test]
    fn ramps_end_where_they_should_even_for_bad_numbers() {
        let ends = [[0x1d2a6b, 0xe9b73a, 0xb4472e, 0x1a5fa8], [0x4a5cc0, 0xf3c545, 0xe88a6f, 0x79b0ee]];
        for (theme, ends) in both().into_iter().zip(ends) {
            let [none, full, negative, positive] = ends.map(rgb);
            assert_eq!(theme.superposition(f64::NAN), none);
            assert_eq!(theme.superposition(7.0), full);
            assert_eq!(theme.diverging(0.0), theme.card);
            assert_eq!([-1.0, -7.0, 1.0].map(|value| theme.diverging(value)), [negative, negative, positive]);
        }
    }
}
