//! A surface that is a canvas or an SVG document, so that the code of all figures is in the module once.

use super::canvas::Canvas;
use crate::figures::vector::Vector;
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind};

/// Either surface.
pub enum Pen<'a> {
    /// On the screen.
    Canvas(Canvas),
    /// In a document.
    Vector(Vector<'a>),
}

/// What went wrong on either, in words.
#[derive(Debug)]
pub struct PenError(String);

impl std::fmt::Display for PenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PenError {}

type Outcome<T = ()> = Result<T, DrawingErrorKind<PenError>>;

#[cold]
#[inline(never)]
fn failed<E: std::error::Error + Send + Sync>(error: DrawingErrorKind<E>) -> DrawingErrorKind<PenError> {
    DrawingErrorKind::DrawingError(PenError(error.to_string()))
}

/// Calls a method on a canvas, or the function of that name in [`document`].
macro_rules! either {
    ($pen:expr, $name:ident($($argument:expr),*)) => {
        match $pen {
            Pen::Canvas(canvas) => canvas.$name($($argument),*).map_err(failed),
            Pen::Vector(vector) => document::$name(vector, $($argument),*).map_err(failed),
        }
    };
}

impl DrawingBackend for Pen<'_> {
    type ErrorType = PenError;

    fn get_size(&self) -> (u32, u32) {
        match self {
            Pen::Canvas(inner) => inner.get_size(),
            Pen::Vector(inner) => inner.get_size(),
        }
    }

    fn ensure_prepared(&mut self) -> Outcome {
        either!(self, ensure_prepared())
    }

    fn present(&mut self) -> Outcome {
        either!(self, present())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Outcome {
        either!(self, draw_pixel(point, color))
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Outcome {
        either!(self, draw_line(from, to, &Stroke::of(style)))
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, fill: bool) -> Outcome {
        either!(self, draw_rect(from, to, &Stroke::of(style), fill))
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Outcome {
        either!(self, draw_path(path.into_iter().collect::<Vec<_>>(), &Stroke::of(style)))
    }

    fn draw_circle<S: BackendStyle>(&mut self, at: BackendCoord, radius: u32, style: &S, fill: bool) -> Outcome {
        either!(self, draw_circle(at, radius, &Stroke::of(style), fill))
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Outcome {
        either!(self, fill_polygon(path.into_iter().collect::<Vec<_>>(), &Stroke::of(style)))
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Outcome {
        either!(self, draw_text(text, style, at))
    }

    fn estimate_text_size<S: BackendTextStyle>(&self, text: &str, style: &S) -> Outcome<(u32, u32)> {
        either!(self, estimate_text_size(text, style))
    }
}

/// What backends ask of a style, as one type for all.
struct Stroke {
    color: BackendColor,
    width: u32,
}

impl Stroke {
    fn of(style: &impl BackendStyle) -> Self {
        Self { color: style.color(), width: style.stroke_width() }
    }
}

impl BackendStyle for Stroke {
    fn color(&self) -> BackendColor {
        self.color
    }

    fn stroke_width(&self) -> u32 {
        self.width
    }
}

/// Drawing into a document, in functions of its own: few readers save one, and the page loads this code when the first does (xtask's
/// `seldom.txt` knows it by this module's name).
mod document {
    use super::{BackendColor, BackendCoord, BackendTextStyle, DrawingBackend, DrawingErrorKind, Stroke, Vector};

    type Outcome<T = ()> = Result<T, DrawingErrorKind<std::io::Error>>;

    #[inline(never)]
    pub fn ensure_prepared(vector: &mut Vector) -> Outcome {
        vector.ensure_prepared()
    }

    #[inline(never)]
    pub fn present(vector: &mut Vector) -> Outcome {
        vector.present()
    }

    #[inline(never)]
    pub fn draw_pixel(vector: &mut Vector, point: BackendCoord, color: BackendColor) -> Outcome {
        vector.draw_pixel(point, color)
    }

    #[inline(never)]
    pub fn draw_line(vector: &mut Vector, from: BackendCoord, to: BackendCoord, style: &Stroke) -> Outcome {
        vector.draw_line(from, to, style)
    }

    #[inline(never)]
    pub fn draw_rect(vector: &mut Vector, from: BackendCoord, to: BackendCoord, style: &Stroke, fill: bool) -> Outcome {
        vector.draw_rect(from, to, style, fill)
    }

    #[inline(never)]
    pub fn draw_path(vector: &mut Vector, path: Vec<BackendCoord>, style: &Stroke) -> Outcome {
        vector.draw_path(path, style)
    }

    #[inline(never)]
    pub fn draw_circle(vector: &mut Vector, at: BackendCoord, radius: u32, style: &Stroke, fill: bool) -> Outcome {
        vector.draw_circle(at, radius, style, fill)
    }

    #[inline(never)]
    pub fn fill_polygon(vector: &mut Vector, path: Vec<BackendCoord>, style: &Stroke) -> Outcome {
        vector.fill_polygon(path, style)
    }

    #[inline(never)]
    pub fn draw_text<S: BackendTextStyle>(vector: &mut Vector, text: &str, style: &S, at: BackendCoord) -> Outcome {
        vector.draw_text(text, style, at)
    }

    #[inline(never)]
    pub fn estimate_text_size<S: BackendTextStyle>(vector: &Vector, text: &str, style: &S) -> Outcome<(u32, u32)> {
        vector.estimate_text_size(text, style)
    }
}
