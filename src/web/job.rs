//! `Job`: one instance of a figure, trained in slices by a worker.

use super::{parsed, thrown};
use crate::sweep;
use wasm_bindgen::prelude::*;

/// A figure shows three digits of a loss, not the four that a report on the command line is made to.
const PRECISION: f64 = 0.01;

/// An instance with all that its spec asks for.
#[wasm_bindgen]
pub struct Job {
    inner: sweep::Job,
    /// Of the last report; NaN before the first.
    loss: f64,
}

#[wasm_bindgen]
impl Job {
    /// A job at step 0, of a spec without a sweep; `index` goes into its reports.
    ///
    /// @throws {Error} with the core's one-line message
    #[wasm_bindgen(constructor)]
    pub fn new(#[wasm_bindgen(js_name = specJson)] spec_json: &str, index: u32) -> Result<Self, js_sys::Error> {
        let inner = sweep::Job::new(&parsed(spec_json)?, index as usize, PRECISION).map_err(thrown)?;
        Ok(Self { inner, loss: f64::NAN })
    }

    /// Makes at most so many steps, of the model and then of its dictionary; returns how many.
    ///
    /// @throws {Error} with the core's one-line message
    pub fn advance(&mut self, steps: f64) -> Result<f64, js_sys::Error> {
        // A float converts by saturating: NaN and negative numbers are 0 steps.
        Ok(self.inner.advance(steps as u64).map_err(thrown)? as f64)
    }

    /// Changes settings in mid-run: the fields of a JSON object. A model that is trained stays as it is.
    ///
    /// @throws {Error} with the core's one-line message; nothing has changed then
    pub fn set(&mut self, #[wasm_bindgen(js_name = patchJson)] patch_json: &str) -> Result<(), js_sys::Error> {
        self.inner.set(patch_json).map_err(thrown)
    }

    /// Whether nothing is left to do.
    #[wasm_bindgen(getter, js_name = isDone)]
    pub fn is_done(&self) -> bool {
        self.inner.is_done()
    }

    /// How much of it is done, 0 to 1.
    #[wasm_bindgen(getter)]
    pub fn fraction(&self) -> f64 {
        let (made, all) = self.inner.progress();
        if self.inner.is_done() { 1.0 } else { made as f64 / all.max(1) as f64 }
    }

    /// Steps made, its dictionary's included.
    #[wasm_bindgen(getter)]
    pub fn steps(&self) -> f64 {
        self.inner.progress().0 as f64
    }

    /// What it has come to, as bytes for `Gallery.take`; before the end a provisional report.
    pub fn report(&mut self) -> Vec<u8> {
        let report = self.inner.report();
        self.loss = report.loss;
        report.to_bytes()
    }

    /// The loss in the last report; NaN before the first.
    #[wasm_bindgen(getter)]
    pub fn loss(&self) -> f64 {
        self.loss
    }

    /// Bytes from which its training goes on; undefined once the model is trained.
    pub fn save(&self) -> Option<Vec<u8>> {
        self.inner.save()
    }

    /// A job that goes on from saved bytes.
    ///
    /// @throws {Error} for bytes that are damaged or of another version
    pub fn restore(bytes: &[u8], index: u32) -> Result<Job, js_sys::Error> {
        let inner = sweep::Job::restore(bytes, index as usize, PRECISION).map_err(thrown)?;
        Ok(Self { inner, loss: f64::NAN })
    }
}
