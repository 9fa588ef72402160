//! The figures on a canvas, for the page's thread.
//!
//! Every frame is drawn whole; the boxes of its texts are given back, in CSS pixels.

use super::canvas::surface;
use super::pen::Pen;
use super::surface::{finished, mode};
use super::thrown;
use crate::figures::phase::REGION_NAMES;
use crate::figures::{Arrows, Phase, Sheet, arrows, phase};
use wasm_bindgen::prelude::*;
use web_sys::HtmlCanvasElement;

/// Draws the columns of W as arrows.
///
/// The canvas' backing store must be `cssWidth * ratio` by `cssHeight * ratio`. `weights` is `[hidden][features]`;
/// hidden is 1 or 2.
///
/// @returns JSON list of {@link TextBox}
/// @throws {Error} for sizes that do not fit, or an unknown theme
#[wasm_bindgen(js_name = drawArrows)]
#[allow(
    clippy::too_many_arguments,
    reason = "a flat call is what JavaScript can make without building an object a frame"
)]
pub fn draw_arrows(
    canvas: HtmlCanvasElement,
    #[wasm_bindgen(js_name = cssWidth)] css_width: f64,
    #[wasm_bindgen(js_name = cssHeight)] css_height: f64,
    ratio: f64,
    #[wasm_bindgen(unchecked_param_type = "\"light\" | \"dark\"")] theme: &str,
    features: usize,
    hidden: usize,
    weights: &[f32],
    highlight: i32,
) -> Result<String, js_sys::Error> {
    let arrows = Arrows::new(features, hidden, weights).map_err(thrown)?;
    let arrows = arrows.with_highlight(usize::try_from(highlight).ok());
    let (canvas, theme) = surface(canvas, (css_width, css_height), ratio, mode(theme)?)?;
    let mut sheet = Sheet::new(Pen::Canvas(canvas), &theme);
    arrows::draw(&mut sheet, &theme, &arrows);
    Ok(finished(sheet)?.0)
}

/// Draws a phase diagram.
///
/// `classes` is `[rows][columns]`: 0 forgotten, 1 its own axis, 2 superposition, 255 not trained yet. `selected` is a
/// cell to mark, or -1; `labels` asks for the names of the regions. `ranges` are the values at the centres of the first
/// and last column and of the first and last row, `[0.1, 10, 1, 0.01]` when left out. `regions` are up to four other names, and with
/// them other classes.
///
/// @returns JSON list of {@link TextBox}
/// @throws {Error} for sizes that do not fit, an unknown class or theme
#[wasm_bindgen(js_name = drawPhase)]
#[allow(
    clippy::too_many_arguments,
    reason = "a flat call is what JavaScript can make without building an object a frame"
)]
pub fn draw_phase(
    canvas: HtmlCanvasElement,
    #[wasm_bindgen(js_name = cssWidth)] css_width: f64,
    #[wasm_bindgen(js_name = cssHeight)] css_height: f64,
    ratio: f64,
    #[wasm_bindgen(unchecked_param_type = "\"light\" | \"dark\"")] theme: &str,
    title: &str,
    rows: usize,
    columns: usize,
    classes: &[u8],
    selected: i32,
    labels: bool,
    ranges: Option<Vec<f64>>,
    regions: Option<Vec<String>>,
) -> Result<String, js_sys::Error> {
    let regions: Vec<&str> = regions.iter().flatten().map(String::as_str).collect();
    let regions = if regions.is_empty() { &REGION_NAMES[..] } else { &regions };
    let phase = Phase::of_regions(title, rows, columns, classes, regions).map_err(thrown)?;
    let phase = phase.with_selected(usize::try_from(selected).ok()).with_names(labels);
    let phase = match ranges.as_deref() {
        Some(&[first_column, last_column, first_row, last_row]) => {
            phase.with_ranges((first_column, last_column), (first_row, last_row))
        }
        _ => phase,
    };
    let (canvas, theme) = surface(canvas, (css_width, css_height), ratio, mode(theme)?)?;
    let mut sheet = Sheet::new(Pen::Canvas(canvas), &theme);
    phase::draw(&mut sheet, &theme, &phase);
    Ok(finished(sheet)?.0)
}

/// The feature whose arrow lies under a point, in CSS pixels; -1 if there is none.
///
/// @throws {Error} for sizes that do not fit
#[wasm_bindgen(js_name = hitArrow)]
pub fn hit_arrow(
    #[wasm_bindgen(js_name = cssWidth)] css_width: f64,
    #[wasm_bindgen(js_name = cssHeight)] css_height: f64,
    features: usize,
    hidden: usize,
    weights: &[f32],
    x: f64,
    y: f64,
) -> Result<i32, js_sys::Error> {
    let arrows = Arrows::new(features, hidden, weights).map_err(thrown)?;
    Ok(index(arrows::hit((css_width, css_height), &arrows, (x, y))))
}

/// The cell of a phase diagram under a point, in CSS pixels; -1 if there is none.
#[wasm_bindgen(js_name = hitPhase)]
pub fn hit_phase(
    #[wasm_bindgen(js_name = cssWidth)] css_width: f64,
    #[wasm_bindgen(js_name = cssHeight)] css_height: f64,
    rows: usize,
    columns: usize,
    x: f64,
    y: f64,
) -> i32 {
    index(phase::hit((css_width, css_height), rows, columns, (x, y)))
}

fn index(hit: Option<usize>) -> i32 {
    hit.map_or(-1, |idx| idx as i32)
}
