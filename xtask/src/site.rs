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

use crate::bundle::{self, Scripts};
use crate::setup::Tools;
use crate::shell::{self, human_size};
use crate::wasm;

/// What the opening figure should download at most: the page, and of the rest what [`OPENING`] names.
pub const OPENING_GOAL: u64 = 200_000;

/// What one browser downloads at most, scrolled to the end and compressed with brotli; pictures that only failures need do not count (DESIGN.md
/// section 7).
pub const DOWNLOAD_GOAL: u64 = 350_000;

/// What the page asks for before the reader scrolls, but for its scripts ([`Scripts::at_first`]) and one build's `superposition_bg.wasm` and
/// `superposition.js`.
const OPENING: &[&str] = &[
    "index.html",
    "www/favicon.svg",
    "www/figure.css",
    "www/fonts/source-serif-4-400.woff2",
    "www/still/intro.json",
    "www/still/start.svg",
    "www/style.css",
    "www/theme.js",
];

/// Ends of the names of files, beside scripts, that no reader who only scrolls asks for: what a click on a tool loads, what is for people
/// who write programs (`tests/browser/opening.test.mjs` looks).
const NOT_BY_SCROLLING: &[&str] = &["/seldom.wasm", "www/fonts/LICENSE.txt", ".d.ts", ".br"];

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
    let scripts = bundle::bundle(root, &folder)?;
    copy_page(root, &folder, &scripts)?;
    minify(root, &folder)?;
    compress(&folder)?;
    let download = report_sizes(&folder, &scripts)?;
    let opening = opening_size(&folder, &scripts)?;
    let verdict = if opening <= OPENING_GOAL { "within" } else { "NOT within" };
    let [size, goal] = [opening, OPENING_GOAL].map(human_size);
    shell::note(&format!("the opening figure: {size}, {verdict} its goal of {goal}"));
    shell::note(&format!("dist/ is ready after {}", shell::human_time(start.elapsed())));
    Ok(Site { folder, n_warnings: built.n_warnings, download, opening })
}

/// Makes dist/ hold index.html, the scripts and all other files of www/ as they are now, beside pkg/, and nothing else. What
/// [`bundle::bundle`] and [`minify`] write is left to them.
fn copy_page(root: &Path, dist: &Path, scripts: &Scripts) -> Result<()> {
    let index = std::fs::read_to_string(root.join("index.html")).context("could not read index.html")?;
    write_if_changed(&dist.join("index.html"), scripts.linked(&index)?.as_bytes())?;
    let mut targets = vec![dist.join("index.html")];
    targets.extend(scripts.names().map(|name| dist.join("www").join(name)));
    for source in files_under(&root.join("www"))?.into_iter().filter(|file| !is_bundled(file)) {
        let target = dist.join(source.strip_prefix(root)?);
        if !is_minified(&source) {
            let bytes = std::fs::read(&source).with_context(|| format!("could not read {}", source.display()))?;
            write_if_changed(&target, &bytes)?;
        }
        targets.push(target);
    }
    let kept: BTreeSet<_> = targets.into_iter().flat_map(|target| [compressed_name(&target), target]).collect();
    for file in files_under(dist)? {
        if !file.starts_with(dist.join("pkg")) && !kept.contains(&file) {
            std::fs::remove_file(&file).with_context(|| format!("could not remove {}", file.display()))?;
        }
    }
    Ok(())
}

fn write_if_changed(target: &Path, bytes: &[u8]) -> Result<()> {
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

/// The one script that is no module: it runs before the first paint.
const CLASSIC: &str = "theme.js";

/// Whether a file of www/ is a module, which becomes a part of the scripts.
fn is_bundled(source: &Path) -> bool {
    source.extension().is_some_and(|kind| kind == "js") && !source.ends_with(CLASSIC)
}

/// Whether `dist/` gets a file without its comments and spaces.
fn is_minified(source: &Path) -> bool {
    source.extension().is_some_and(|kind| kind == "css") || source.ends_with(CLASSIC)
}

/// Writes the styles of www/ and its one classic script to dist/ without comments, spaces and long local names.
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
fn report_sizes(dist: &Path, scripts: &Scripts) -> Result<u64> {
    let asked_for = &scripts.at_first()? | &scripts.by_scrolling()?;
    let clicked: Vec<_> =
        scripts.names().filter(|name| !asked_for.contains(name)).map(|name| dist.join("www").join(name)).collect();
    let mut page = Sizes::default();
    let mut modules = [Sizes::default(); wasm::MODULES.len()];
    for file in files_under(dist)? {
        let name = file.to_string_lossy();
        // Most stills are for browsers that run no script.
        let is_still = file.starts_with(dist.join("www/still")) && !OPENING.iter().any(|asked| name.ends_with(asked));
        if is_still || clicked.contains(&file) || NOT_BY_SCROLLING.iter().any(|end| name.ends_with(end)) {
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
fn opening_size(dist: &Path, scripts: &Scripts) -> Result<u64> {
    let size = |file: PathBuf| Sizes::of(&file).map(|sizes| sizes.brotli).with_context(|| file.display().to_string());
    let asked_for = OPENING.iter().map(|name| dist.join(name));
    let asked_for = asked_for.chain(scripts.at_first()?.into_iter().map(|name| dist.join("www").join(name)));
    let page = asked_for.map(size).sum::<Result<u64>>()?;
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
    fn what_left_the_page_leaves_dist_and_pkg_stays() {
        let root = std::env::temp_dir().join(format!("superposition-site-{}", std::process::id()));
        let dist = root.join("dist");
        for folder in ["www/figures", "dist/www/figures", "dist/pkg"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        let index = "<script type=\"module\" src=\"www/core.js\" async></script>\n<script type=\"module\" src=\"www/main.js\"></script>\n";
        for (file, text) in [
            ("index.html", index),
            ("www/note.txt", "new"),
            ("www/core.js", ""),
            ("www/main.js", "source"),
            ("www/style.css", "source"),
            ("www/theme.js", "source"),
            ("www/figures/intro.js", ""),
            ("dist/www/note.txt", "old"),
            ("dist/www/chunk-A.js", ""),
            ("dist/www/main.js", "bundled"),
            ("dist/www/main.js.br", ""),
            ("dist/www/style.css", "small"),
            ("dist/www/theme.js", "small"),
            ("dist/www/chunk-OLD.js", ""),
            ("dist/www/chunk-OLD.js.br", ""),
            ("dist/www/figures/intro.js", ""),
            ("dist/www/gone.css", ""),
            ("dist/pkg/a", ""),
        ] {
            std::fs::write(root.join(file), text).unwrap();
        }
        let scripts = r#"{"outputs": {"www/chunk-A.js": {"inputs": {"www/core.js": {}}, "imports": []},
            "www/main.js": {"inputs": {}, "imports": [{"path": "www/chunk-A.js", "kind": "import-statement"}]}}}"#;
        copy_page(&root, &dist, &Scripts::read(scripts).unwrap()).unwrap();
        let names: Vec<_> = files_under(&dist).unwrap();
        let names: Vec<_> = names.iter().map(|f| f.strip_prefix(&dist).unwrap().to_str().unwrap()).collect();
        let page = ["chunk-A.js", "main.js", "main.js.br", "note.txt", "style.css", "theme.js"]
            .map(|file| format!("www/{file}"));
        assert_eq!(names[..2], ["index.html", "pkg/a"]);
        assert_eq!(names[2..], page);
        let text = |file: &str| std::fs::read_to_string(dist.join(file)).unwrap();
        assert_eq!(text("www/note.txt"), "new");
        assert_eq!(text("index.html"), index.replace("core", "chunk-A"));
        // These are written by esbuild, not copied.
        assert_eq!([text("www/main.js"), text("www/style.css"), text("www/theme.js")], ["bundled", "small", "small"]);
        std::fs::remove_dir_all(&root).unwrap();
    }
}
