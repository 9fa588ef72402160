//! Specs, presets and links as JSON text.

use super::{parsed, thrown};
use crate::error::Error;
use crate::kernels::Level;
use crate::spec::link::Link;
use crate::spec::{self, Draft, PRESET_IDS, json_text};
use wasm_bindgen::prelude::*;

/// The version of the core.
#[wasm_bindgen]
pub fn version() -> String {
    crate::report::VERSION.into()
}

/// The SIMD level of this build.
#[wasm_bindgen(js_name = wasmLevel, unchecked_return_type = "\"simd128\" | \"relaxed-simd\"")]
pub fn wasm_level() -> String {
    Level::best().name().into()
}

/// The spec of a figure as JSON.
///
/// @throws {Error} for an id without a preset
#[wasm_bindgen]
pub fn preset(id: &str) -> Result<String, js_sys::Error> {
    spec::preset(id).map(str::to_owned).ok_or_else(|| {
        let allowed = format!("one of {}", PRESET_IDS.join(", "));
        thrown(Error::Field { field: "figure".into(), value: format!("{id:?}"), allowed })
    })
}

/// Checks a spec and fills in every default.
///
/// @throws {Error} with the core's one-line message
#[wasm_bindgen(js_name = resolveSpec)]
pub fn resolve_spec(#[wasm_bindgen(js_name = specJson)] spec_json: &str) -> Result<String, js_sys::Error> {
    Ok(json_text(&parsed(spec_json)?))
}

/// Lays changed fields over a spec; the result is checked, but not resolved.
///
/// @throws {Error} with the core's one-line message
#[wasm_bindgen(js_name = mergeSpec)]
pub fn merge_spec(
    #[wasm_bindgen(js_name = baseJson)] base_json: &str,
    #[wasm_bindgen(js_name = patchJson)] patch_json: &str,
) -> Result<String, js_sys::Error> {
    spec::merge(base_json, patch_json).map_err(thrown)
}

/// How many cells the sweep of a spec has, 1 without one.
///
/// @throws {Error} with the core's one-line message
#[wasm_bindgen(js_name = specCells)]
pub fn spec_cells(#[wasm_bindgen(js_name = specJson)] spec_json: &str) -> Result<u32, js_sys::Error> {
    // A sweep has at most a million instances.
    Ok(parsed(spec_json)?.n_cells() as u32)
}

/// The resolved spec of one cell, without the sweep.
///
/// @throws {Error} with the core's one-line message
#[wasm_bindgen(js_name = cellSpec)]
pub fn cell_spec(
    #[wasm_bindgen(js_name = specJson)] spec_json: &str,
    #[wasm_bindgen(js_name = cellIdx)] cell_idx: u32,
) -> Result<String, js_sys::Error> {
    let cell = parsed(spec_json)?.cell(cell_idx as usize).map_err(thrown)?;
    Ok(json_text(&cell))
}

/// Reads a link, hash or query: JSON `{figure, spec, show, hide}`, or `null` for an ordinary anchor.
///
/// @throws {Error} with the core's one-line message
#[wasm_bindgen(js_name = decodeLink)]
pub fn decode_link(text: &str) -> Result<String, js_sys::Error> {
    Ok(json_text(&Link::decode(text).map_err(thrown)?))
}

/// Writes a link that {@link decodeLink} reads.
///
/// @throws {Error} with the core's one-line message
#[wasm_bindgen(js_name = encodeLink)]
pub fn encode_link(
    figure: Option<String>,
    #[wasm_bindgen(js_name = specPatchJson)] spec_patch_json: &str,
    show: Vec<String>,
    hide: Vec<String>,
) -> Result<String, js_sys::Error> {
    let spec = Draft::from_json(spec_patch_json).map_err(thrown)?.into();
    Link { figure, spec, show, hide }.encode().map_err(thrown)
}
