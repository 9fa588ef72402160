//! A canvas as a `plotters` surface: `plotters-canvas`, made sharp. The only file that names it.
//!
//! `plotters-canvas` draws in whole pixels and knows no device pixel ratio, and `plotters` measures a text on the web
//! through a span with an inline style, which a strict content security policy forbids and which costs a layout each.
//! [`Canvas`] stands before it: it claims to be [`FINENESS`] times as large as the backing store, on a context scaled
//! down as much, so that whole units are eighths of a device pixel; it measures with `measureText`, and it writes texts
//! and hands over colours itself, which `plotters-canvas` makes a new string of each time, with an alpha as a float, for which the page would
//! have to download how ([`crate::number`]).

use crate::figures::{Mode, Surface, Theme, color};
use crate::number::shortest;
use plotters::style::RGBColor;
use plotters_backend::text_anchor::HPos;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontStyle,
    FontTransform,
};
use plotters_canvas::CanvasBackend;
use std::cell::{Cell, RefCell};
use std::f64::consts::{FRAC_PI_2, TAU};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

/// Units in a device pixel.
const FINENESS: u32 = 8;
/// From the middle of the capitals down to the baseline, in ems.
const HALF_CAPITAL: f64 = 0.36;

/// So many widths of texts are remembered, and so many colours.
const MOST_WIDTHS: usize = 1024;
const MOST_COLORS: usize = 1024;

thread_local! {
    /// Widths of texts in CSS pixels, sorted by font and text. A figure writes the same few numbers again and again, and a browser takes
    /// some microseconds to measure one and leaves garbage.
    static WIDTHS: RefCell<Vec<((Font, String), f64)>> = const { RefCell::new(Vec::new()) };

    /// Colours as JavaScript's strings, sorted: a picture sets thousands, and to hand over the characters of each takes time and leaves garbage.
    static COLORS: RefCell<Vec<(Rgb, JsValue)>> = const { RefCell::new(Vec::new()) };
}

/// A colour; figures are drawn in opaque ones.
type Rgb = (u8, u8, u8);

/// Whether a font is bold, and the bits of its size in CSS pixels: there is one family ([`Theme::SANS`]).
type Font = (bool, u64);

/// A canvas element whose backing store has been sized.
pub struct Canvas {
    inner: CanvasBackend,
    context: CanvasRenderingContext2d,
    size: (u32, u32),
    /// Device pixels in a CSS pixel.
    ratio: f64,
    /// The fill style as [`Canvas::set_fill`] left it: a heat map is thousands of rectangles in three colours, and handing
    /// over a style costs more than filling one. What fills in another way forgets it.
    filled_with: Cell<Option<Rgb>>,
    /// The font as [`Canvas::set_font`] left it.
    font: Cell<Option<Font>>,
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
        let canvas = Self {
            inner,
            context,
            size: (size[0], size[1]),
            ratio,
            filled_with: Cell::new(None),
            font: Cell::new(None),
        };
        canvas.shrink().map_err(js_sys::Error::from)?;
        Ok(canvas)
    }

    /// Makes whole units fractions of a device pixel.
    fn shrink(&self) -> Result<(), JsValue> {
        let shrink = 1.0 / f64::from(FINENESS);
        self.context.set_transform(shrink, 0.0, 0.0, shrink, 0.0, 0.0)
    }

    /// How its units relate to CSS pixels.
    pub fn surface(&self) -> Surface {
        Surface { units: self.ratio * f64::from(FINENESS), pixel: f64::from(FINENESS), raster: true }
    }

    /// The font of a style, and its size in CSS pixels.
    ///
    /// Fonts are asked for at the size at which they are read: system faces change their shapes with it.
    fn font<S: BackendTextStyle>(&self, style: &S) -> (Font, f64) {
        let size = style.size() / self.surface().units;
        ((matches!(style.style(), FontStyle::Bold), size.to_bits()), size)
    }

    /// Sets the font, unless it is set: a browser resolves the page's styles for it.
    fn set_font<S: BackendTextStyle>(&self, style: &S) {
        let (font, size) = self.font(style);
        if self.font.replace(Some(font)) != Some(font) {
            let weight = if font.0 { 600 } else { 400 };
            self.context.set_font(&format!("{weight} {}px {}", shortest(size), style.family().as_str()));
        }
    }

    /// The width of a text in CSS pixels.
    fn width<S: BackendTextStyle>(&self, text: &str, style: &S) -> f64 {
        let (font, size) = self.font(style);
        WIDTHS.with_borrow_mut(|widths| {
            let place = widths.binary_search_by(|((other, known), _)| (*other, known.as_str()).cmp(&(font, text)));
            place.map(|found| widths[found].1).unwrap_or_else(|place| {
                self.set_font(style);
                // Where a browser cannot measure, a wide guess keeps labels apart.
                let guess = 0.7 * size * text.chars().count() as f64;
                let width = self.context.measure_text(text).map_or(guess, |measured| measured.width());
                if widths.len() < MOST_WIDTHS {
                    widths.insert(place, ((font, text.to_owned()), width));
                } else {
                    widths.clear();
                }
                width
            })
        })
    }

    /// Sets the fill style, unless it is set.
    #[allow(deprecated, reason = "what is not deprecated takes characters, and hands them over each time")]
    fn set_fill(&self, color: BackendColor) {
        if self.filled_with.replace(Some(color.rgb)) != Some(color.rgb) {
            with_css(color.rgb, |css| self.context.set_fill_style(css));
        }
    }

    /// Sets how lines are drawn.
    #[allow(deprecated, reason = "as for filling")]
    fn set_stroke<S: BackendStyle>(&self, style: &S) {
        with_css(style.color().rgb, |css| self.context.set_stroke_style(css));
        self.context.set_line_width(style.stroke_width().into());
    }

    /// Fills or draws the path that was made.
    fn end_path<S: BackendStyle>(&self, style: &S, fill: bool) {
        if fill {
            self.set_fill(style.color());
            self.context.fill();
        } else {
            self.set_stroke(style);
            self.context.stroke();
        }
    }

    /// Begins a path through these points.
    fn trace(&self, path: impl IntoIterator<Item = BackendCoord>) {
        self.context.begin_path();
        for (idx, (x, y)) in path.into_iter().enumerate() {
            if idx == 0 {
                self.context.move_to(x.into(), y.into());
            } else {
                self.context.line_to(x.into(), y.into());
            }
        }
    }

    fn write<S: BackendTextStyle>(&self, text: &str, style: &S, (x, y): BackendCoord) -> Result<(), JsValue> {
        self.set_font(style);
        let (_, size) = self.font(style);
        self.set_fill(style.color());
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
        // Set and set back: what `save` keeps is as large as all that a context can be set to, and waits for a collection.
        self.context.set_transform(
            self.ratio,
            0.0,
            0.0,
            self.ratio,
            f64::from(x) / fineness,
            f64::from(y) / fineness,
        )?;
        if quarters != 0.0 {
            self.context.rotate(quarters * FRAC_PI_2)?;
        }
        self.context.fill_text(text, 0.0, HALF_CAPITAL * size)?;
        self.shrink()
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

/// Calls `set` with a colour as CSS writes it.
fn with_css(color: Rgb, set: impl FnOnce(&JsValue)) {
    COLORS.with_borrow_mut(|colors| {
        if colors.len() == MOST_COLORS {
            colors.clear();
        }
        let place = colors.binary_search_by_key(&color, |&(known, _)| known).unwrap_or_else(|place| {
            let (red, green, blue) = color;
            colors.insert(place, (color, color::css(RGBColor(red, green, blue)).into()));
            place
        });
        set(&colors[place].1);
    });
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
        self.filled_with.set(None);
        self.inner.draw_pixel(point, color)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Outcome {
        self.inner.draw_line(from, to, style)
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, fill: bool) -> Outcome {
        if fill {
            self.set_fill(style.color());
            let (width, height) = (to.0 - from.0, to.1 - from.1);
            self.context.fill_rect(from.0.into(), from.1.into(), width.into(), height.into());
        } else {
            self.trace([from, (to.0, from.1), to, (from.0, to.1)]);
            self.context.close_path();
            self.end_path(style, false);
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Outcome {
        // This, outlines, discs and polygons as plotters-canvas has them, but for how the colour is handed over.
        self.trace(path);
        self.end_path(style, false);
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, (x, y): BackendCoord, radius: u32, style: &S, fill: bool) -> Outcome {
        self.context.begin_path();
        // A context throws here only for a radius below 0.
        let _ = self.context.arc(x.into(), y.into(), radius.into(), 0.0, TAU);
        self.end_path(style, fill);
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Outcome {
        self.trace(path);
        self.context.close_path();
        self.end_path(style, true);
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Outcome {
        // A context throws here only for a matrix that cannot be inverted, and ours is a scale above 0: there is
        // nothing that a caller could do about it.
        let _ = self.write(text, style, at);
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(&self, text: &str, style: &S) -> Outcome<(u32, u32)> {
        let (units, (_, size)) = (self.surface().units, self.font(style));
        Ok(((self.width(text, style) * units).ceil() as u32, (size * units).ceil() as u32))
    }
}
