//! `Trainer`: training in a worker, in slices.

use super::{object, parsed, thrown};
use crate::error::Error;
use crate::measures::{Measures, sentence};
use crate::number::shortest;
use crate::spec::json_text;
use crate::train;
use js_sys::{Float32Array, Float64Array, Uint32Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** How a trainer stands. */
export interface TrainerState {
  status: "running" | "done" | "converged" | "diverged";
  /** Steps made by the instance that made most. */
  step: number;
  /** Mean over the cells of their best restart's loss; null while one is not known (sampled losses, before the first step). */
  loss: number | null;
  /** Step at which the first instance diverged. */
  divergedAt: number | null;
}

/** Copies of the best restart of every cell. Where cells differ in size, their parts still lie one after the other. */
export interface Snapshot {
  cells: number;
  /** n and m of the first cell. */
  features: number;
  hidden: number;
  /** The kept restart of each cell. */
  restart: Uint32Array;
  /** `[cells][m][n]`, column i the direction of feature i. */
  weights: Float32Array;
  /** `[cells][n]`. */
  bias: Float32Array;
  /** `[cells][n][m]`, of the absolute value model only. */
  decoder: Float32Array | null;
  /** One a cell; NaN where it is not known yet. */
  losses: Float64Array;
}

/** What a trained matrix looks like. */
export interface Measures {
  norms: number[];
  superposition: number[];
  dimensionality: number[];
  dimensions_per_feature: number | null;
  represented: number[];
  geometry: { features: number[]; dimension: number; shape: string }[];
  solution: string;
  /** What the picture shows, in words. */
  sentence: string;
}
"#;

/// Every cell and restart of a spec, trained side by side.
#[wasm_bindgen]
pub struct Trainer {
    inner: train::Trainer,
}

#[wasm_bindgen]
impl Trainer {
    /// All instances at step 0.
    ///
    /// @throws {Error} with the core's one-line message
    #[wasm_bindgen(constructor)]
    pub fn new(#[wasm_bindgen(js_name = specJson)] spec_json: &str) -> Result<Self, js_sys::Error> {
        let inner = train::Trainer::new(&parsed(spec_json)?).map_err(thrown)?;
        Ok(Self { inner })
    }

    /// Trains every running instance by at most so many steps; returns the most that any made.
    pub fn advance(&mut self, steps: f64) -> f64 {
        // A float converts by saturating: NaN and negative numbers are 0 steps.
        self.inner.advance(steps as u64) as f64
    }

    /// How it stands.
    #[wasm_bindgen(unchecked_return_type = "TrainerState")]
    pub fn state(&self) -> JsValue {
        let trainer = &self.inner;
        let losses: Option<Vec<f64>> = self.kept().map(|(cell, best)| trainer.current_loss(cell, best)).collect();
        let loss = losses.map(|losses| losses.iter().sum::<f64>() / losses.len() as f64);
        let instances = (0..trainer.n_cells())
            .flat_map(|cell| (0..trainer.spec().restarts.count).map(move |restart| trainer.instance(cell, restart)));
        let diverged_at = instances
            .filter(|instance| instance.status == train::Status::Diverged)
            .map(|instance| instance.step as f64)
            .reduce(f64::min);
        object([
            ("status", status_name(trainer.status()).into()),
            ("step", (trainer.step() as f64).into()),
            ("loss", number_or_null(loss)),
            ("divergedAt", number_or_null(diverged_at)),
        ])
    }

    /// Copies of the best restart of every cell.
    #[wasm_bindgen(unchecked_return_type = "Snapshot")]
    pub fn snapshot(&self) -> JsValue {
        let (mut restarts, mut weights, mut bias, mut losses) = (vec![], vec![], vec![], vec![]);
        let mut decoder: Vec<f32> = vec![];
        for (cell, best) in self.kept() {
            let instance = self.inner.instance(cell, best);
            restarts.push(best as u32);
            weights.extend_from_slice(instance.weights);
            bias.extend_from_slice(instance.bias);
            decoder.extend_from_slice(instance.decoder.unwrap_or_default());
            losses.push(self.inner.current_loss(cell, best).unwrap_or(f64::NAN));
        }
        let first = self.inner.cell_spec(0);
        object([
            ("cells", (restarts.len() as u32).into()),
            ("features", (first.features as u32).into()),
            ("hidden", (first.hidden as u32).into()),
            ("restart", Uint32Array::from(restarts.as_slice()).into()),
            ("weights", Float32Array::from(weights.as_slice()).into()),
            ("bias", Float32Array::from(bias.as_slice()).into()),
            ("decoder", if decoder.is_empty() { JsValue::NULL } else { Float32Array::from(decoder.as_slice()).into() }),
            ("losses", Float64Array::from(losses.as_slice()).into()),
        ])
    }

    /// The measures of the best restart of every cell.
    #[wasm_bindgen(unchecked_return_type = "Measures[]")]
    pub fn measures(&self) -> Result<JsValue, js_sys::Error> {
        let all = js_sys::Array::new();
        for (cell, best) in self.kept() {
            all.push(&self.measures_of(cell, best)?);
        }
        Ok(all.into())
    }

    /// Changes settings in mid-run; parameters, moments and streams stay as they are.
    ///
    /// @throws {Error} with the core's one-line message; nothing has changed then
    pub fn set(&mut self, #[wasm_bindgen(js_name = patchJson)] patch_json: &str) -> Result<(), js_sys::Error> {
        self.inner.set(patch_json).map_err(thrown)
    }

    /// Moves a feature's direction in every instance, as a hand would; training goes on from there. To hold it, `set` its feature as
    /// `pinned`.
    ///
    /// @param column `[m]`
    /// @throws {Error} with the core's one-line message; nothing has changed then
    #[wasm_bindgen(js_name = setColumn)]
    pub fn set_column(&mut self, feature: u32, column: &[f32]) -> Result<(), js_sys::Error> {
        self.inner.set_column(feature as usize, column).map_err(thrown)
    }

    /// Back to step 0, from the same seed or another.
    ///
    /// @throws {Error} for a seed out of range
    pub fn reset(&mut self, seed: Option<f64>) -> Result<(), js_sys::Error> {
        let seed = seed.map(whole_seed).transpose().map_err(thrown)?;
        self.inner.reset(seed).map_err(thrown)
    }

    /// Everything a run needs to go on to the same bits.
    pub fn save(&self) -> Vec<u8> {
        self.inner.save()
    }

    /// A trainer that goes on from saved bytes.
    ///
    /// @throws {Error} for bytes that are damaged or of another version
    pub fn restore(bytes: &[u8]) -> Result<Trainer, js_sys::Error> {
        let inner = train::Trainer::restore(bytes).map_err(thrown)?;
        Ok(Self { inner })
    }
}

impl Trainer {
    /// Each cell with its best restart.
    fn kept(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        (0..self.inner.n_cells()).map(|cell| (cell, self.inner.best(cell)))
    }

    fn measures_of(&self, cell: usize, restart: usize) -> Result<JsValue, js_sys::Error> {
        let spec = self.inner.cell_spec(cell);
        let weights: Vec<f64> = self.inner.instance(cell, restart).weights.iter().copied().map(f64::from).collect();
        let measures = Measures::of(&weights, spec.features, spec.hidden);
        let told = js_sys::JSON::parse(&json_text(&measures)).map_err(js_sys::Error::from)?;
        let words = sentence(&measures, spec.features, spec.hidden);
        js_sys::Reflect::set(&told, &"sentence".into(), &words.into()).map_err(js_sys::Error::from)?;
        Ok(told)
    }
}

fn number_or_null(value: Option<f64>) -> JsValue {
    value.map_or(JsValue::NULL, JsValue::from_f64)
}

fn status_name(status: train::Status) -> &'static str {
    match status {
        train::Status::Running => "running",
        train::Status::Done => "done",
        train::Status::Converged => "converged",
        train::Status::Diverged => "diverged",
    }
}

/// A JavaScript number as a seed; the core checks its range, but has no fractions to refuse.
fn whole_seed(seed: f64) -> Result<u64, Error> {
    if seed.fract() == 0.0 && seed >= 0.0 {
        return Ok(seed as u64);
    }
    let allowed = "a whole number from 0 to 9007199254740991".into();
    Err(Error::Field { field: "seed".into(), value: shortest(seed), allowed })
}
