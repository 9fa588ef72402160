//! The wasm façade: the core under its JavaScript names, and nothing else.
//!
//! Workers use [`trainer`] and [`phase`], the page also [`draw`]; [`spec`] serves both. No file here decides anything:
//! a call is translated, made, and its result translated back. Arrays cross as copies, never as views into the module's
//! memory. What the core refuses is thrown as an `Error` with the core's own one-line message.

mod canvas;
mod draw;
mod phase;
mod spec;
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

/// A plain JavaScript object with these properties.
fn object<const N: usize>(properties: [(&str, JsValue); N]) -> JsValue {
    let object = js_sys::Object::new();
    for (name, value) in properties {
        // Setting a property of a fresh plain object cannot fail.
        let _ = js_sys::Reflect::set(&object, &name.into(), &value);
    }
    object.into()
}
