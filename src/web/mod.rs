//! The wasm façade: the core under its JavaScript names, and nothing else.
//!
//! Two modules are made of it, so that the opening figure does not wait for what only later ones need: with the feature
//! `web-training` what trains ([`trainer`], [`job`] and [`phase`] for workers, [`draw`] and [`spec`] for the page too); with
//! `web-gallery` what makes pictures of reports ([`gallery`] in a worker, `picture` on the page), and no trainer. No file here decides anything:
//! a call is translated, made, and its result translated back. Arrays cross as copies, never as views into the module's
//! memory. What the core refuses is thrown as an `Error` with the core's own one-line message.

mod canvas;
#[cfg(feature = "web-training")]
mod draw;
#[cfg(feature = "web-gallery")]
mod gallery;
#[cfg(feature = "web-training")]
mod job;
#[cfg(feature = "web-gallery")]
mod pen;
#[cfg(feature = "web-training")]
mod phase;
#[cfg(feature = "web-gallery")]
mod picture;
#[cfg(feature = "web-training")]
mod spec;
mod surface;
#[cfg(feature = "web-training")]
mod trainer;

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(message: &str);
}

/// Runs once, when the module is instantiated.
///
/// A panic is a bug in the core: its message goes to the console before the instance is lost, so that a report can name
/// it.
#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|panic| console_error(&format!("superposition: {panic}"))));
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
#[cfg(feature = "web-training")]
fn object<const N: usize>(properties: [(&str, JsValue); N]) -> JsValue {
    let object = js_sys::Object::new();
    for (name, value) in properties {
        // Setting a property of a fresh plain object cannot fail.
        let _ = js_sys::Reflect::set(&object, &name.into(), &value);
    }
    object.into()
}
