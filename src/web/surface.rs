//! What all drawing has in common: a canvas with a theme, and the texts that were drawn.

use super::canvas::Canvas;
use super::thrown;
use crate::error::Error;
use crate::figures::{Mode, TextBox, Theme};
use wasm_bindgen::prelude::*;
use web_sys::HtmlCanvasElement;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r##"
/** A text that was drawn; the drawing functions give back a JSON list of them. */
export interface TextBox {
  text: string;
  /** CSS pixels from the upper left corner of the canvas. */
  x: number;
  y: number;
  width: number;
  height: number;
  /** `#rrggbb`. */
  color: string;
  background: string;
}
"##;

/// A canvas to draw on, and its theme.
///
/// # Errors
/// For a theme that there is not, or a canvas without a context.
pub(super) fn surface(
    canvas: HtmlCanvasElement,
    size: (f64, f64),
    ratio: f64,
    theme: &str,
) -> Result<(Canvas, Theme), js_sys::Error> {
    let mode = Mode::from_name(theme).ok_or_else(|| {
        let allowed = "\"light\" or \"dark\"".into();
        thrown(Error::Field { field: "theme".into(), value: format!("{theme:?}"), allowed })
    })?;
    let canvas = Canvas::new(canvas, size, ratio)?;
    let theme = Theme::new(mode, canvas.surface());
    Ok((canvas, theme))
}

/// The texts of a drawing as JSON.
///
/// # Errors
/// What the surface reported.
pub(super) fn texts<E: std::fmt::Display>(drawn: Result<Vec<TextBox>, E>) -> Result<String, js_sys::Error> {
    let texts = drawn.map_err(|error| js_sys::Error::new(&error.to_string()))?;
    Ok(serde_json::to_string(&texts).expect("plain data serializes"))
}
