//! A sheet to draw a figure on: a `plotters` drawing area that is spoken to in CSS pixels and remembers its texts.
//!
//! Every figure draws through a [`Sheet`]: it turns fractional CSS pixels into the whole units of the backend, snaps
//! hairlines, dashes lines, and records each text with its box and background, for hit tests and for the tests that no
//! label is clipped, covered or pale. It takes every colour as given: which ones there are is the theme's business.

use super::color::css;
use super::spots::{Extent, Spot};
use super::theme::{Surface, Theme};
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::element::{Circle, PathElement, Polygon, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, TextStyle};
use serde::Serialize;

/// What drawing gives back.
pub type Drawn<T, DB> = Result<T, DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

/// A point in CSS pixels from the upper left corner of the figure.
pub type Point = (f64, f64);

/// Height of a line of text in multiples of its size: from the ascender to the descender of common faces.
pub const LINE_HEIGHT: f64 = 1.2;

/// A rectangle in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Box2 {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Box2 {
    /// The box of that size around `centre`.
    pub fn around(centre: Point, width: f64, height: f64) -> Self {
        Self { x: centre.0 - width / 2.0, y: centre.1 - height / 2.0, width, height }
    }

    /// Its right edge.
    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    /// Its lower edge.
    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }

    /// Its middle.
    pub fn centre(&self) -> Point {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    /// The box with `by` more on each side.
    pub fn grown(&self, by: f64) -> Self {
        Self { x: self.x - by, y: self.y - by, width: self.width + 2.0 * by, height: self.height + 2.0 * by }
    }

    /// Whether the two share more than an edge.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }

    /// Whether all of `other` lies inside.
    pub fn contains(&self, other: &Self) -> bool {
        self.x <= other.x && self.y <= other.y && other.right() <= self.right() && other.bottom() <= self.bottom()
    }

    /// Whether the point lies inside or on the edge.
    pub fn holds(&self, (x, y): Point) -> bool {
        self.x <= x && x <= self.right() && self.y <= y && y <= self.bottom()
    }

    /// Whether any part of the segment from `a` to `b` lies inside.
    pub fn meets_segment(&self, a: Point, b: Point) -> bool {
        self.clip(a, b).is_some()
    }

    /// The part of the segment from `a` to `b` that lies inside (Liang and Barsky's clipping); none of one with an end
    /// that is not a number.
    pub fn clip(&self, a: Point, b: Point) -> Option<(Point, Point)> {
        if ![a.0, a.1, b.0, b.1].iter().all(|coordinate| coordinate.is_finite()) {
            return None;
        }
        let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
        let direction = (b.0 - a.0, b.1 - a.1);
        for (step, to_low, to_high) in
            [(direction.0, self.x - a.0, self.right() - a.0), (direction.1, self.y - a.1, self.bottom() - a.1)]
        {
            if step == 0.0 {
                if to_low > 0.0 || to_high < 0.0 {
                    return None;
                }
                continue;
            }
            let (first, second) = if step > 0.0 { (to_low, to_high) } else { (to_high, to_low) };
            enter = enter.max(first / step);
            leave = leave.min(second / step);
        }
        // The ends themselves are given back as they came, so that joined segments stay joined.
        let at = |t: f64| match t {
            0.0 => a,
            1.0 => b,
            _ => (a.0 + t * direction.0, a.1 + t * direction.1),
        };
        (enter <= leave).then(|| (at(enter), at(leave)))
    }
}

/// A text that was drawn: what, where (CSS pixels), in which colour and on which.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TextBox {
    /// The text.
    pub text: String,
    /// Left edge of its box.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width, as drawn: a text that was turned is as wide as it is high.
    pub width: f64,
    /// Height.
    pub height: f64,
    /// Colour, `#rrggbb`.
    pub color: String,
    /// The colour it lies on.
    pub background: String,
}

impl TextBox {
    /// Where it lies.
    pub fn place(&self) -> Box2 {
        Box2 { x: self.x, y: self.y, width: self.width, height: self.height }
    }
}

/// Which point of a text is the given one; vertically it is always the middle of its capitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Its left end.
    Left,
    /// Its middle.
    Middle,
    /// Its right end.
    Right,
}

/// How a text is written.
#[derive(Debug, Clone, Copy)]
pub struct Ink {
    /// Size in CSS pixels.
    pub size: f64,
    /// Semibold in place of regular.
    pub bold: bool,
    /// Its colour.
    pub color: RGBColor,
    /// The colour it lies on.
    pub background: RGBColor,
}

/// A drawing area in CSS pixels.
pub struct Sheet<'a, DB: DrawingBackend> {
    area: &'a DrawingArea<DB, Shift>,
    surface: Surface,
    texts: Vec<TextBox>,
    spots: Vec<Spot>,
    /// The feature to light up, whatever shows it.
    pub highlight: Option<usize>,
}

impl<'a, DB: DrawingBackend> Sheet<'a, DB> {
    /// A sheet over the whole area.
    pub fn new(area: &'a DrawingArea<DB, Shift>, theme: &Theme) -> Self {
        Self { area, surface: theme.surface, texts: Vec::new(), spots: Vec::new(), highlight: None }
    }

    /// The same with a feature to light up.
    pub fn with_highlight(self, highlight: Option<usize>) -> Self {
        Self { highlight, ..self }
    }

    /// The size of the area in CSS pixels.
    pub fn size(&self) -> (f64, f64) {
        let (width, height) = self.area.dim_in_pixel();
        (f64::from(width) / self.surface.units, f64::from(height) / self.surface.units)
    }

    /// Lets something that draws on an area of its own draw into `place`, and keeps its texts.
    ///
    /// # Errors
    /// What the backend reports.
    pub fn nested(
        &mut self,
        place: &Box2,
        draw: impl FnOnce(&DrawingArea<DB, Shift>) -> Drawn<Vec<TextBox>, DB>,
    ) -> Drawn<(), DB> {
        let (corner, size) = (self.units((place.x, place.y)), self.units((place.width, place.height)));
        let inner = self.area.clone().shrink(corner, (size.0.max(1) as u32, size.1.max(1) as u32));
        for mut text in draw(&inner)? {
            text.x += f64::from(corner.0) / self.surface.units;
            text.y += f64::from(corner.1) / self.surface.units;
            self.texts.push(text);
        }
        Ok(())
    }

    /// Every text written so far, in order.
    pub fn texts(&self) -> &[TextBox] {
        &self.texts
    }

    /// The same, as what drawing gives back.
    pub fn into_texts(self) -> Vec<TextBox> {
        self.texts
    }

    /// Remembers a mark that can be pointed at.
    pub fn spot(&mut self, spot: Spot) {
        self.spots.push(spot);
    }

    /// Every mark so far, in the order drawn.
    pub fn spots(&self) -> &[Spot] {
        &self.spots
    }

    /// The texts and the marks.
    pub fn into_parts(self) -> (Vec<TextBox>, Vec<Spot>) {
        (self.texts, self.spots)
    }

    /// Outlines the marks of the feature to light up, from the `first` mark on.
    ///
    /// # Errors
    /// What the backend reports.
    pub fn outline_lit(&self, first: usize, theme: &Theme) -> Drawn<(), DB> {
        let Some(lit) = self.highlight else { return Ok(()) };
        for spot in &self.spots[first..] {
            if !spot.outlined || spot.feature.is_none_or(|feature| feature as usize != lit) {
                continue;
            }
            match spot.extent {
                // A ring of the ground's colour between: it is seen on marks of any colour.
                Extent::Disc(at, radius) => {
                    self.ring(at, radius + 1.4, 1.6, theme.card)?;
                    self.ring(at, radius + 2.8, Theme::LIT, theme.ink)?;
                }
                Extent::Line(a, b) => self.path(&[a, b], Theme::LIT, theme.ink)?,
                Extent::Box(place) => self.frame(&place.grown(0.5), Theme::LIT, theme.ink)?,
            }
        }
        Ok(())
    }

    fn units(&self, (x, y): Point) -> (i32, i32) {
        ((x * self.surface.units).round() as i32, (y * self.surface.units).round() as i32)
    }

    fn length(&self, pixels: f64) -> u32 {
        (pixels * self.surface.units).round().max(1.0) as u32
    }

    /// The edge of a device pixel that is nearest to `coordinate`.
    pub fn edge(&self, coordinate: f64) -> f64 {
        let pixel = self.surface.pixel / self.surface.units;
        (coordinate / pixel).round() * pixel
    }

    /// The place for a hairline: in the middle of a device pixel, where it covers that pixel and no other.
    pub fn hair(&self, coordinate: f64) -> f64 {
        let pixel = self.surface.pixel / self.surface.units;
        ((coordinate / pixel).floor() + 0.5) * pixel
    }

    /// Whether filled edges should be snapped with [`Sheet::edge`].
    pub fn is_raster(&self) -> bool {
        self.surface.raster
    }

    /// A path with round joins and ends (the backends see to them).
    pub fn path(&self, points: &[Point], width: f64, color: RGBColor) -> Drawn<(), DB> {
        let points: Vec<_> = points.iter().map(|&point| self.units(point)).collect();
        self.area.draw(&PathElement::new(points, color.stroke_width(self.length(width))))
    }

    /// A path in dashes of `dash` CSS pixels with gaps of the same visible length.
    pub fn dashed(&self, points: &[Point], dash: f64, width: f64, color: RGBColor) -> Drawn<(), DB> {
        // Each end is round and adds half a width to its dash: the gap gives that back.
        let (on, period) = (dash, 2.0 * dash + width);
        let mut walked = 0.0;
        let mut piece: Vec<Point> = Vec::new();
        for pair in points.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let length = (b.0 - a.0).hypot(b.1 - a.1);
            let at = |s: f64| (a.0 + (b.0 - a.0) * s / length, a.1 + (b.1 - a.1) * s / length);
            let mut s = 0.0;
            while s < length {
                let phase = (walked + s) % period;
                let inside = phase < on;
                let step = (if inside { on - phase } else { period - phase }).max(1e-6).min(length - s);
                if inside {
                    if piece.is_empty() {
                        piece.push(at(s));
                    }
                    piece.push(at(s + step));
                }
                s += step;
                if !inside || phase + step >= on {
                    self.flush(&mut piece, width, color)?;
                }
            }
            walked += length;
        }
        self.flush(&mut piece, width, color)
    }

    fn flush(&self, piece: &mut Vec<Point>, width: f64, color: RGBColor) -> Drawn<(), DB> {
        if piece.len() > 1 {
            self.path(piece, width, color)?;
        }
        piece.clear();
        Ok(())
    }

    /// A filled disc.
    pub fn disc(&self, centre: Point, radius: f64, color: RGBColor) -> Drawn<(), DB> {
        self.area.draw(&Circle::new(self.units(centre), self.length(radius), color.filled()))
    }

    /// A circle's line.
    pub fn ring(&self, centre: Point, radius: f64, width: f64, color: RGBColor) -> Drawn<(), DB> {
        self.area.draw(&Circle::new(self.units(centre), self.length(radius), color.stroke_width(self.length(width))))
    }

    /// A filled rectangle.
    pub fn fill(&self, place: &Box2, color: RGBColor) -> Drawn<(), DB> {
        let corners = [self.units((place.x, place.y)), self.units((place.right(), place.bottom()))];
        self.area.draw(&Rectangle::new(corners, color.filled()))
    }

    /// A filled polygon; the last corner is joined to the first.
    pub fn polygon(&self, corners: &[Point], color: RGBColor) -> Drawn<(), DB> {
        let corners: Vec<_> = corners.iter().map(|&corner| self.units(corner)).collect();
        self.area.draw(&Polygon::new(corners, color.filled()))
    }

    /// The outline of a rectangle.
    pub fn frame(&self, place: &Box2, width: f64, color: RGBColor) -> Drawn<(), DB> {
        let (l, t, r, b) = (place.x, place.y, place.right(), place.bottom());
        self.path(&[(l, t), (r, t), (r, b), (l, b), (l, t)], width, color)
    }

    /// The width of a text as this surface would draw it.
    pub fn text_width(&self, text: &str, ink: &Ink) -> Drawn<f64, DB> {
        let (width, _) = self.area.estimate_text_size(text, &self.style(ink, Align::Left, FontTransform::None))?;
        Ok(f64::from(width) / self.surface.units)
    }

    /// The box that [`Sheet::text`] will fill.
    pub fn text_box(&self, text: &str, (x, y): Point, align: Align, ink: &Ink) -> Drawn<Box2, DB> {
        let width = self.text_width(text, ink)?;
        let height = ink.size * LINE_HEIGHT;
        let left = match align {
            Align::Left => x,
            Align::Middle => x - width / 2.0,
            Align::Right => x - width,
        };
        Ok(Box2 { x: left, y: y - height / 2.0, width, height })
    }

    /// Writes a text at a point and records it.
    pub fn text(&mut self, text: &str, at: Point, align: Align, ink: &Ink) -> Drawn<(), DB> {
        let place = self.text_box(text, at, align, ink)?;
        self.area.draw_text(text, &self.style(ink, align, FontTransform::None), self.units(at))?;
        self.record(text, &place, ink);
        Ok(())
    }

    /// Writes a text that reads upward, its middle at the point, and records it.
    pub fn text_upward(&mut self, text: &str, at: Point, ink: &Ink) -> Drawn<(), DB> {
        let flat = self.text_box(text, at, Align::Middle, ink)?;
        self.area.draw_text(text, &self.style(ink, Align::Middle, FontTransform::Rotate270), self.units(at))?;
        self.record(text, &Box2::around(at, flat.height, flat.width), ink);
        Ok(())
    }

    /// Writes a text at the first of the places where it lies in `bounds` and covers no text written before; whether
    /// there was one.
    pub fn label(&mut self, text: &str, places: &[(Point, Align)], bounds: &Box2, ink: &Ink) -> Drawn<bool, DB> {
        for &(at, align) in places {
            let place = self.text_box(text, at, align, ink)?;
            // Surfaces measure to whole units: what was laid out to touch an edge may pass it by a hair.
            if bounds.grown(0.5).contains(&place) && !self.texts.iter().any(|other| other.place().overlaps(&place)) {
                self.text(text, at, align, ink)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The same for a text that reads upward, its middle at the one place `at`.
    pub fn label_upward(&mut self, text: &str, at: Point, bounds: &Box2, ink: &Ink) -> Drawn<bool, DB> {
        let flat = self.text_box(text, at, Align::Middle, ink)?;
        let place = Box2::around(at, flat.height, flat.width);
        let free = bounds.contains(&place) && !self.texts.iter().any(|other| other.place().overlaps(&place));
        if free {
            self.text_upward(text, at, ink)?;
        }
        Ok(free)
    }

    fn record(&mut self, text: &str, place: &Box2, ink: &Ink) {
        self.texts.push(TextBox {
            text: text.to_owned(),
            x: place.x,
            y: place.y,
            width: place.width,
            height: place.height,
            color: css(ink.color),
            background: css(ink.background),
        });
    }

    fn style(&self, ink: &Ink, align: Align, transform: FontTransform) -> TextStyle<'static> {
        let weight = if ink.bold { FontStyle::Bold } else { FontStyle::Normal };
        let font = FontDesc::new(FontFamily::Name(Theme::SANS), ink.size * self.surface.units, weight);
        let horizontal = match align {
            Align::Left => HPos::Left,
            Align::Middle => HPos::Center,
            Align::Right => HPos::Right,
        };
        TextStyle {
            font: font.transform(transform),
            color: ink.color.to_backend_color(),
            pos: Pos::new(horizontal, VPos::Center),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_meets_a_box_it_crosses_starts_in_or_grazes_only() {
        let place = Box2 { x: 1.0, y: 1.0, width: 2.0, height: 1.0 };
        assert!(place.meets_segment((0.0, 0.0), (4.0, 3.0)));
        assert!(place.meets_segment((2.0, 1.5), (9.0, 9.0)));
        assert!(place.meets_segment((2.0, 0.0), (2.0, 5.0)));
        assert!(!place.meets_segment((0.0, 0.0), (0.9, 0.9)));
        assert!(!place.meets_segment((0.0, 2.5), (4.0, 2.5)));
        assert!(!place.meets_segment((0.0, 1.5), (2.0, 3.5)));
    }

    #[test]
    fn boxes_overlap_when_they_share_more_than_an_edge() {
        let place = Box2 { x: 0.0, y: 0.0, width: 2.0, height: 2.0 };
        assert!(place.overlaps(&Box2 { x: 1.9, y: 1.9, width: 1.0, height: 1.0 }));
        assert!(!place.overlaps(&Box2 { x: 2.0, y: 0.0, width: 1.0, height: 1.0 }));
        assert!(place.contains(&place) && !place.grown(-0.1).contains(&place));
    }
}
