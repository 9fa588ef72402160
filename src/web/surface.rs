//! What all drawing has in common: the theme by its name, and the texts that were drawn.

use super::thrown;
use crate::error::Error;
use crate::figures::{Mode, TextBox};
use crate::spec::json_text;
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

/// The texts of a drawing as JSON.
///
/// # Errors
/// What the surface reported.
pub(super) fn texts<E: std::fmt::Display>(drawn: Result<Vec<TextBox>, E>) -> Result<String, js_sys::Error> {
    let texts = drawn.map_err(|error| js_sys::Error::new(&error.to_string()))?;
    Ok(json_text(&texts))
}
