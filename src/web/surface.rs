//! What all drawing has in common: the theme by its name, and the texts that were drawn.

use super::thrown;
use crate::error::Error;
use crate::figures::{Mode, Sheet, Spot};
use crate::spec::json_text;
use plotters::backend::DrawingBackend;
use std::fmt::Display;
use wasm_bindgen::prelude::*;

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

/// The theme of that name.
///
/// # Errors
/// For any other name.
pub(super) fn mode(theme: &str) -> Result<Mode, js_sys::Error> {
    Mode::from_name(theme).ok_or_else(|| {
        let allowed = "\"light\" or \"dark\"".into();
        thrown(Error::Field { field: "theme".into(), value: format!("{theme:?}"), allowed })
    })
}

/// Ends a drawing: its texts as JSON, and its marks.
///
/// # Errors
/// What the surface reported.
pub(super) fn finished<DB: DrawingBackend>(sheet: Sheet<DB>) -> Result<(String, Vec<Spot>), js_sys::Error> {
    let (texts, spots) = sheet.finish().map_err(failed)?;
    Ok((json_text(&texts), spots))
}

/// What a surface reported as a JavaScript exception.
pub(super) fn failed(error: impl Display) -> js_sys::Error {
    js_sys::Error::new(&error.to_string())
}
