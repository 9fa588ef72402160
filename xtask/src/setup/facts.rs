//! What is on this machine: looked up, never changed.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Need, npm};
use crate::shell;

/// The wasm target's name, as rustc has it.
pub const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// The kinds of system that setting up differs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// Debian itself, whose package names we know.
    Debian,
    OtherLinux,
    Mac,
    Other,
}

/// A Rust toolchain that can compile to wasm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WasmToolchain {
    /// The cargo that runs us, with the target's library in its sysroot.
    OfCargo,
    /// Debian's `rustc-web`, which compiles the standard library too, and the linker for it.
    Debian { linker: PathBuf },
}

/// What WebKit's tests need: the driver and the small browser that it drives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webkit {
    pub driver: PathBuf,
    pub browser: PathBuf,
}

/// Everything that the plan depends on.
#[derive(Clone, Debug)]
pub struct Facts {
    pub system: System,
    /// Whether we are root, and so may install Debian's packages.
    pub root: bool,
    /// The wasm target is in the sysroot of the cargo that runs us.
    pub own_wasm_target: bool,
    pub rustup: bool,
    /// `rustup target add` was tried just now and did not work.
    pub rustup_failed: bool,
    /// Debian's toolchain for the web: compiler, cargo and the library's source, new enough.
    pub debian_rust: bool,
    /// `rust-lld` of rustup's toolchain, or Debian's `wasm-ld`.
    pub wasm_linker: Option<PathBuf>,
    pub node: Option<Version>,
    /// node_modules holds what package-lock.json says.
    pub npm_packages: bool,
    pub chromium: Option<PathBuf>,
    pub firefox: Option<PathBuf>,
    pub webkit: Option<Webkit>,
}

/// Major, minor.
pub type Version = (u32, u32);

impl Facts {
    /// Looks up what `needs` calls for; what nobody needs is not looked for.
    pub fn gather(root: &Path, needs: &[Need], rustup_failed: bool) -> Facts {
        let wants = |need| needs.contains(&need);
        let mut facts = Facts {
            system: system(),
            root: is_root(),
            own_wasm_target: false,
            rustup: find("rustup").is_some(),
            rustup_failed,
            debian_rust: false,
            wasm_linker: None,
            node: None,
            npm_packages: false,
            chromium: None,
            firefox: None,
            webkit: None,
        };
        if wants(Need::Wasm) {
            let sysroot = own_sysroot(root);
            facts.own_wasm_target = sysroot.as_deref().is_some_and(has_wasm_library);
            if !facts.own_wasm_target {
                facts.debian_rust = has_debian_rust();
                facts.wasm_linker = sysroot.as_deref().and_then(rust_lld).or_else(|| find("wasm-ld"));
            }
        }
        if wants(Need::Npm) {
            facts.node = shell::answer(Command::new("node").arg("--version")).and_then(|text| version_of(&text));
            facts.npm_packages = npm::is_current(root);
        }
        if wants(Need::Chromium) {
            facts.chromium = chromium();
        }
        if wants(Need::Firefox) {
            facts.firefox = firefox();
        }
        if wants(Need::Webkit) {
            facts.webkit = webkit();
        }
        facts
    }

    /// The toolchain to compile wasm with, if there is one.
    pub fn wasm_toolchain(&self) -> Option<WasmToolchain> {
        if self.own_wasm_target {
            return Some(WasmToolchain::OfCargo);
        }
        let linker = self.wasm_linker.clone()?;
        self.debian_rust.then_some(WasmToolchain::Debian { linker })
    }
}

fn system() -> System {
    if cfg!(target_os = "macos") {
        return System::Mac;
    }
    if !cfg!(target_os = "linux") {
        return System::Other;
    }
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    if release.lines().any(|line| line.trim() == "ID=debian") { System::Debian } else { System::OtherLinux }
}

/// Whether this process runs as root (false where the system has no such user).
pub fn is_root() -> bool {
    shell::answer(Command::new("id").arg("-u")).as_deref() == Some("0")
}

/// Whether the Rust that runs us can compile for wasm by itself.
pub fn has_own_wasm_target(root: &Path) -> bool {
    own_sysroot(root).as_deref().is_some_and(has_wasm_library)
}

/// The sysroot of the rustc that belongs to the cargo that runs us.
fn own_sysroot(root: &Path) -> Option<PathBuf> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    shell::answer(Command::new(rustc).current_dir(root).args(["--print", "sysroot"])).map(PathBuf::from)
}

fn has_wasm_library(sysroot: &Path) -> bool {
    let folder = sysroot.join("lib/rustlib").join(WASM_TARGET).join("lib");
    std::fs::read_dir(folder).is_ok_and(|mut entries| {
        entries.any(|entry| entry.is_ok_and(|e| e.file_name().to_string_lossy().starts_with("libstd-")))
    })
}

/// The linker that rustup's toolchains bring for every target.
fn rust_lld(sysroot: &Path) -> Option<PathBuf> {
    let hosts = std::fs::read_dir(sysroot.join("lib/rustlib")).ok()?;
    hosts.filter_map(|host| Some(host.ok()?.path().join("bin/rust-lld"))).find(|path| path.is_file())
}

/// Where Debian's packages put the compiler and cargo; rustup's come earlier in the path, so we name them in full.
pub const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
pub const DEBIAN_CARGO: &str = "/usr/bin/cargo";

fn has_debian_rust() -> bool {
    let ask = |argument: &str| shell::answer(debian_rustc().args(argument.split(' ')));
    let required = version_of(env!("CARGO_PKG_RUST_VERSION"));
    let new_enough = ask("--version").and_then(|text| version_of(&text)) >= required;
    let has_source = ask("--print sysroot")
        .is_some_and(|sysroot| Path::new(&sysroot).join("lib/rustlib/src/rust/library/Cargo.lock").is_file());
    new_enough && has_source && Path::new(DEBIAN_CARGO).is_file()
}

fn debian_rustc() -> Command {
    let mut command = Command::new(DEBIAN_RUSTC);
    // `cargo run` points this at the libraries of the toolchain that runs us.
    command.env_remove("LD_LIBRARY_PATH");
    command
}

/// The first `major.minor` in a program's answer, as in `v20.11.1` or `rustc 1.96.0 (…)`.
fn version_of(text: &str) -> Option<Version> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let mut parts = text[start..].split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next().and_then(|minor| minor.parse().ok()).unwrap_or(0)))
}

fn chromium() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
    let places = [
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ];
    browser("CHROME_PATH", &names, &places)
}

fn firefox() -> Option<PathBuf> {
    browser("FIREFOX_PATH", &["firefox-esr", "firefox"], &["/Applications/Firefox.app/Contents/MacOS/firefox"])
}

/// The browser that the environment names, or the first that is found.
fn browser(variable: &str, names: &[&str], places: &[&str]) -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(variable) {
        // A wrong path is not replaced by a guess: the plan then says what is missing.
        return Some(PathBuf::from(named)).filter(|path| path.is_file());
    }
    let in_path = names.iter().find_map(|name| find(name));
    in_path.or_else(|| places.iter().map(PathBuf::from).find(|path| path.is_file()))
}

fn webkit() -> Option<Webkit> {
    // MiniBrowser opens a window: it needs a display, and `xvfb-run` needs `xauth` to make one.
    find("xvfb-run").and(find("xauth"))?;
    let driver = find("WebKitWebDriver")?;
    let libraries = std::fs::read_dir("/usr/lib").ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let engines = ["webkit2gtk-4.1", "webkit2gtk-4.0", "webkitgtk-6.0"];
    let browser = libraries
        .flat_map(|folder| engines.map(|engine| folder.join(engine).join("MiniBrowser")))
        .find(|path| path.is_file())?;
    Some(Webkit { driver, browser })
}

/// The program `name` in the search path.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_programs_print() {
        assert_eq!(version_of("v20.11.1"), Some((20, 11)));
        assert_eq!(version_of("rustc 1.96.0 (Debian 1.96.0+dfsg1-1)"), Some((1, 96)));
        assert_eq!(version_of("22"), Some((22, 0)));
        assert_eq!(version_of("command not found"), None);
        assert!((9, 99) < (20, 0));
    }
}
