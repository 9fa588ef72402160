//! `plotters-svg`, made fit to print.
//!
//! `plotters-svg` counts whole units, guesses the width of a text from its bytes, divides font sizes by 1.24, centres a
//! text on the middle of its small letters and knows no line caps. [`Vector`] stands before it: the document is several
//! units fine a CSS pixel, texts are measured with the widths of a wide face, their capitals are centred as on the
//! canvas, and the root carries the attributes that its children inherit.

use super::text::text_width;
use plotters_backend::text_anchor::Pos;
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind};
use plotters_backend::{FontFamily, FontStyle, FontTransform};
use plotters_svg::SVGBackend;
use std::io::Error;

/// What `plotters-svg` divides the size of a font by.
const SIZE_DIVISOR: f64 = 1.24;
/// From the middle of the small letters (half an ex, where `plotters-svg` centres) down to that of the capitals, in
/// ems: half of 0.73 less half of 0.55, the heights in DejaVu Sans, near those of Roboto, Segoe UI and Helvetica.
const CAPITALS_BELOW: f64 = 0.09;
/// A backend that writes SVG; [`finish`] completes what it wrote.
pub struct Vector<'a> {
    inner: SVGBackend<'a>,
}

impl<'a> Vector<'a> {
    /// A document of that size in CSS pixels, `units` a pixel, written to `buffer`.
    pub fn new(buffer: &'a mut String, (width, height): (u32, u32), units: u32) -> Self {
        Self { inner: SVGBackend::with_string(buffer, (width * units, height * units)) }
    }
}

/// Gives a document that [`Vector`] wrote its size in CSS pixels and the attributes that hold for all of it.
pub fn finish(svg: &str, (width, height): (u32, u32), units: u32) -> String {
    let root_end = svg.find('>').map_or(0, |end| end + 1);
    let root = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {} {}\" \
         stroke-linecap=\"round\" stroke-linejoin=\"round\" font-variant=\"tabular-nums\">",
        width * units,
        height * units,
    );
    // Attributes are escaped text in quotes, so this finds none inside a label. The page's own weight is 600.
    root + &svg[root_end..].replace(" opacity=\"1\"", "").replace("font-weight=\"bold\"", "font-weight=\"600\"")
}

/// A text style with its size as `plotters-svg` wants it.
struct Resized<'a, S>(&'a S);

impl<S: BackendTextStyle> BackendTextStyle for Resized<'_, S> {
    type FontError = S::FontError;

    fn color(&self) -> BackendColor {
        self.0.color()
    }

    fn size(&self) -> f64 {
        self.0.size() * SIZE_DIVISOR
    }

    fn transform(&self) -> FontTransform {
        self.0.transform()
    }

    fn style(&self) -> FontStyle {
        self.0.style()
    }

    fn anchor(&self) -> Pos {
        self.0.anchor()
    }

    fn family(&self) -> FontFamily<'_> {
        self.0.family()
    }

    fn layout_box(&self, text: &str) -> Result<((i32, i32), (i32, i32)), Self::FontError> {
        self.0.layout_box(text)
    }

    fn draw<E, D: FnMut(i32, i32, BackendColor) -> Result<(), E>>(
        &self,
        text: &str,
        pos: BackendCoord,
        draw: D,
    ) -> Result<Result<(), E>, Self::FontError> {
        self.0.draw(text, pos, draw)
    }
}

type Outcome<T = ()> = Result<T, DrawingErrorKind<Error>>;

impl DrawingBackend for Vector<'_> {
    type ErrorType = Error;

    fn get_size(&self) -> (u32, u32) {
        self.inner.get_size()
    }

    fn ensure_prepared(&mut self) -> Outcome {
        self.inner.ensure_prepared()
    }

    fn present(&mut self) -> Outcome {
        self.inner.present()
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Outcome {
        self.inner.draw_pixel(point, color)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Outcome {
        self.inner.draw_line(from, to, style)
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, fill: bool) -> Outcome {
        self.inner.draw_rect(from, to, style, fill)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Outcome {
        self.inner.draw_path(path, style)
    }

    fn draw_circle<S: BackendStyle>(&mut self, at: BackendCoord, radius: u32, style: &S, fill: bool) -> Outcome {
        self.inner.draw_circle(at, radius, style, fill)
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Outcome {
        self.inner.fill_polygon(path, style)
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, (x, y): BackendCoord) -> Outcome {
        let down = (CAPITALS_BELOW * style.size()).round() as i32;
        let at = match style.transform() {
            FontTransform::None => (x, y + down),
            FontTransform::Rotate90 => (x - down, y),
            FontTransform::Rotate180 => (x, y - down),
            FontTransform::Rotate270 => (x + down, y),
        };
        self.inner.draw_text(text, &Resized(style), at)
    }

    fn estimate_text_size<S: BackendTextStyle>(&self, text: &str, style: &S) -> Outcome<(u32, u32)> {
        let width = text_width(text, style.size(), matches!(style.style(), FontStyle::Bold));
        Ok((width.ceil() as u32, style.size().ceil() as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_sized_in_pixels() {
        let mut text = String::new();
        Vector::new(&mut text, (30, 20), 10).present().unwrap();
        let svg = finish(&text, (30, 20), 10);
        assert!(svg.contains("width=\"30\" height=\"20\" viewBox=\"0 0 300 200\""), "{svg}");
        assert!(svg.trim_end().ends_with("</svg>"), "{svg}");
    }
}
