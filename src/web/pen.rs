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

fn failed<E: std::error::Error + Send + Sync>(error: DrawingErrorKind<E>) -> DrawingErrorKind<PenError> {
    DrawingErrorKind::DrawingError(PenError(error.to_string()))
}

/// Calls one method on whichever surface it is.
macro_rules! either {
    ($pen:expr, $inner:ident => $call:expr) => {
        match $pen {
            Pen::Canvas($inner) => $call.map_err(failed),
            Pen::Vector($inner) => $call.map_err(failed),
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
        either!(self, inner => inner.ensure_prepared())
    }

    fn present(&mut self) -> Outcome {
        either!(self, inner => inner.present())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Outcome {
        either!(self, inner => inner.draw_pixel(point, color))
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Outcome {
        either!(self, inner => inner.draw_line(from, to, style))
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, fill: bool) -> Outcome {
        either!(self, inner => inner.draw_rect(from, to, style, fill))
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Outcome {
        let path: Vec<BackendCoord> = path.into_iter().collect();
        either!(self, inner => inner.draw_path(path, style))
    }

    fn draw_circle<S: BackendStyle>(&mut self, at: BackendCoord, radius: u32, style: &S, fill: bool) -> Outcome {
        either!(self, inner => inner.draw_circle(at, radius, style, fill))
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Outcome {
        let path: Vec<BackendCoord> = path.into_iter().collect();
        either!(self, inner => inner.fill_polygon(path, style))
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Outcome {
        either!(self, inner => inner.draw_text(text, style, at))
    }

    fn estimate_text_size<S: BackendTextStyle>(&self, text: &str, style: &S) -> Outcome<(u32, u32)> {
        either!(self, inner => inner.estimate_text_size(text, style))
    }
}
