//! Takes the words out of panics.
//!
//! In the page a panic is a trap either way: the worker is lost and another goes on from its last saved state. What it would say, and
//! where in the source, is a tenth of what the page would download. The same experiment on the command line says it.

use anyhow::{Result, ensure};
use walrus::{FunctionBuilder, FunctionKind, Module};

/// Parts of the mangled names of the standard library's functions that never come back.
const PANICS: &[&str] = &[
    "4core9panicking",
    "3std9panicking",
    "12handle_error",
    "13expect_failed",
    "13unwrap_failed",
    "13assert_failed",
    "16slice_error_fail",
    "16slice_index_fail",
    "17capacity_overflow",
    "17len_mismatch_fail",
    "18handle_alloc_error",
    "19slice_error_fail_rt",
    "___rustc10rust_panic",
];

/// The crates whose functions those are.
const CRATES: &[&str] = &["_4core", "_5alloc", "_3std", "_9hashbrown", "___rustc"];

/// Whether a function is a trap in the page, by its mangled name: nothing that it names is needed for its sake.
pub fn is_silenced(function: &str) -> bool {
    CRATES.iter().any(|part| function.contains(part)) && PANICS.iter().any(|part| function.contains(part))
}

/// The linked module with a trap for each function of the standard library that only panics, and without its relocations.
pub fn silenced(linked: &[u8]) -> Result<Vec<u8>> {
    let mut module = Module::from_buffer(linked)?;
    let ids: Vec<_> = module
        .funcs
        .iter()
        .filter(|function| {
            matches!(function.kind, FunctionKind::Local(_)) && function.name.as_deref().is_some_and(is_silenced)
        })
        .map(|function| (function.id(), function.ty()))
        .collect();
    ensure!(!ids.is_empty(), "the module has no panics: their names must have changed");
    for (id, ty) in ids {
        let (params, results) = (module.types.get(ty).params().to_vec(), module.types.get(ty).results().to_vec());
        let arguments = params.iter().map(|kind| module.locals.add(*kind)).collect();
        let mut builder = FunctionBuilder::new(&mut module.types, &params, &results);
        builder.func_body().unreachable();
        module.funcs.get_mut(id).kind = FunctionKind::Local(builder.local_func(arguments));
    }
    // The linker's notes are wrong from here on.
    for (id, name) in module.customs.iter().map(|(id, section)| (id, section.name().to_owned())).collect::<Vec<_>>() {
        if name == "linking" || name.starts_with("reloc.") {
            module.customs.delete(id);
        }
    }
    Ok(module.emit_wasm())
}
