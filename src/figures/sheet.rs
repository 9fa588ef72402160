//! A sheet to draw a figure on: a `plotters` drawing area that is spoken to in CSS pixels and remembers its texts.
//!
//! Every figure draws through a [`Sheet`]: it turns fractional CSS pixels into the whole units of the backend, snaps
//! hairlines, dashes lines, and records each text with its box and background, for hit tests and for the tests that no
//! label is clipped, covered or pale. It takes every colour as given: which ones there are is the theme's business.
//!
//! Drawing itself gives back no errors: the sheet remembers the first one of its backend, draws nothing after it, and gives it back from
//! [`Sheet::finish`]. A check after every stroke would be a good part of the code that the page downloads.

use super::boxes::{Box2, Point};
use super::color::css;
use super::spots::{Extent, Spot};
use super::theme::{Surface, Theme};
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle, TextStyle};
use serde::Serialize;
use std::cell::OnceCell;
use std::mem::{replace, take};

/// What came of a drawing.
pub type Drawn<T, DB> = Result<T, DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

/// Height of a line of text in multiples of its size: from the ascender to the descender of common faces.
pub const LINE_HEIGHT: f64 = 1.2;

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
pub struct Sheet<DB: DrawingBackend> {
    area: DrawingArea<DB, Shift>,
    /// The first error of the backend: nothing is drawn after it.
    failure: OnceCell<DrawingAreaErrorKind<DB::ErrorType>>,
    surface: Surface,
    texts: Vec<TextBox>,
    spots: Vec<Spot>,
    /// The feature to light up, whatever shows it.
    pub highlight: Option<usize>,
}

impl<DB: DrawingBackend> Sheet<DB> {
    /// A sheet over the whole of what `backend` draws on.
    pub fn new(backend: DB, theme: &Theme) -> Self {
        Self {
            area: backend.into_drawing_area(),
            failure: OnceCell::new(),
            surface: theme.surface,
            texts: Vec::new(),
            spots: Vec::new(),
            highlight: None,
        }
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

    /// Presents what was drawn, and gives back the texts and the marks.
    ///
    /// # Errors
    /// The first that the backend reported.
    pub fn finish(self) -> Drawn<(Vec<TextBox>, Vec<Spot>), DB> {
        match self.failure.into_inner() {
            Some(error) => Err(error),
            None => self.area.present().map(|()| (self.texts, self.spots)),
        }
    }

    /// Lets `draw` have `place` as a sheet of its own, and keeps the texts.
    pub fn nested(&mut self, place: &Box2, draw: impl FnOnce(&mut Self)) {
        let (corner, size) = (self.units((place.x, place.y)), self.units((place.width, place.height)));
        let inner = self.area.clone().shrink(corner, (size.0.max(1) as u32, size.1.max(1) as u32));
        let (outer, texts) = (replace(&mut self.area, inner), take(&mut self.texts));
        draw(self);
        self.area = outer;
        for mut text in replace(&mut self.texts, texts) {
            text.x += f64::from(corner.0) / self.surface.units;
            text.y += f64::from(corner.1) / self.surface.units;
            self.texts.push(text);
        }
    }

    /// Every text written so far, in order.
    pub fn texts(&self) -> &[TextBox] {
        &self.texts
    }

    /// Remembers a mark that can be pointed at.
    pub fn spot(&mut self, spot: Spot) {
        self.spots.push(spot);
    }

    /// Every mark so far, in the order drawn.
    pub fn spots(&self) -> &[Spot] {
        &self.spots
    }

    /// Outlines the marks of the feature to light up, from the `first` mark on.
    pub fn outline_lit(&self, first: usize, theme: &Theme) {
        let Some(lit) = self.highlight else { return };
        for spot in &self.spots[first..] {
            if !spot.outlined || spot.feature.is_none_or(|feature| feature as usize != lit) {
                continue;
            }
            match spot.extent {
                // A ring of the ground's colour between: it is seen on marks of any colour.
                Extent::Disc(at, radius) => {
                    self.ring(at, radius + 1.4, 1.6, theme.card);
                    self.ring(at, radius + 2.8, Theme::LIT, theme.ink);
                }
                Extent::Line(a, b) => self.path(&[a, b], Theme::LIT, theme.ink),
                Extent::Box(place) => self.frame(&place.grown(0.5 + 0.5 * Theme::LIT), Theme::LIT, theme.ink),
            }
        }
    }

    fn units(&self, (x, y): Point) -> (i32, i32) {
        ((x * self.surface.units).round() as i32, (y * self.surface.units).round() as i32)
    }

    /// The width of a line as it is drawn: a hairline is whole device pixels, and at least one.
    fn stroke(&self, width: f64) -> f64 {
        let pixel = self.surface.pixel / self.surface.units;
        if width == Theme::HAIRLINE { (width / pixel).round().max(1.0) * pixel } else { width }
    }

    fn length(&self, pixels: f64) -> u32 {
        (pixels * self.surface.units).round().max(1.0) as u32
    }

    /// The edge of a device pixel that is nearest to `coordinate`.
    pub fn edge(&self, coordinate: f64) -> f64 {
        let pixel = self.surface.pixel / self.surface.units;
        (coordinate / pixel).round() * pixel
    }

    /// The place for a hairline: where it covers whole device pixels, from the one at `coordinate` on.
    pub fn hair(&self, coordinate: f64) -> f64 {
        let pixel = self.surface.pixel / self.surface.units;
        (coordinate / pixel).floor() * pixel + self.stroke(Theme::HAIRLINE) / 2.0
    }

    /// Whether filled edges should be snapped with [`Sheet::edge`].
    pub fn is_raster(&self) -> bool {
        self.surface.raster
    }

    /// Asks the backend for something, unless it has failed before; keeps its error.
    fn ask<T>(&self, something: impl FnOnce(&DrawingArea<DB, Shift>) -> Drawn<T, DB>) -> Option<T> {
        if self.failure.get().is_some() {
            return None;
        }
        something(&self.area).map_err(|error| self.failure.set(error)).ok()
    }

    /// Covers all of it with a colour.
    pub fn cover(&self, color: RGBColor) {
        self.ask(|area| area.fill(&color));
    }

    /// A path with round joins and ends (the backends see to them).
    pub fn path(&self, points: &[Point], width: f64, color: RGBColor) {
        let points: Vec<_> = points.iter().map(|&point| self.units(point)).collect();
        let width = self.length(self.stroke(width));
        self.ask(|area| area.draw(&PathElement::new(points, color.stroke_width(width))));
    }

    /// A path in dashes of `dash` CSS pixels with gaps of the same visible length.
    pub fn dashed(&self, points: &[Point], dash: f64, width: f64, color: RGBColor) {
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
                    self.flush(&mut piece, width, color);
                }
            }
            walked += length;
        }
        self.flush(&mut piece, width, color);
    }

    fn flush(&self, piece: &mut Vec<Point>, width: f64, color: RGBColor) {
        if piece.len() > 1 {
            self.path(piece, width, color);
        }
        piece.clear();
    }

    /// A filled disc.
    pub fn disc(&self, centre: Point, radius: f64, color: RGBColor) {
        self.circle(centre, radius, color.filled());
    }

    /// A circle's line.
    pub fn ring(&self, centre: Point, radius: f64, width: f64, color: RGBColor) {
        self.circle(centre, radius, color.stroke_width(self.length(width)));
    }

    fn circle(&self, centre: Point, radius: f64, style: ShapeStyle) {
        self.ask(|area| area.draw(&Circle::new(self.units(centre), self.length(radius), style)));
    }

    /// A filled rectangle.
    pub fn fill(&self, place: &Box2, color: RGBColor) {
        let corners = [self.units((place.x, place.y)), self.units((place.right(), place.bottom()))];
        self.ask(|area| area.draw(&Rectangle::new(corners, color.filled())));
    }

    /// A filled polygon; the last corner is joined to the first.
    pub fn polygon(&self, corners: &[Point], color: RGBColor) {
        let corners: Vec<_> = corners.iter().map(|&corner| self.units(corner)).collect();
        self.ask(|area| area.draw(&Polygon::new(corners, color.filled())));
    }

    /// The outline of a rectangle, all of it inside: at the edge of a picture no half of it is cut off.
    pub fn frame(&self, place: &Box2, width: f64, color: RGBColor) {
        let inset = self.stroke(width) / 2.0;
        let (l, t) = (self.edge(place.x) + inset, self.edge(place.y) + inset);
        let (r, b) = (self.edge(place.right()) - inset, self.edge(place.bottom()) - inset);
        self.path(&[(l, t), (r, t), (r, b), (l, b), (l, t)], width, color);
    }

    /// The width of a text as this surface would draw it; 0 after an error.
    pub fn text_width(&self, text: &str, ink: &Ink) -> f64 {
        let style = self.style(ink, Align::Left, FontTransform::None);
        let size = self.ask(|area| area.estimate_text_size(text, &style));
        size.map_or(0.0, |(width, _)| f64::from(width) / self.surface.units)
    }

    /// The box that [`Sheet::text`] will fill.
    pub fn text_box(&self, text: &str, (x, y): Point, align: Align, ink: &Ink) -> Box2 {
        let width = self.text_width(text, ink);
        let height = ink.size * LINE_HEIGHT;
        let left = match align {
            Align::Left => x,
            Align::Middle => x - width / 2.0,
            Align::Right => x - width,
        };
        Box2 { x: left, y: y - height / 2.0, width, height }
    }

    /// Writes a text at a point and records it.
    pub fn text(&mut self, text: &str, at: Point, align: Align, ink: &Ink) {
        let place = self.text_box(text, at, align, ink);
        self.write(text, at, &place, (align, FontTransform::None), ink);
    }

    /// Writes a text that reads upward, its middle at the point, and records it.
    pub fn text_upward(&mut self, text: &str, at: Point, ink: &Ink) {
        let place = self.upward_box(text, at, ink);
        self.write(text, at, &place, (Align::Middle, FontTransform::Rotate270), ink);
    }

    /// Writes a text at the first of the places where it lies in `bounds` and covers no text written before, if there is one.
    pub fn label(&mut self, text: &str, places: &[(Point, Align)], bounds: &Box2, ink: &Ink) {
        // Surfaces measure to whole units: what was laid out to touch an edge may pass it by a hair.
        let bounds = bounds.grown(0.5);
        for &(at, align) in places {
            let place = self.text_box(text, at, align, ink);
            if self.is_free(&place, &bounds) {
                self.write(text, at, &place, (align, FontTransform::None), ink);
                return;
            }
        }
    }

    /// The same for a text that reads upward, its middle at the one place `at`.
    pub fn label_upward(&mut self, text: &str, at: Point, bounds: &Box2, ink: &Ink) {
        let place = self.upward_box(text, at, ink);
        if self.is_free(&place, bounds) {
            self.write(text, at, &place, (Align::Middle, FontTransform::Rotate270), ink);
        }
    }

    fn upward_box(&self, text: &str, at: Point, ink: &Ink) -> Box2 {
        let flat = self.text_box(text, at, Align::Middle, ink);
        Box2::around(at, flat.height, flat.width)
    }

    fn is_free(&self, place: &Box2, bounds: &Box2) -> bool {
        bounds.contains(place) && !self.texts.iter().any(|other| other.place().overlaps(place))
    }

    fn write(&mut self, text: &str, at: Point, place: &Box2, (align, turn): (Align, FontTransform), ink: &Ink) {
        let style = self.style(ink, align, turn);
        self.ask(|area| area.draw_text(text, &style, self.units(at)));
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
    use super::super::theme::Mode;
    use super::*;
    use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingErrorKind};
    use std::cell::RefCell;
    use std::io::Error;

    type Outcome<T = ()> = Result<T, DrawingErrorKind<Error>>;

    /// A backend that notes what it is asked for, and refuses everything from the request of that index on.
    struct Breaking<'a> {
        asked: &'a RefCell<Vec<&'static str>>,
        from: usize,
    }

    impl Breaking<'_> {
        fn asked(&self, what: &'static str) -> Outcome {
            self.asked.borrow_mut().push(what);
            let idx = self.asked.borrow().len() - 1;
            if idx < self.from {
                Ok(())
            } else {
                Err(DrawingErrorKind::DrawingError(Error::other(format!("no {what}"))))
            }
        }
    }

    impl DrawingBackend for Breaking<'_> {
        type ErrorType = Error;

        fn get_size(&self) -> (u32, u32) {
            (100, 100)
        }

        fn ensure_prepared(&mut self) -> Outcome {
            Ok(())
        }

        fn present(&mut self) -> Outcome {
            self.asked("present")
        }

        fn draw_pixel(&mut self, _: BackendCoord, _: BackendColor) -> Outcome {
            self.asked("pixel")
        }

        fn draw_rect<S: BackendStyle>(&mut self, _: BackendCoord, _: BackendCoord, _: &S, _: bool) -> Outcome {
            self.asked("rectangle")
        }

        fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, _: I, _: &S) -> Outcome {
            self.asked("path")
        }

        fn draw_circle<S: BackendStyle>(&mut self, _: BackendCoord, _: u32, _: &S, fill: bool) -> Outcome {
            self.asked(if fill { "disc" } else { "ring" })
        }

        fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, _: I, _: &S) -> Outcome {
            self.asked("polygon")
        }

        fn draw_text<S: BackendTextStyle>(&mut self, _: &str, _: &S, _: BackendCoord) -> Outcome {
            self.asked("text")
        }

        fn estimate_text_size<S: BackendTextStyle>(&self, _: &str, _: &S) -> Outcome<(u32, u32)> {
            self.asked("width").map(|()| (10, 10))
        }
    }

    #[test]
    fn the_first_error_comes_back_and_nothing_is_drawn_after_it() {
        let all =
            ["rectangle", "path", "disc", "rectangle", "width", "text", "ring", "polygon", "width", "text", "present"];
        for from in 0..=all.len() {
            let asked = RefCell::new(Vec::new());
            let theme = Theme::new(Mode::Light, Surface { units: 1.0, pixel: 1.0, raster: true });
            let (color, ink) = (theme.ink, theme.plain(Theme::TEXT));
            let place = Box2 { x: 20.0, y: 20.0, width: 60.0, height: 60.0 };
            let mut sheet = Sheet::new(Breaking { asked: &asked, from }, &theme);
            sheet.cover(theme.card);
            sheet.frame(&place, 1.0, color);
            sheet.nested(&place, |sheet| {
                sheet.disc((5.0, 5.0), 2.0, color);
                sheet.fill(&Box2::around((9.0, 9.0), 2.0, 2.0), color);
                sheet.label("a", &[((30.0, 30.0), Align::Left)], &place, &ink);
            });
            sheet.ring((5.0, 5.0), 2.0, 1.0, color);
            sheet.polygon(&[(1.0, 1.0), (9.0, 1.0), (9.0, 9.0)], color);
            sheet.text_upward("b", (5.0, 50.0), &ink);
            let finished = sheet.finish();
            assert_eq!(*asked.borrow(), all[..all.len().min(from + 1)]);
            match all.get(from) {
                Some(what) => {
                    let message = finished.unwrap_err().to_string();
                    assert!(message.ends_with(&format!("no {what}")), "{message}, expected that of {what}");
                }
                None => assert_eq!(finished.unwrap().0.len(), 2),
            }
        }
    }
}
