//! Writes dist/: the page, its scripts and both wasm builds. What is in it works on any static server under any path.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};
use brotli::BrotliCompress;
use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::setup::Tools;
use crate::shell::{self, human_size};
use crate::wasm;

/// What the opening figure should download at most: the page, and of the rest what [`OPENING`] names.
pub const OPENING_GOAL: u64 = 200_000;

/// What one browser should download at most, compressed with brotli; pictures that only failures need do not count (DESIGN.md
/// section 7). Not met since all figures are live: the two parts of the wasm module that scrolling brings are 0.3 MB of it.
pub const DOWNLOAD_GOAL: u64 = 350_000;

/// What no change may exceed without saying so here: somewhat more than it is now.
pub const DOWNLOAD_LIMIT: u64 = 392_000;

/// What the page asks for before the reader scrolls, but for one build's `superposition_bg.wasm` and `superposition.js`.
const OPENING: &[&str] = &[
    "index.html",
    "www/contents.js",
    "www/controls.js",
    "www/core.js",
    "www/detect.js",
    "www/draw.js",
    "www/favicon.svg",
    "www/figure.css",
    "www/figures/frame.js",
    "www/figures/intro.js",
    "www/figures/panel.js",
    "www/fonts/source-serif-4-400.woff2",
    "www/link.js",
    "www/main.js",
    "www/parts.js",
    "www/pool.js",
    "www/protocol.js",
    "www/save.js",
    "www/state.js",
    "www/still/intro.json",
    "www/still/start.svg",
    "www/style.css",
    "www/superposition-figure.js",
    "www/theme.js",
    "www/worker.js",
];

/// Ends of the names of files that no reader who only scrolls asks for: what a click on a tool loads, what pictures of failures show,
/// what is for people who write programs (`tests/browser/opening.test.mjs` looks).
const NOT_BY_SCROLLING: &[&str] = &[
    "/seldom.wasm",
    "www/embed.js",
    "www/figures/files.js",
    "www/pytorch.js",
    "www/fonts/LICENSE.txt",
    ".d.ts",
    ".br",
];

/// A finished site.
pub struct Site {
    pub folder: PathBuf,
    pub n_warnings: usize,
    /// What one browser downloads, compressed, if it takes the larger of the two wasm builds.
    pub download: u64,
    /// What of that the opening figure needs.
    pub opening: u64,
}

/// Builds the site and reports its sizes.
pub fn build(root: &Path, tools: &Tools) -> Result<Site> {
    let start = Instant::now();
    let folder = root.join("dist");
    let toolchain = tools.wasm.as_ref().context("no toolchain for wasm was set up")?;
    let built = wasm::build(root, toolchain, &folder.join("pkg"))?;
    shell::step("the page");
    copy_page(root, &folder)?;
    minify(root, &folder)?;
    compress(&folder)?;
    let download = report_sizes(&folder)?;
    let opening = opening_size(&folder)?;
    let verdict = if opening <= OPENING_GOAL { "within" } else { "NOT within" };
    let [size, goal] = [opening, OPENING_GOAL].map(human_size);
    shell::note(&format!("the opening figure: {size}, {verdict} its goal of {goal}"));
    shell::note(&format!("dist/ is ready after {}", shell::human_time(start.elapsed())));
    Ok(Site { folder, n_warnings: built.n_warnings, download, opening })
}

/// Makes dist/ hold index.html and www/ as they are now, beside pkg/, and nothing else.
fn copy_page(root: &Path, dist: &Path) -> Result<()> {
    let mut sources = vec![root.join("index.html")];
    sources.extend(files_under(&root.join("www"))?);
    let mut kept = BTreeSet::new();
    for source in &sources {
        let relative = source.strip_prefix(root)?;
        let target = dist.join(relative);
        if !is_minified(source) {
            copy_if_changed(source, &target)?;
        }
        kept.insert(compressed_name(&target));
        kept.insert(target);
    }
    for file in files_under(dist)? {
        if !file.starts_with(dist.join("pkg")) && !kept.contains(&file) {
            std::fs::remove_file(&file).with_context(|| format!("could not remove {}", file.display()))?;
        }
    }
    Ok(())
}

fn copy_if_changed(source: &Path, target: &Path) -> Result<()> {
    let bytes = std::fs::read(source).with_context(|| format!("could not read {}", source.display()))?;
    if std::fs::read(target).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    if let Some(folder) = target.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(target, bytes).with_context(|| format!("could not write {}", target.display()))
}

/// All files under `folder`, sorted; none if there is no such folder. Hidden files are left out.
pub fn files_under(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(files) };
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let path = entry.path();
        if path.is_dir() {
            files.extend(files_under(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Whether `dist/` gets a file without its comments and spaces.
fn is_minified(source: &Path) -> bool {
    source.extension().is_some_and(|kind| kind == "js" || kind == "css")
}

/// Writes scripts and styles of www/ to dist/ without comments, spaces and long local names: what they say to programmers is two
/// fifths of their size. Every module stays a file of its own.
fn minify(root: &Path, dist: &Path) -> Result<()> {
    let mut esbuild = Command::new(root.join("node_modules/.bin/esbuild"));
    esbuild.current_dir(root);
    for source in files_under(&root.join("www"))?.into_iter().filter(|file| is_minified(file)) {
        esbuild.arg(source.strip_prefix(root)?);
    }
    esbuild.args(["--minify", "--format=esm", "--target=es2022", "--log-level=warning", "--outbase=www"]);
    shell::run(esbuild.arg(format!("--outdir={}", dist.join("www").display())))
}

/// Kinds of files that compress well.
const COMPRESSED: &[&str] = &["html", "js", "css", "svg", "json", "wasm"];

/// The file beside `file` that a server sends to browsers that take brotli, which all of today's do.
fn compressed_name(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".br");
    PathBuf::from(name)
}

/// Writes a compressed file beside each that is worth it, where there is none or an older one.
fn compress(dist: &Path) -> Result<()> {
    for file in files_under(dist)? {
        if !file.extension().is_some_and(|kind| COMPRESSED.iter().any(|known| kind == *known)) {
            continue;
        }
        let target = compressed_name(&file);
        let time = |path: &Path| path.metadata().and_then(|data| data.modified()).ok();
        if time(&target) > time(&file) {
            continue;
        }
        let bytes = std::fs::read(&file).with_context(|| format!("could not read {}", file.display()))?;
        let mut compressed = Vec::new();
        let settings = BrotliEncoderParams { quality: 11, lgwin: 24, size_hint: bytes.len(), ..Default::default() };
        BrotliCompress(&mut bytes.as_slice(), &mut compressed, &settings)?;
        std::fs::write(&target, compressed).with_context(|| format!("could not write {}", target.display()))?;
    }
    Ok(())
}

/// Bytes as they are, with brotli, with gzip.
#[derive(Clone, Copy, Default)]
struct Sizes {
    raw: u64,
    brotli: u64,
    gzip: u64,
}

impl Sizes {
    fn of(file: &Path) -> Result<Self> {
        let bytes = std::fs::read(file)?;
        let raw = bytes.len() as u64;
        // Fonts and pictures are compressed already.
        let brotli = compressed_name(file).metadata().map_or(raw, |data| data.len());
        Ok(Sizes { raw, brotli, gzip: gzip_size(&bytes)?.min(raw) })
    }

    fn add(&mut self, other: Sizes) {
        self.raw += other.raw;
        self.brotli += other.brotli;
        self.gzip += other.gzip;
    }

    fn tell(self, what: &str) {
        let [raw, brotli, gzip] = [self.raw, self.brotli, self.gzip].map(human_size);
        shell::note(&format!("{what:<14} {raw:>9}, brotli {brotli:>9}, gzip {gzip:>9}"));
    }
}

/// Prints a line for each group of files and returns what one browser downloads, scrolled to the end.
fn report_sizes(dist: &Path) -> Result<u64> {
    let mut page = Sizes::default();
    let mut modules = [Sizes::default(); wasm::MODULES.len()];
    for file in files_under(dist)? {
        let name = file.to_string_lossy();
        // Most stills are for browsers that run no script.
        let is_still = file.starts_with(dist.join("www/still")) && !OPENING.iter().any(|asked| name.ends_with(asked));
        if is_still || NOT_BY_SCROLLING.iter().any(|end| name.ends_with(end)) {
            continue;
        }
        let of_module = wasm::MODULES.iter().position(|module| file.starts_with(dist.join("pkg").join(module.name)));
        of_module.map_or(&mut page, |idx| &mut modules[idx]).add(Sizes::of(&file)?);
    }
    page.tell("index, www/");
    let mut all = page;
    for (module, sizes) in wasm::MODULES.iter().zip(modules) {
        sizes.tell(&format!("pkg/{}", module.name));
    }
    // A browser takes one of the builds.
    modules.into_iter().max_by_key(|sizes| sizes.brotli).into_iter().for_each(|sizes| all.add(sizes));
    all.tell("one browser");
    let verdict = if all.brotli <= DOWNLOAD_GOAL { "within" } else { "NOT within" };
    shell::note(&format!("{} is {verdict} the goal of {}", human_size(all.brotli), human_size(DOWNLOAD_GOAL)));
    Ok(all.brotli)
}

/// What the opening figure downloads, if its browser takes the larger of the two builds.
fn opening_size(dist: &Path) -> Result<u64> {
    let size = |file: PathBuf| Sizes::of(&file).map(|sizes| sizes.brotli).with_context(|| file.display().to_string());
    let page = OPENING.iter().map(|name| size(dist.join(name))).sum::<Result<u64>>()?;
    let builds = wasm::MODULES.iter().map(|module| {
        let folder = dist.join("pkg").join(module.name);
        Ok(size(folder.join("superposition_bg.wasm"))? + size(folder.join("superposition.js"))?)
    });
    Ok(page + builds.collect::<Result<Vec<_>>>()?.into_iter().max().unwrap_or(0))
}

fn gzip_size(bytes: &[u8]) -> Result<u64> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_left_the_page_leaves_dist_and_pkg_stays() {
        let root = std::env::temp_dir().join(format!("superposition-site-{}", std::process::id()));
        let dist = root.join("dist");
        for folder in ["www", "dist/www", "dist/pkg"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        for (file, text) in [
            ("index.html", "<p>"),
            ("www/note.txt", "new"),
            ("dist/www/note.txt", "old"),
            ("dist/www/gone.js", ""),
            ("dist/pkg/a", ""),
        ] {
            std::fs::write(root.join(file), text).unwrap();
        }
        copy_page(&root, &dist).unwrap();
        let names: Vec<_> = files_under(&dist).unwrap();
        let names: Vec<_> = names.iter().map(|f| f.strip_prefix(&dist).unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["index.html", "pkg/a", "www/note.txt"]);
        assert_eq!(std::fs::read_to_string(dist.join("www/note.txt")).unwrap(), "new");
        std::fs::remove_dir_all(&root).unwrap();
    }
}
