//! Compiles the crate to wasm, makes the JavaScript bindings, splits each build ([`parts`]) and shrinks the parts.
//!
//! There are two builds: `simd128` runs in every browser of the last years; `relaxed-simd` fuses multiply and add where the browser has
//! it. The page chooses at run time.

mod parts;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use wasm_bindgen_cli_support::Bindgen;

use crate::setup::{DEBIAN_CARGO, DEBIAN_RUSTC, WASM_TARGET, WasmToolchain};
use crate::{panics, shell, split};

/// One of the builds.
pub struct Module {
    /// The folder in dist/pkg/.
    pub name: &'static str,
    /// For rustc's `-C target-feature`.
    features: &'static str,
    /// For wasm-opt, beside [`WASM_OPT_FLAGS`].
    wasm_opt_flags: &'static [&'static str],
}

/// The builds, the slower and safer first. A browser loads one.
pub const MODULES: [Module; 2] = [
    Module { name: "simd128", features: "+simd128", wasm_opt_flags: &[] },
    Module { name: "relaxed", features: "+simd128,+relaxed-simd", wasm_opt_flags: &["--enable-relaxed-simd"] },
];

/// What rustc's wasm target uses by default, said to wasm-opt so that it neither refuses nor avoids it.
const WASM_OPT_FLAGS: &[&str] = &[
    "--enable-simd",
    "--enable-bulk-memory",
    "--enable-mutable-globals",
    "--enable-multivalue",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    // The stack's end is there: Rust puts it below all data.
    "--low-memory-unused",
    "--strip-producers",
    "--strip-target-features",
];

/// What the page does not wait for (parsing, printing, drawing) is compiled for size; what it waits for is in these.
const FAST_DEPENDENCIES: &[&str] = &["fearless_simd", "superposition-kernels"];

/// The stem of the files in each folder of dist/pkg/.
const OUT_NAME: &str = "superposition";

/// What a build has to say to the one who asked for it.
pub struct Built {
    /// The compiler's warnings, which `test` does not let pass. Clippy does not see code that only wasm compiles.
    pub n_warnings: usize,
}

/// Brings `package` (dist/pkg/) up to date. The modules are built side by side: most of the time goes into one thread of
/// link-time optimisation each.
pub fn build(root: &Path, toolchain: &WasmToolchain, package: &Path) -> Result<Built> {
    let names: Vec<_> = MODULES.iter().map(|module| module.name).collect();
    shell::step(&format!("wasm for {}", names.join(" and ")));
    let printed = Mutex::new(HashSet::new());
    let build_module = |module: &Module| -> Result<usize> {
        let compiled = compile(root, toolchain, module, &printed)?;
        bind_and_shrink(root, module, &compiled.wasm, &package.join(module.name))?;
        Ok(compiled.n_warnings)
    };
    let results: Vec<Result<usize>> = std::thread::scope(|scope| {
        let threads: Vec<_> = MODULES.iter().map(|module| scope.spawn(|| build_module(module))).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|_| bail!("the build's thread panicked (see above)"))
        };
        threads.into_iter().map(join).collect()
    });
    remove_others(package)?;
    let mut n_warnings = 0;
    for (module, result) in MODULES.iter().zip(results) {
        n_warnings = n_warnings.max(result.with_context(|| format!("wasm for {}", module.name))?);
    }
    Ok(Built { n_warnings })
}

/// Removes the folders of builds that there are no more.
fn remove_others(package: &Path) -> Result<()> {
    for entry in std::fs::read_dir(package)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() && !MODULES.iter().any(|module| entry.file_name() == module.name) {
            std::fs::remove_dir_all(entry.path())
                .with_context(|| format!("could not remove {}", entry.path().display()))?;
        }
    }
    Ok(())
}

struct Compiled {
    wasm: Vec<u8>,
    n_warnings: usize,
}

/// Runs cargo; what the compiler says goes to standard error, unless it is in `printed` already.
fn compile(
    root: &Path,
    toolchain: &WasmToolchain,
    module: &Module,
    printed: &Mutex<HashSet<String>>,
) -> Result<Compiled> {
    let mut cargo = match toolchain {
        WasmToolchain::OfCargo => shell::cargo(root),
        WasmToolchain::Debian { linker } => {
            let mut cargo = shell::foreign_cargo(root, Path::new(DEBIAN_CARGO));
            // The packages bring no compiled library for wasm, but its source, and cargo compiles it with our flags. The
            // switch is unstable, hence the permission that nightly compilers have by themselves.
            cargo.env("RUSTC", DEBIAN_RUSTC).env("RUSTC_BOOTSTRAP", "1");
            cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
            cargo
        }
    };
    // As a library for Rust too it would keep every public function until the linker throws it away: too late for the optimiser.
    cargo.args([
        "rustc",
        "--lib",
        "--release",
        "--crate-type",
        "cdylib",
        "--package",
        OUT_NAME,
        "--target",
        WASM_TARGET,
    ]);
    cargo.args(["--config", r#"profile.release.opt-level="z""#]);
    cargo.args(["--config", r#"profile.release.package."*".opt-level="z""#]);
    for name in FAST_DEPENDENCIES {
        cargo.args(["--config", &format!("profile.release.package.{name}.opt-level=2")]);
    }
    // Two toolchains, or two sets of flags, in one folder would throw away each other's work.
    let folder = match toolchain {
        WasmToolchain::OfCargo => "target/wasm",
        WasmToolchain::Debian { .. } => {
            cargo.arg("-Zbuild-std=std,panic_abort");
            "target/wasm-debian"
        }
    };
    cargo.arg("--target-dir").arg(root.join(folder).join(module.name));
    let colors = std::io::stderr().is_terminal();
    cargo.arg(if colors { "--message-format=json-diagnostic-rendered-ansi" } else { "--message-format=json" });
    // One module's progress stands for all; several moving bars would overwrite each other.
    cargo.env("CARGO_TERM_PROGRESS_WHEN", "never");
    if module.name != MODULES[0].name {
        cargo.arg("--quiet");
    }
    // These decide over the file's bytes: what the caller's environment says of flags is for native code.
    cargo.env_remove("RUSTFLAGS").env_remove("CARGO_BUILD_RUSTFLAGS").env_remove("CARGO_BUILD_TARGET");
    cargo.env("CARGO_ENCODED_RUSTFLAGS", rustflags(root, module).join("\x1f"));

    // What `reach` reads.
    cargo.args(["--", "-Clink-arg=--emit-relocs"]);
    let line = shell::shown(&cargo);
    cargo.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = cargo.spawn().with_context(|| format!("could not start `{line}`"))?;
    let messages = BufReader::new(child.stdout.take().context("cargo has no standard output")?);
    let mut report = CargoReport::default();
    shell::with_heartbeat(&format!("cargo build for {}", module.name), || -> Result<()> {
        for message in messages.lines() {
            if let Some(text) = report.read(&message?)
                && printed.lock().is_ok_and(|mut printed| printed.insert(text.clone()))
            {
                eprint!("{text}");
            }
        }
        Ok(())
    })?;
    ensure!(child.wait()?.success(), "`{line}` failed");
    let path = report.wasm.with_context(|| format!("`{line}` made no .wasm file: is the library a cdylib?"))?;
    let wasm = std::fs::read(&path).with_context(|| format!("could not read {}", path.display()))?;
    Ok(Compiled { wasm, n_warnings: report.n_warnings })
}

fn rustflags(root: &Path, module: &Module) -> Vec<String> {
    let mut flags = vec![format!("-Ctarget-feature={}", module.features)];
    // The standard library is compiled so, and `panics` knows its functions by name.
    flags.push("-Csymbol-mangling-version=v0".into());
    // Panics name source files: no reader needs the builder's folders, and the same source gives the same bytes anywhere.
    flags.push(format!("--remap-path-prefix={}=.", root.display()));
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo"));
    if let Some(folder) = cargo_home.or_else(home) {
        flags.push(format!("--remap-path-prefix={}=cargo", folder.display()));
    }
    flags
}

/// What we take from cargo's stream of JSON messages.
#[derive(Default)]
struct CargoReport {
    wasm: Option<PathBuf>,
    n_warnings: usize,
}

impl CargoReport {
    /// Takes in one message and returns what it has to say to a person.
    fn read(&mut self, line: &str) -> Option<String> {
        let Ok(message) = serde_json::from_str::<Value>(line) else {
            return Some(format!("{line}\n"));
        };
        match message["reason"].as_str() {
            Some("compiler-message") => {
                // The summary ("3 warnings emitted") has no code.
                if message["message"]["level"] == "warning" && !message["message"]["code"].is_null() {
                    self.n_warnings += 1;
                }
                return message["message"]["rendered"].as_str().map(str::to_owned);
            }
            Some("compiler-artifact") if message["target"]["name"] == OUT_NAME => {
                let files = message["filenames"].as_array().into_iter().flatten();
                let wasm = files.filter_map(Value::as_str).find(|file| file.ends_with(".wasm"));
                self.wasm = wasm.map(PathBuf::from).or(self.wasm.take());
            }
            _ => {}
        }
        None
    }
}

/// Writes the folder `to`, unless it was written from the same bytes by the same programs.
fn bind_and_shrink(root: &Path, module: &Module, wasm: &[u8], to: &Path) -> Result<()> {
    let stamp_file = root.join("target/xtask").join(format!("{}.stamp", module.name));
    let stamp = stamp(root, module, wasm)?;
    let final_wasm = to.join(format!("{OUT_NAME}_bg.wasm"));
    let is_current = std::fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) && final_wasm.is_file();
    if is_current {
        shell::note(&format!("{}: unchanged", module.name));
        return Ok(());
    }
    let _ = std::fs::remove_file(&stamp_file);
    if to.exists() {
        std::fs::remove_dir_all(to).with_context(|| format!("could not empty {}", to.display()))?;
    }
    let layout = split::Layout::of(wasm, &parts::PARTING)?;
    // The module's path stays out of the bindings: the page passes it, since many workers share them.
    Bindgen::new()
        .input_bytes(OUT_NAME, panics::silenced(wasm)?)
        .out_name(OUT_NAME)
        .web(true)?
        .typescript(true)
        .demangle(false)
        .remove_producers_section(true)
        .omit_default_module_path(true)
        .generate(to)
        .context("wasm-bindgen could not make the bindings")?;
    let bound = std::fs::read(&final_wasm)?;
    // First as a whole, so that functions that are alike are found wherever they are.
    optimize(root, module, &final_wasm, &["--duplicate-function-elimination", "--debuginfo"])?;
    let parts = split::split(&std::fs::read(&final_wasm)?, &parts::PARTING, &layout)?;
    let mut shrunk = Vec::new();
    for (idx, part) in parts.iter().enumerate() {
        let file = to.join(parts::file_name(idx));
        std::fs::write(&file, part)?;
        optimize(root, module, &file, &["-Oz", "--strip-debug"])?;
        // Over what the first time left, with control flow made anew, which alone makes 1.8 KB less to download.
        optimize(root, module, &file, &["--flatten", "--rereloop", "-Oz", "-Oz", "--converge"])?;
        shrunk.push(std::fs::read(&file)?);
    }
    let fused_before = n_fused_operations(&bound);
    let fused_after: usize = shrunk.iter().map(|part| n_fused_operations(part)).sum();
    if fused_before > 0 && fused_after == 0 {
        bail!("wasm-opt took away all {fused_before} fused multiply-adds of {}", module.name);
    }
    let size = |part: &Vec<u8>| shell::human_size(part.len() as u64);
    let sizes: Vec<_> = shrunk.iter().map(size).collect();
    shell::note(&format!(
        "{}: {} are now {}; fused multiply-adds: {fused_after} of {fused_before}",
        module.name,
        size(&bound),
        sizes.join(" and "),
    ));
    minify(root, &to.join(format!("{OUT_NAME}.js")))?;
    write_with_folder(&stamp_file, &stamp)
}

/// Rewrites the bindings without comments, spaces and long local names.
fn minify(root: &Path, bindings: &Path) -> Result<()> {
    let mut esbuild = Command::new(root.join("node_modules/.bin/esbuild"));
    esbuild.current_dir(root).arg(bindings).args([
        "--minify",
        // Warnings about ways of loading that the page does not take.
        "--drop:console",
        "--format=esm",
        "--target=es2022",
        "--log-level=warning",
    ]);
    shell::run(esbuild.arg("--allow-overwrite").arg(format!("--outfile={}", bindings.display())))
}

/// Rewrites a module smaller.
fn optimize(root: &Path, module: &Module, wasm: &Path, flags: &[&str]) -> Result<()> {
    let smaller = wasm.with_extension("wasm.tmp");
    let mut wasm_opt = Command::new(root.join("node_modules/.bin/wasm-opt"));
    wasm_opt
        .current_dir(root)
        .args(WASM_OPT_FLAGS)
        .args(module.wasm_opt_flags)
        .args(flags)
        .arg(wasm)
        .arg("-o")
        .arg(&smaller);
    shell::run(&mut wasm_opt)?;
    std::fs::rename(&smaller, wasm).with_context(|| format!("could not write {}", wasm.display()))
}

/// About how many `f32x4.relaxed_madd` and `f32x4.relaxed_nmadd` a module has: the bytes of those instructions (`0xfd`,
/// then 0x105 or 0x106 as LEB128). Chance matches are rare: three bytes that nothing else is likely to make.
fn n_fused_operations(wasm: &[u8]) -> usize {
    wasm.windows(3).filter(|bytes| matches!(bytes, [0xfd, 0x85 | 0x86, 0x02])).count()
}

/// Names the input bytes and everything else that the output depends on.
fn stamp(root: &Path, module: &Module, wasm: &[u8]) -> Result<String> {
    let binaryen = root.join("node_modules/binaryen/package.json");
    let mut hasher = DefaultHasher::new();
    wasm.hash(&mut hasher);
    std::fs::read(&binaryen).with_context(|| format!("{} is missing", binaryen.display()))?.hash(&mut hasher);
    WASM_OPT_FLAGS.hash(&mut hasher);
    module.wasm_opt_flags.hash(&mut hasher);
    // Our own code, and with it the version of wasm-bindgen.
    include_str!("wasm.rs").hash(&mut hasher);
    for code in [
        include_str!("panics.rs"),
        include_str!("reach.rs"),
        include_str!("split.rs"),
        include_str!("split/plan.rs"),
        include_str!("wasm/parts.rs"),
        include_str!("wasm/seldom.txt"),
    ] {
        code.hash(&mut hasher);
    }
    include_str!("../Cargo.toml").hash(&mut hasher);
    Ok(format!("{:016x} {}", hasher.finish(), wasm.len()))
}

fn write_with_folder(file: &Path, text: &str) -> Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(file, text).with_context(|| format!("could not write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fused_operations_are_counted() {
        assert_eq!(n_fused_operations(&[0xfd, 0x85, 0x02, 0x00, 0xfd, 0x86, 0x02, 0xfd, 0xe4, 0x01]), 2);
        assert_eq!(n_fused_operations(&[]), 0);
    }

    #[test]
    fn cargo_messages_give_the_file_and_the_warnings() {
        let mut report = CargoReport::default();
        let artifact =
            r#"{"reason":"compiler-artifact","target":{"name":"superposition"},"filenames":["/t/a.rlib","/t/a.wasm"]}"#;
        let other = r#"{"reason":"compiler-artifact","target":{"name":"serde"},"filenames":["/t/b.rlib"]}"#;
        let warning =
            r#"{"reason":"compiler-message","message":{"level":"warning","code":{"code":"dead_code"},"rendered":""}}"#;
        let summary = r#"{"reason":"compiler-message","message":{"level":"warning","code":null,"rendered":""}}"#;
        for line in [artifact, other, warning, summary] {
            report.read(line);
        }
        assert_eq!(report.wasm, Some(PathBuf::from("/t/a.wasm")));
        assert_eq!(report.n_warnings, 1);
    }
}
