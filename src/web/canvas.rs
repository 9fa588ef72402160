//! A canvas as a `plotters` surface: `plotters-canvas`, made sharp. The only file that names it.
//!
//! `plotters-canvas` draws in whole pixels and knows no device pixel ratio, and `plotters` measures a text on the web
//! through a span with an inline style, which a strict content security policy forbids and which costs a layout each.
//! [`Canvas`] stands before it: it claims to be [`FINENESS`] times as large as the backing store, on a context scaled
//! down as much, so that whole units are eighths of a device pixel; it measures with `measureText`, and it writes texts
//! itself.

use crate::figures::{Mode, Surface, Theme};
use plotters_backend::text_anchor::HPos;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontStyle,
    FontTransform,
};
use plotters_canvas::CanvasBackend;
use std::f64::consts::FRAC_PI_2;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

/// Units in a device pixel.
const FINENESS: u32 = 8;
/// From the middle of the capitals down to the baseline, in ems.
const HALF_CAPITAL: f64 = 0.36;

/// A canvas element whose backing store has been sized.
pub struct Canvas {
    inner: CanvasBackend,
    context: CanvasRenderingContext2d,
    size: (u32, u32),
    /// Device pixels in a CSS pixel.
    ratio: f64,
    /// The fill style as [`Canvas::fill`] left it: a heat map is thousands of rectangles in three colours, and handing
    /// over a style costs more than filling one. Everything else that fills forgets it.
    filled_with: Option<BackendColor>,
}

impl Canvas {
    /// Takes over a canvas whose backing store is `css_size * ratio`; its context is reset.
    ///
    /// # Errors
    /// A JavaScript `Error` if the canvas gives no 2D context, or the sizes are not positive and finite.
    pub fn new(canvas: HtmlCanvasElement, css_size: (f64, f64), ratio: f64) -> Result<Self, js_sys::Error> {
        let refuse = |message: &str| js_sys::Error::new(message);
        let is_size = |length: f64| length.is_finite() && length > 0.0 && length <= f64::from(u16::MAX);
        if ![css_size.0, css_size.1, ratio].into_iter().all(is_size) {
            return Err(refuse("canvas: expected a size and a ratio above 0"));
        }
        let context = canvas.get_context("2d").map_err(js_sys::Error::from)?;
        let context: CanvasRenderingContext2d = context
            .and_then(|context| context.dyn_into().ok())
            .ok_or_else(|| refuse("canvas: it has no 2d context"))?;
        let size = [canvas.width(), canvas.height()].map(|pixels| pixels * FINENESS);
        let inner = CanvasBackend::with_canvas_object(canvas).ok_or_else(|| refuse("canvas: it has no 2d context"))?;
        context.set_line_cap("round");
        context.set_line_join("round");
        context.set_text_baseline("alphabetic");
        let shrink = 1.0 / f64::from(FINENESS);
        context.set_transform(shrink, 0.0, 0.0, shrink, 0.0, 0.0).map_err(js_sys::Error::from)?;
        Ok(Self { inner, context, size: (size[0], size[1]), ratio, filled_with: None })
    }

    /// How its units relate to CSS pixels.
    pub fn surface(&self) -> Surface {
        Surface { units: self.ratio * f64::from(FINENESS), pixel: f64::from(FINENESS), raster: true }
    }

    /// Sets the font and returns its size in CSS pixels.
    ///
    /// Fonts are asked for at the size at which they are read: system faces change their shapes with it.
    fn set_font<S: BackendTextStyle>(&self, style: &S) -> f64 {
        let size = style.size() / self.surface().units;
        let weight = if matches!(style.style(), FontStyle::Bold) { 600 } else { 400 };
        self.context.set_font(&format!("{weight} {size}px {}", style.family().as_str()));
        size
    }

    fn fill(&mut self, (left, top): BackendCoord, (right, bottom): BackendCoord, color: BackendColor) {
        let same = |known: BackendColor| known.rgb == color.rgb && known.alpha == color.alpha;
        if !self.filled_with.is_some_and(same) {
            self.context.set_fill_style_str(&css(color));
            self.filled_with = Some(color);
        }
        self.context.fill_rect(left.into(), top.into(), (right - left).into(), (bottom - top).into());
    }

    fn write<S: BackendTextStyle>(&self, text: &str, style: &S, (x, y): BackendCoord) -> Result<(), JsValue> {
        let size = self.set_font(style);
        self.context.set_fill_style_str(&css(style.color()));
        self.context.set_text_align(match style.anchor().h_pos {
            HPos::Left => "left",
            HPos::Center => "center",
            HPos::Right => "right",
        });
        let quarters = match style.transform() {
            FontTransform::None => 0.0,
            FontTransform::Rotate90 => 1.0,
            FontTransform::Rotate180 => 2.0,
            FontTransform::Rotate270 => 3.0,
        };
        let fineness = f64::from(FINENESS);
        self.context.save();
        self.context.set_transform(
            self.ratio,
            0.0,
            0.0,
            self.ratio,
            f64::from(x) / fineness,
            f64::from(y) / fineness,
        )?;
        self.context.rotate(quarters * FRAC_PI_2)?;
        self.context.fill_text(text, 0.0, HALF_CAPITAL * size)?;
        self.context.restore();
        Ok(())
    }
}

/// A canvas element as a surface, and the theme to draw on it in.
///
/// # Errors
/// As [`Canvas::new`].
pub fn surface(
    canvas: HtmlCanvasElement,
    size: (f64, f64),
    ratio: f64,
    mode: Mode,
) -> Result<(Canvas, Theme), js_sys::Error> {
    let canvas = Canvas::new(canvas, size, ratio)?;
    let theme = Theme::new(mode, canvas.surface());
    Ok((canvas, theme))
}

fn css(color: BackendColor) -> String {
    let (red, green, blue) = color.rgb;
    format!("rgba({red},{green},{blue},{})", color.alpha)
}

type CanvasError = <CanvasBackend as DrawingBackend>::ErrorType;
type Outcome<T = ()> = Result<T, DrawingErrorKind<CanvasError>>;

impl DrawingBackend for Canvas {
    type ErrorType = CanvasError;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Outcome {
        self.inner.ensure_prepared()
    }

    fn present(&mut self) -> Outcome {
        self.inner.present()
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Outcome {
        self.filled_with = None;
        self.inner.draw_pixel(point, color)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Outcome {
        self.inner.draw_line(from, to, style)
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, fill: bool) -> Outcome {
        if !fill {
            return self.inner.draw_rect(from, to, style, false);
        }
        self.fill(from, to, style.color());
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Outcome {
        self.inner.draw_path(path, style)
    }

    fn draw_circle<S: BackendStyle>(&mut self, at: BackendCoord, radius: u32, style: &S, fill: bool) -> Outcome {
        self.filled_with = None;
        self.inner.draw_circle(at, radius, style, fill)
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Outcome {
        self.filled_with = None;
        self.inner.fill_polygon(path, style)
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Outcome {
        self.filled_with = None;
        // A context throws here only for a matrix that cannot be inverted, and ours is a scale above 0: there is
        // nothing that a caller could do about it.
        let _ = self.write(text, style, at);
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(&self, text: &str, style: &S) -> Outcome<(u32, u32)> {
        let size = self.set_font(style);
        // Where a browser cannot measure, a wide guess keeps labels apart.
        let width = self.context.measure_text(text).map_or(0.7 * size * text.chars().count() as f64, |m| m.width());
        let units = self.surface().units;
        Ok(((width * units).ceil() as u32, (size * units).ceil() as u32))
    }
}
