//! `Gallery`: a figure in the making, in a worker.

use super::{parsed, thrown};
use crate::gallery::{Live, Need};
use serde_json::json;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** What a figure waits for, as JSON: these jobs' reports, another call, or nothing. */
export type GalleryNeed =
  | { need: "jobs"; jobs: { index: number; spec: object }[] }
  | { need: "time"; what: string; done: number; of: number }
  | { need: "nothing" };
"#;

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
                let jobs: Vec<_> =
                    jobs.iter().map(|(index, spec)| json!({ "index": index, "spec": spec.to_json() })).collect();
                json!({ "need": "jobs", "jobs": jobs })
            }
            Need::Time(pieces) => {
                json!({ "need": "time", "what": pieces.what, "done": pieces.done, "of": pieces.of })
            }
            Need::Nothing => json!({ "need": "nothing" }),
        };
        Ok(need.to_string())
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
        self.inner.last().map_or("null".into(), |still| still.data().to_string())
    }

    /// What the last picture shows, in words; empty before there is one.
    pub fn sentence(&self) -> String {
        self.inner.last().map_or(String::new(), |still| still.sentence())
    }
}
