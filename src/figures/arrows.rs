//! The columns of W as arrows: the picture of the paper's opening figure.
//!
//! A model with m = 2 hidden dimensions is drawn in the plane: column i of W from the origin, `W[0][i]` to the right
//! and `W[1][i]` up. With m = 1 every column is a number: its arrow lies on a row of its own, the most important feature
//! above. Other m have no such picture and are refused by name. The scale is fixed (the unit circle has always the same
//! size) until a column would leave the figure; from there on it shrinks without a jump. Guides are one layer, data the
//! other. Weights that are not finite (a run that diverged) are drawn as zero.

use super::boxes::{Box2, Point};
use super::labels::{self, Mark, Obstacles};
use super::panels::Figure;
use super::sheet::{Align, Ink, LINE_HEIGHT, Sheet};
use super::solid::told;
use super::spots::{Extent, Key, Spot};
use super::theme::{Theme, Tint};
use crate::error::Error;
use crate::measures::Measures;
use crate::order;
use plotters::backend::DrawingBackend;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// Half the width of the figure in units of W, as long as every column fits.
const HALF_RANGE: f64 = 1.42;
/// Shorter columns are a dot without an arrow.
const DOT_BELOW: f64 = 0.06;
/// Shorter columns go without a label: near the origin there is no place for one.
const LABEL_ABOVE: f64 = 0.25;
/// A feature is represented when its column is longer (DESIGN.md section 2).
const REPRESENTED_ABOVE: f64 = 0.5;
/// Largest deviation of a cosine from the regular polygon's, as in the table of shapes.
const POLYGON_TOLERANCE: f64 = 0.15;
/// How near a pointer must come to an arrow, in CSS pixels: half a fingertip.
const HIT_RADIUS: f64 = 14.0;

/// What the figure shows.
#[derive(Debug, Clone, Copy)]
pub struct Arrows<'a> {
    n_features: usize,
    n_hidden: usize,
    weights: &'a [f32],
    /// A feature to light up; the others are dimmed.
    pub highlight: Option<usize>,
    tints: Option<&'a [Tint]>,
    names: Option<&'a [String]>,
    outline: bool,
}

impl<'a> Arrows<'a> {
    /// A figure of the given weights.
    ///
    /// # Shapes
    /// `weights: [n_hidden][n_features]`, column i is the direction of feature i.
    ///
    /// # Errors
    /// [`Error::Field`] if `n_hidden` is neither 1 nor 2, or `weights` has another length.
    pub fn new(n_features: usize, n_hidden: usize, weights: &'a [f32]) -> Result<Self, Error> {
        let refuse = |field: &str, value: usize, allowed: String| {
            Err(Error::Field { field: field.into(), value: value.to_string(), allowed })
        };
        if !(1..=2).contains(&n_hidden) {
            return refuse("hidden", n_hidden, "1 or 2 for the arrows figure".into());
        }
        if n_features == 0 {
            return refuse("features", n_features, "at least 1".into());
        }
        if weights.len() != n_features * n_hidden {
            return refuse("weights", weights.len(), format!("{} numbers", n_features * n_hidden));
        }
        Ok(Self { n_features, n_hidden, weights, highlight: None, tints: None, names: None, outline: true })
    }

    /// The same with one feature lit up; an index that does not exist lights none.
    pub fn with_highlight(self, highlight: Option<usize>) -> Self {
        Self { highlight: highlight.filter(|&feature_idx| feature_idx < self.n_features), ..self }
    }

    /// The same with colours of its own, such as one a correlated set; ignored unless there is one for each feature.
    pub fn with_tints(self, tints: &'a [Tint]) -> Self {
        Self { tints: (tints.len() == self.n_features).then_some(tints), ..self }
    }

    /// The same with names in place of numbers from 1, an empty one for no label; ignored unless there is one for each.
    pub fn with_names(self, names: &'a [String]) -> Self {
        Self { names: (names.len() == self.n_features).then_some(names), ..self }
    }

    /// The same with or without the outline of a regular polygon.
    pub fn with_outline(self, outline: bool) -> Self {
        Self { outline, ..self }
    }

    fn tint(&self, feature_idx: usize) -> Tint {
        self.tints.map_or(Tint::Feature(feature_idx, self.n_features), |tints| tints[feature_idx])
    }

    fn name(&self, feature_idx: usize) -> String {
        self.names.map_or_else(|| (feature_idx + 1).to_string(), |names| names[feature_idx].clone())
    }

    /// Column `feature_idx`, its second coordinate 0 when m = 1.
    fn column(&self, feature_idx: usize) -> Point {
        let coordinate = |k: usize| {
            let w = f64::from(self.weights[k * self.n_features + feature_idx]);
            if w.is_finite() { w } else { 0.0 }
        };
        (coordinate(0), if self.n_hidden == 2 { coordinate(1) } else { 0.0 })
    }

    fn norm(&self, feature_idx: usize) -> f64 {
        let (x, y) = self.column(feature_idx);
        x.hypot(y)
    }

    /// The represented features in order of angle if they are the corners of a regular polygon, and how surely: 1 for a
    /// perfect one, falling to 0 at the tolerance, so that the outline fades in as the shape forms.
    ///
    /// # Source
    /// The rule of the table of shapes (DESIGN.md section 2): the Gram matrix of the unit columns within 0.15 of the
    /// polygon's in every entry. Four corners are no polygon: a square is two antipodal pairs that ignore each other.
    pub fn polygon(&self) -> Option<(Vec<usize>, f64)> {
        if self.n_hidden != 2 {
            return None;
        }
        let angle = |i: usize| self.column(i).1.atan2(self.column(i).0);
        let mut corners: Vec<usize> = (0..self.n_features).filter(|&i| self.norm(i) > REPRESENTED_ABOVE).collect();
        order::order_by(&mut corners, &mut |i, j| angle(i).total_cmp(&angle(j)));
        let k = corners.len();
        // Beyond twelve corners neighbours differ by less than the tolerance, and the sum over pairs would cost frames.
        if !(3..=12).contains(&k) || k == 4 {
            return None;
        }
        let mut deviation: f64 = 0.0;
        for a in 0..k {
            for b in 0..a {
                let between = angle(corners[a]) - angle(corners[b]);
                deviation = deviation.max((between.cos() - ((a - b) as f64 * TAU / k as f64).cos()).abs());
            }
        }
        let certainty = ((POLYGON_TOLERANCE - deviation) / (0.4 * POLYGON_TOLERANCE)).min(1.0);
        (certainty > 0.0).then_some((corners, certainty))
    }
}

/// Arrows that own their data: a view to compose with others, also small, in a grid of seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plane {
    /// How many features.
    pub n_features: usize,
    /// The weights, `[n_hidden][n_features]`, one or two hidden dimensions.
    pub weights: Vec<f32>,
    /// Colours; by importance if there is none for each feature.
    pub tints: Vec<Tint>,
    /// Names; numbers from 1 if there is none for each feature, no label where one is empty.
    pub names: Vec<String>,
    /// Whether a regular polygon is outlined.
    pub outline: bool,
}

impl Plane {
    /// Arrows in the colours of importance.
    pub fn new(n_features: usize, weights: Vec<f32>) -> Self {
        Self { n_features, weights, tints: Vec::new(), names: Vec::new(), outline: true }
    }

    /// The same with colours of its own.
    pub fn with_tints(self, tints: Vec<Tint>) -> Self {
        Self { tints, ..self }
    }

    /// The same with names.
    pub fn with_names(self, names: Vec<String>) -> Self {
        Self { names, ..self }
    }
}

impl Figure for Plane {
    fn height(&self, width: f64) -> f64 {
        width.min(360.0)
    }

    fn draw_in<DB: DrawingBackend>(&self, sheet: &mut Sheet<DB>, theme: &Theme, place: &Box2) {
        // Weights that have no picture in the plane leave the place empty.
        let n_hidden = self.weights.len().checked_div(self.n_features).unwrap_or(0);
        let Ok(arrows) = Arrows::new(self.n_features, n_hidden, &self.weights) else {
            return;
        };
        let arrows = arrows.with_tints(&self.tints).with_names(&self.names).with_outline(self.outline);
        let arrows = arrows.with_highlight(sheet.highlight);
        let side = place.width.min(place.height);
        let place = Box2::around(place.centre(), place.width, side);
        sheet.nested(&place, |sheet| {
            draw_guides(sheet, theme, &arrows);
            draw_columns(sheet, theme, &arrows);
        });
        let view = View::of(&arrows, (place.width, place.height));
        let on_sheet = |(x, y): Point| (place.x + x, place.y + y);
        for i in 0..self.n_features {
            let (head, inner) = view.outer(i, arrows.column(i));
            // The other arrows are dimmed already.
            sheet.spot(Spot::new(Extent::Line(on_sheet(head), on_sheet(inner)), 0, i, 0).of(Some(i)).quiet());
        }
    }

    fn tell(&self, key: Key) -> String {
        let (idx, n) = (key.indices().0, self.n_features);
        let n_hidden = self.weights.len().checked_div(n).unwrap_or(0);
        if idx >= n || n_hidden * n != self.weights.len() {
            return String::new();
        }
        let w: Vec<f64> = self.weights.iter().copied().map(f64::from).collect();
        let name =
            self.names.get(idx).filter(|name| !name.is_empty()).cloned().unwrap_or_else(|| (idx + 1).to_string());
        told(&name, idx, &Measures::of(&w, n, n_hidden))
    }
}

/// Where things are: a pure function of the figure's size and the weights, shared by drawing and hit tests.
#[derive(Debug, Clone, Copy)]
struct View {
    size: (f64, f64),
    centre: Point,
    /// CSS pixels a unit of W.
    unit: f64,
    /// CSS pixels from row to row when m = 1, else 0.
    row: f64,
    n_features: usize,
    stroke: f64,
    dot: f64,
    font: f64,
}

impl View {
    fn of(arrows: &Arrows, size: (f64, f64)) -> Self {
        let half = 0.5 * size.0.min(size.1);
        // One hidden dimension needs only width: such a figure may be flat.
        let reach = if arrows.n_hidden == 1 { 0.5 * size.0 } else { half };
        let font = (0.088 * half).clamp(Theme::SMALL, 15.0);
        let dot = (0.041 * half).clamp(3.0, 7.0);
        let longest = (0..arrows.n_features).map(|i| arrows.norm(i)).fold(0.0, f64::max);
        // Room beyond the longest column for its dot and label.
        let edge = (reach - dot - 3.0 - 1.3 * font).max(0.3 * reach);
        let unit = (reach / HALF_RANGE).min(if longest > 0.0 { edge / longest } else { f64::INFINITY });
        let row = match arrows.n_hidden {
            1 => (0.18 * reach).max(28.0).min(0.85 * size.1 / arrows.n_features as f64),
            _ => 0.0,
        };
        Self {
            size,
            centre: (0.5 * size.0, 0.5 * size.1),
            unit,
            row,
            n_features: arrows.n_features,
            stroke: (0.024 * half).clamp(1.8, 4.5),
            dot,
            font,
        }
    }

    fn tail(&self, feature_idx: usize) -> Point {
        let rows_below = feature_idx as f64 - 0.5 * (self.n_features as f64 - 1.0);
        (self.centre.0, self.centre.1 + rows_below * self.row)
    }

    fn head(&self, feature_idx: usize, (x, y): Point) -> Point {
        let tail = self.tail(feature_idx);
        (tail.0 + x * self.unit, tail.1 - y * self.unit)
    }

    /// The head and the point a third of the way to it: near the origin every arrow is near, so that only the outer two thirds of
    /// each can be pointed at.
    fn outer(&self, feature_idx: usize, column: Point) -> (Point, Point) {
        let (tail, head) = (self.tail(feature_idx), self.head(feature_idx, column));
        (head, (tail.0 + (head.0 - tail.0) / 3.0, tail.1 + (head.1 - tail.1) / 3.0))
    }
}

/// Draws background, guides and data: a whole frame.
pub fn draw<DB: DrawingBackend>(sheet: &mut Sheet<DB>, theme: &Theme, arrows: &Arrows) {
    sheet.cover(theme.card);
    draw_guides(sheet, theme, arrows);
    draw_columns(sheet, theme, arrows);
}

/// Draws what does not move while the columns are no longer than usual: the axes, and what stands for norms 1/2 and 1.
pub fn draw_guides<DB: DrawingBackend>(sheet: &mut Sheet<DB>, theme: &Theme, arrows: &Arrows) {
    let view = View::of(arrows, sheet.size());
    let (cx, cy) = (sheet.hair(view.centre.0), sheet.hair(view.centre.1));
    let guide = theme.guide();
    if arrows.n_hidden == 1 {
        let half_height = 0.5 * view.row * arrows.n_features as f64;
        let upright = |x: f64| [(sheet.hair(x), cy - half_height), (sheet.hair(x), cy + half_height)];
        for side in [-1.0, 1.0] {
            sheet.path(&upright(cx + side * view.unit), Theme::HAIRLINE, guide);
            sheet.dashed(&upright(cx + side * 0.5 * view.unit), 2.5, Theme::HAIRLINE, guide);
        }
        sheet.path(&upright(cx), Theme::HAIRLINE, theme.faint);
        return;
    }
    let reach = (1.25 * view.unit).min(0.5 * view.size.0 - 1.0).min(0.5 * view.size.1 - 1.0);
    sheet.path(&[(cx - reach, cy), (cx + reach, cy)], Theme::HAIRLINE, guide);
    sheet.path(&[(cx, cy - reach), (cx, cy + reach)], Theme::HAIRLINE, guide);
    sheet.ring((cx, cy), view.unit, Theme::HAIRLINE, guide);
    let steps = 72;
    let inner: Vec<Point> = (0..=steps)
        .map(|step| {
            let (sin, cos) = (TAU * f64::from(step) / f64::from(steps)).sin_cos();
            (cx + 0.5 * view.unit * cos, cy + 0.5 * view.unit * sin)
        })
        .collect();
    sheet.dashed(&inner, 2.5, Theme::HAIRLINE, guide);
}

/// Draws what moves: the polygon's outline, the arrows and their labels.
pub fn draw_columns<DB: DrawingBackend>(sheet: &mut Sheet<DB>, theme: &Theme, arrows: &Arrows) {
    let view = View::of(arrows, sheet.size());
    let n = arrows.n_features;
    let heads: Vec<Point> = (0..n).map(|i| view.head(i, arrows.column(i))).collect();
    let is_meant = |i: usize| arrows.highlight.is_none_or(|meant| meant == i);

    if let Some((corners, certainty)) = arrows.polygon().filter(|_| arrows.outline) {
        let mut outline: Vec<Point> = corners.iter().map(|&i| heads[i]).collect();
        outline.push(outline[0]);
        let color = super::color::mix(theme.card, theme.faint, certainty);
        sheet.dashed(&outline, 3.5, Theme::OUTLINE, color);
    }

    // From the least important up, dots of near-zero columns last, the meant feature on top of all.
    let mut order: Vec<usize> = (0..n).collect();
    let key = |i| (arrows.highlight == Some(i), arrows.norm(i) < DOT_BELOW, std::cmp::Reverse(i));
    order::order_by(&mut order, &mut |i, j| key(i).cmp(&key(j)));
    let mut discs = vec![((0.0, 0.0), 0.0); n];
    for &i in &order {
        let color = theme.tint(arrows.tint(i));
        let color = if is_meant(i) { color } else { theme.dimmed(color) };
        let norm = arrows.norm(i);
        if norm >= DOT_BELOW {
            sheet.path(&[view.tail(i), heads[i]], view.stroke, color);
        }
        let radius = view.dot * (0.62 + 0.38 * (norm / REPRESENTED_ABOVE).min(1.0));
        sheet.disc(heads[i], radius, color);
        discs[i] = (heads[i], radius);
    }
    draw_labels(sheet, theme, arrows, &view, &discs);
}

fn draw_labels<DB: DrawingBackend>(
    sheet: &mut Sheet<DB>,
    theme: &Theme,
    arrows: &Arrows,
    view: &View,
    discs: &[(Point, f64)],
) {
    let n = arrows.n_features;
    let ink = |i: usize| {
        let meant = arrows.highlight.is_none_or(|meant| meant == i);
        let color = if meant { theme.tint_text(arrows.tint(i)) } else { theme.soft };
        Ink { size: view.font, bold: true, color, background: theme.card }
    };
    let mut wanted: Vec<usize> =
        (0..n).filter(|&i| arrows.norm(i) >= LABEL_ABOVE && !arrows.name(i).is_empty()).collect();
    order::order_by(&mut wanted, &mut |i, j| (arrows.highlight != Some(i), i).cmp(&(arrows.highlight != Some(j), j)));
    let mut marks = Vec::with_capacity(wanted.len());
    for i in wanted {
        let ((x, y), norm) = (arrows.column(i), arrows.norm(i));
        let width = sheet.text_width(&arrows.name(i), &ink(i));
        marks.push(Mark {
            feature_idx: i,
            at: discs[i].0,
            radius: discs[i].1,
            outward: (x / norm, -y / norm),
            size: (width, view.font * LINE_HEIGHT),
        });
    }
    let segments: Vec<_> = (0..n).map(|i| (view.tail(i), discs[i].0, view.stroke)).collect();
    let bounds = Box2 { x: 0.0, y: 0.0, width: view.size.0, height: view.size.1 };
    let places = labels::place(&marks, &Obstacles { bounds, discs, segments: &segments });
    for (mark, place) in marks.iter().zip(places) {
        if let Some(place) = place {
            let text = arrows.name(mark.feature_idx);
            // Guides end at a name; arrows and dots it keeps clear of.
            sheet.fill(&place, theme.card);
            sheet.text(&text, place.centre(), Align::Middle, &ink(mark.feature_idx));
        }
    }
}

/// The feature whose arrow lies under the pointer, the nearest if there are several.
///
/// # Units
/// `size` and `at` in CSS pixels.
pub fn hit(size: (f64, f64), arrows: &Arrows, at: Point) -> Option<usize> {
    let view = View::of(arrows, size);
    let distance = |i: usize| {
        let (head, inner) = view.outer(i, arrows.column(i));
        let to_head = ((at.0 - head.0).hypot(at.1 - head.1) - view.dot).max(0.0);
        to_segment(at, inner, head).min(to_head)
    };
    (0..arrows.n_features)
        .map(|i| (i, distance(i)))
        .filter(|&(_, distance)| distance <= HIT_RADIUS)
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(i, _)| i)
}

fn to_segment(at: Point, a: Point, b: Point) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let length_squared = dx * dx + dy * dy;
    let t = if length_squared > 0.0 { ((at.0 - a.0) * dx + (at.1 - a.1) * dy) / length_squared } else { 0.0 };
    let t = t.clamp(0.0, 1.0);
    (at.0 - a.0 - t * dx).hypot(at.1 - a.1 - t * dy)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// k corners at norm 1, feature i at corner `3 i mod k`, turned by `turn`.
    fn polygon(k: usize, turn: f64) -> Vec<f32> {
        let angle = |i: usize| turn + TAU * ((3 * i) % k) as f64 / k as f64;
        (0..k).map(|i| angle(i).cos() as f32).chain((0..k).map(|i| angle(i).sin() as f32)).collect()
    }

    #[test]
    fn polygons_are_outlined_corner_by_corner_and_squares_are_not() {
        for k in [5, 7, 8] {
            let weights = polygon(k, 0.3);
            let (corners, certainty) = Arrows::new(k, 2, &weights).unwrap().polygon().expect("a regular polygon");
            assert_eq!(certainty, 1.0);
            assert_eq!(corners.len(), k);
            for pair in corners.windows(2) {
                let step = (3 * pair[1] + 2 * k - 3 * pair[0]) % k;
                assert_eq!(step, 1, "{corners:?} are not in the order of their angles");
            }
        }
        assert!(Arrows::new(4, 2, &polygon(4, 0.3)).unwrap().polygon().is_none());
        // Five features that hold the angles of a hexagon but for one corner are no pentagon.
        let hexagon = [0.0, 1.0, 2.0, 3.0, 4.0].map(|i: f64| i * TAU / 6.0);
        let weights: Vec<f32> =
            hexagon.iter().map(|a| a.cos() as f32).chain(hexagon.iter().map(|a| a.sin() as f32)).collect();
        assert!(Arrows::new(5, 2, &weights).unwrap().polygon().is_none());
    }

    #[test]
    fn the_scale_is_fixed_until_a_column_would_leave_and_has_no_jump() {
        let unit = |norm: f32| View::of(&Arrows::new(1, 2, &[norm, 0.0]).unwrap(), (300.0, 300.0)).unit;
        assert_eq!(unit(0.0), unit(1.1));
        let mut before = unit(0.5);
        for step in 0..4000 {
            let now = unit(0.5 + 0.001 * step as f32);
            assert!(now <= before && before - now < 0.15, "the scale jumps from {before} to {now}");
            before = now;
        }
    }

    #[test]
    fn what_has_no_picture_is_refused_by_name() {
        let message = Arrows::new(20, 5, &[0.0; 100]).unwrap_err().to_string();
        assert_eq!(message, "hidden: got 5, expected 1 or 2 for the arrows figure");
        assert!(Arrows::new(5, 2, &[0.0; 9]).is_err());
        assert!(Arrows::new(0, 2, &[]).is_err());
    }

    #[test]
    fn the_arrow_under_the_pointer_is_found() {
        let weights = [1.0, 0.0, 0.0, 0.0, 1.0, 0.01];
        let arrows = Arrows::new(3, 2, &weights).unwrap();
        let size = (284.0, 284.0);
        assert_eq!(hit(size, &arrows, (142.0 + 100.0, 142.0)), Some(0));
        assert_eq!(hit(size, &arrows, (142.0, 142.0 - 60.0)), Some(1), "up is the second row of W");
        assert_eq!(hit(size, &arrows, (143.0, 141.0)), Some(2));
        assert_eq!(hit(size, &arrows, (20.0, 20.0)), None);
    }
}
