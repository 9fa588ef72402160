//! `PhaseGrid`: the cells of a phase diagram, trained one at a time by whichever worker asks.

use super::{object, parsed, thrown};
use crate::sweep;
use crate::theory::Bias;
use js_sys::{Float32Array, Uint8Array, Uint32Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** One trained cell of a phase diagram. */
export interface PhaseCell {
  /** Of two features in one dimension: 0 forgotten, 1 its own axis, 2 superposition. */
  class: 0 | 1 | 2 | 3;
  loss: number;
  /** `[1][2]`. */
  weights: Float32Array;
  bias: Float32Array;
  steps: number;
  /** The restart that was kept. */
  restart: number;
}
"#;

/// The grid of a spec with two features in one hidden dimension, or three in two, and two sweep axes: rows, then columns.
#[wasm_bindgen]
pub struct PhaseGrid {
    inner: sweep::PhaseGrid,
}

#[wasm_bindgen]
impl PhaseGrid {
    /// The grid of a spec; trains nothing yet.
    ///
    /// @throws {Error} with the core's one-line message
    #[wasm_bindgen(constructor)]
    pub fn new(#[wasm_bindgen(js_name = specJson)] spec_json: &str) -> Result<Self, js_sys::Error> {
        let inner = sweep::PhaseGrid::new(&parsed(spec_json)?).map_err(thrown)?;
        Ok(Self { inner })
    }

    /// Rows, the first sweep axis.
    #[wasm_bindgen(getter)]
    pub fn rows(&self) -> u32 {
        self.inner.size().0 as u32
    }

    /// Columns, the second sweep axis.
    #[wasm_bindgen(getter)]
    pub fn columns(&self) -> u32 {
        self.inner.size().1 as u32
    }

    /// The class that theory gives each cell at its best bias, row by row.
    ///
    /// @throws {Error} with the core's one-line message
    pub fn theory(&self) -> Result<Uint8Array, js_sys::Error> {
        let classes = self.inner.theory(Bias::Best).map_err(thrown)?;
        Ok(Uint8Array::from(classes.as_slice()))
    }

    /// Every cell once, coarse ones first.
    pub fn order(&self) -> Uint32Array {
        let order: Vec<u32> = self.inner.order().into_iter().map(|cell| cell as u32).collect();
        Uint32Array::from(order.as_slice())
    }

    /// Trains one cell to its end: a few milliseconds.
    ///
    /// @throws {Error} with the core's one-line message
    #[wasm_bindgen(unchecked_return_type = "PhaseCell")]
    pub fn cell(&self, #[wasm_bindgen(js_name = cellIdx)] cell_idx: u32) -> Result<JsValue, js_sys::Error> {
        let cell = self.inner.train(cell_idx as usize).map_err(thrown)?;
        let report = cell.report;
        Ok(object([
            ("class", cell.class.into()),
            ("loss", report.loss.into()),
            ("weights", Float32Array::from(report.weights.concat().as_slice()).into()),
            ("bias", Float32Array::from(report.bias.as_slice()).into()),
            ("steps", (report.steps as f64).into()),
            ("restart", (report.restart as u32).into()),
        ]))
    }
}
