//! The wasm façade: the core under its JavaScript names, and nothing else.
//!
//! It is compiled as one module, of which the build makes three parts, so that the opening figure does not wait for what only later ones
//! need: first what trains a spec ([`trainer`]), draws arrows ([`draw`]) and reads specs and links ([`spec`]); then the jobs of sweeps
//! ([`job`]), the phase diagram ([`phase`]), and what makes pictures of reports ([`gallery`] in a worker, `picture` on the page); then what
//! hardly any reader needs. Which functions go where stands in `xtask/src/wasm/parts.rs`, by their names. No file here decides anything:
//! a call is translated, made, and its result translated back. Arrays cross as copies, never as views into the module's
//! memory. What the core refuses is thrown as an `Error` with the core's own one-line message.

mod canvas;
mod draw;
mod gallery;
mod job;
mod pen;
mod phase;
mod picture;
mod spec;
mod surface;
mod trainer;

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Brings the module's next part before it returns; page and worker define it.
    #[wasm_bindgen(js_name = superpositionRest)]
    fn load_rest();
}

/// Called by a function of a later part that is called too early: the build puts the calls there (`xtask/src/split.rs`).
#[wasm_bindgen(js_name = needRest)]
pub fn need_rest() {
    load_rest();
}

/// The core's refusal as a JavaScript exception.
fn thrown(error: crate::Error) -> js_sys::Error {
    js_sys::Error::new(&error.to_string())
}

/// The spec behind a JSON text.
fn parsed(spec_json: &str) -> Result<crate::ExperimentSpec, js_sys::Error> {
    crate::ExperimentSpec::from_json(spec_json).map_err(thrown)
}

/// A plain JavaScript object with these properties.
fn object<const N: usize>(properties: [(&str, JsValue); N]) -> JsValue {
    let object = js_sys::Object::new();
    for (name, value) in properties {
        // Setting a property of a fresh plain object cannot fail.
        let _ = js_sys::Reflect::set(&object, &name.into(), &value);
    }
    object.into()
}
