//! `Gallery`: a figure in the making, in a worker.

use super::{parsed, thrown};
use crate::gallery::{Live, Need};
use crate::spec::{ExperimentSpec, json_text};
use crate::sweep::lab::Pieces;
use serde::Serialize;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** What a figure waits for, as JSON: these jobs' reports, another call, or nothing. */
export type GalleryNeed =
  | { need: "jobs"; jobs: { index: number; spec: object }[] }
  | { need: "time"; what: string; done: number; of: number }
  | { need: "nothing" };
"#;

/// What a figure waits for, as it crosses.
#[derive(Serialize)]
#[serde(tag = "need", rename_all = "lowercase")]
enum Told {
    Jobs { jobs: Vec<ToldJob> },
    Time { what: String, done: usize, of: usize },
    Nothing,
}

#[derive(Serialize)]
struct ToldJob {
    index: usize,
    spec: ExperimentSpec,
}

/// A figure of the catalogue, made of reports that are given to it.
#[wasm_bindgen]
pub struct Gallery {
    inner: Live,
}

#[wasm_bindgen]
impl Gallery {
    /// A figure with its spec, nothing trained yet.
    ///
    /// @throws {Error} with the core's one-line message
    #[wasm_bindgen(constructor)]
    pub fn new(figure: &str, #[wasm_bindgen(js_name = specJson)] spec_json: &str) -> Result<Self, js_sys::Error> {
        let inner = Live::new(figure, parsed(spec_json)?).map_err(thrown)?;
        Ok(Self { inner })
    }

    /// Goes on with the final reports, and tells what is lacking: a {@link GalleryNeed} as JSON.
    ///
    /// @throws {Error} with the core's one-line message: what the figure refuses
    pub fn step(&mut self) -> Result<String, js_sys::Error> {
        let need = match self.inner.step().map_err(thrown)? {
            Need::Jobs(jobs) => {
                Told::Jobs { jobs: jobs.into_iter().map(|(index, spec)| ToldJob { index, spec }).collect() }
            }
            Need::Time(Pieces { what, done, of }) => Told::Time { what, done, of },
            Need::Nothing => Told::Nothing,
        };
        Ok(json_text(&need))
    }

    /// Takes a job's report, provisional or final.
    ///
    /// @throws {Error} for bytes that are damaged, or an index that was not asked for
    pub fn take(&mut self, index: u32, report: &[u8]) -> Result<(), js_sys::Error> {
        self.inner.take_bytes(index as usize, report).map_err(thrown)
    }

    /// The best picture there can be now, as bytes for `Picture.fromBytes`; undefined if there is none.
    pub fn picture(&mut self) -> Option<Vec<u8>> {
        self.inner.still().map(|still| still.panels.to_bytes())
    }

    /// The numbers behind the last picture, as JSON.
    pub fn data(&self) -> String {
        self.inner.last().map_or("null".into(), |still| json_text(&still.data()))
    }

    /// What the last picture shows, in words; empty before there is one.
    pub fn sentence(&self) -> String {
        self.inner.last().map_or(String::new(), |still| still.sentence())
    }
}
