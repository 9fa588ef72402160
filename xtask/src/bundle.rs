//! The page's scripts: esbuild puts the modules of www/ together into a few files, which download in less bytes and requests than the
//! modules one by one, and says which file imports which.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::shell;

/// What begins the page.
pub const MAIN: &str = "main.js";

/// What the page's workers begin with, and all that they run but the bindings.
pub const WORKER: &str = "worker.js";

/// The module that fetches and compiles the core and starts the workers.
const CORE: &str = "www/core.js";

/// The modules that get a file of their own name in dist/www/, where all files lie side by side. What several of them share goes into
/// files called `chunk-…`.
const ENTRIES: &[&str] = &[
    "www/main.js",
    // What other pages load, and where files.js and tests find the page's own core; the page itself loads what it shares with these two.
    "www/superposition-figure.js",
    CORE,
    // What scrolling brings, and what clicks bring.
    "www/figures/later.js",
    "www/figures/files.js",
    "www/embed.js",
    "www/pytorch.js",
];

const FLAGS: &[&str] =
    &["--bundle", "--minify", "--format=esm", "--target=es2022", "--log-level=warning", "--entry-names=[name]"];

/// The files that esbuild wrote for the page, by name.
#[derive(Debug)]
pub struct Scripts(BTreeMap<String, Script>);

#[derive(Debug)]
struct Script {
    /// The modules it is made of, as paths in the repository.
    modules: Vec<String>,
    /// The files that it cannot begin without.
    imports: Vec<String>,
}

/// Writes the scripts of page and worker to dist/www/.
pub fn bundle(root: &Path, dist: &Path) -> Result<Scripts> {
    let mut scripts = BTreeMap::new();
    for (name, entries, splitting) in [("page", ENTRIES, true), ("worker", &["www/worker.js"] as &[_], false)] {
        let report = root.join("target/xtask").join(format!("{name}.json"));
        let mut esbuild = Command::new(root.join("node_modules/.bin/esbuild"));
        esbuild.current_dir(root).args(entries).args(FLAGS);
        if splitting {
            esbuild.arg("--splitting");
        }
        esbuild.arg(format!("--outdir={}", dist.join("www").display()));
        shell::run(esbuild.arg(format!("--metafile={}", report.display())))?;
        let text = std::fs::read_to_string(&report).with_context(|| format!("could not read {}", report.display()))?;
        scripts.extend(Scripts::read(&text)?.0);
    }
    Ok(Scripts(scripts))
}

impl Scripts {
    /// Reads what esbuild's `--metafile` says of its outputs.
    pub fn read(report: &str) -> Result<Self> {
        let report: Value = serde_json::from_str(report).context("esbuild's report is no JSON")?;
        let outputs = report["outputs"].as_object().context("esbuild's report names no outputs")?;
        let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        let mut scripts = BTreeMap::new();
        for (path, output) in outputs {
            let modules = output["inputs"].as_object().with_context(|| format!("{path} is made of nothing"))?;
            let imports = output["imports"].as_array().with_context(|| format!("{path} has no list of imports"))?;
            let imports = imports.iter().filter(|import| import["kind"] == "import-statement");
            let imports = imports.map(|import| import["path"].as_str().map(name).context("an import of no file"));
            let script =
                Script { modules: modules.keys().cloned().collect(), imports: imports.collect::<Result<_>>()? };
            scripts.insert(name(path), script);
        }
        Ok(Scripts(scripts))
    }

    /// The names of all files.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// `name` and all files that come with it.
    pub fn with_imports(&self, name: &str) -> Result<BTreeSet<&str>> {
        let mut found = BTreeSet::new();
        let mut waiting = vec![name];
        while let Some(name) = waiting.pop() {
            let (name, script) = self.0.get_key_value(name).with_context(|| format!("esbuild wrote no {name}"))?;
            if found.insert(name.as_str()) {
                waiting.extend(script.imports.iter().map(String::as_str));
            }
        }
        Ok(found)
    }

    /// What the page loads before the reader scrolls.
    pub fn at_first(&self) -> Result<BTreeSet<&str>> {
        Ok(&self.with_imports(MAIN)? | &self.with_imports(WORKER)?)
    }

    /// What of the rest scrolling brings.
    pub fn by_scrolling(&self) -> Result<BTreeSet<&str>> {
        Ok(&self.with_imports("later.js")? - &self.at_first()?)
    }

    /// index.html for dist/: names the files that its scripts will ask for, so that none waits for another, and begins the core with
    /// the file that holds it.
    pub fn linked(&self, page: &str) -> Result<String> {
        let holds_core = |script: &&str| self.0[*script].modules.iter().any(|module| module == CORE);
        let files = self.with_imports(MAIN)?;
        let core = files.iter().copied().find(holds_core).context("main.js brings no core")?;
        let early = format!("<script type=\"module\" src=\"{CORE}\" async></script>\n");
        let main = format!("<script type=\"module\" src=\"www/{MAIN}\"></script>\n");
        let Some((head, rest)) = page.split_once(&early) else { bail!("index.html lacks {early}") };
        let Some((between, body)) = rest.split_once(&main) else { bail!("index.html lacks {main}") };
        let links = files.iter().filter(|file| ![core, MAIN].contains(*file));
        let links: String = links.map(|file| format!("<link rel=\"modulepreload\" href=\"www/{file}\">\n")).collect();
        Ok(format!("{head}{}{between}{main}{links}{body}", early.replace(CORE, &format!("www/{core}"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As esbuild writes it, with less of what is not read: `core.js` is a door to a file that others share.
    const REPORT: &str = r#"{"inputs": {}, "outputs": {
        "dist/www/main.js": {"bytes": 9, "entryPoint": "www/main.js", "inputs": {"www/main.js": {"bytesInOutput": 9}}, "imports": [
            {"path": "dist/www/chunk-A.js", "kind": "import-statement"}, {"path": "dist/www/embed.js", "kind": "dynamic-import"},
            {"path": "dist/www/later.js", "kind": "dynamic-import"}]},
        "dist/www/chunk-A.js": {"inputs": {"www/draw.js": {}}, "imports": [{"path": "dist/www/chunk-B.js", "kind": "import-statement"}]},
        "dist/www/chunk-B.js": {"inputs": {"www/pool.js": {}, "www/core.js": {}}, "imports": []},
        "dist/www/core.js": {"inputs": {}, "imports": [{"path": "dist/www/chunk-B.js", "kind": "import-statement"}]},
        "dist/www/later.js": {"inputs": {"www/figures/later.js": {}}, "imports": [
            {"path": "dist/www/chunk-B.js", "kind": "import-statement"}, {"path": "dist/www/chunk-C.js", "kind": "import-statement"}]},
        "dist/www/chunk-C.js": {"inputs": {"www/x.js": {}}, "imports": []},
        "dist/www/embed.js": {"inputs": {"www/embed.js": {}}, "imports": []},
        "dist/www/worker.js": {"inputs": {"www/worker.js": {}}, "imports": []}
    }}"#;

    fn scripts() -> Scripts {
        Scripts::read(REPORT).unwrap()
    }

    #[test]
    fn what_waits_for_a_click_or_for_scrolling_does_not_come_at_first() {
        let scripts = scripts();
        assert_eq!(scripts.at_first().unwrap(), BTreeSet::from(["chunk-A.js", "chunk-B.js", "main.js", "worker.js"]));
        assert_eq!(scripts.by_scrolling().unwrap(), BTreeSet::from(["chunk-C.js", "later.js"]));
        assert_eq!(scripts.names().count(), 8);
    }

    #[test]
    fn files_that_import_each_other_are_found_once() {
        let [a, b] = ["a.js", "b.js"].map(|file| {
            let other = if file == "a.js" { "b.js" } else { "a.js" };
            format!(r#""www/{file}": {{"inputs": {{}}, "imports": [{{"path": "www/{other}", "kind": "import-statement"}}]}}"#)
        });
        let scripts = Scripts::read(&format!(r#"{{"outputs": {{{a}, {b}}}}}"#)).unwrap();
        assert_eq!(scripts.with_imports("b.js").unwrap(), BTreeSet::from(["a.js", "b.js"]));
    }

    #[test]
    fn the_page_names_what_its_scripts_import_and_begins_the_core_itself() {
        let core = "<script type=\"module\" src=\"www/core.js\" async></script>\n";
        let main = "<script type=\"module\" src=\"www/main.js\"></script>\n";
        assert_eq!(
            scripts().linked(&format!("<head>\n{core}{main}</head>\n")).unwrap(),
            format!(
                "<head>\n{}{main}<link rel=\"modulepreload\" href=\"www/chunk-A.js\">\n</head>\n",
                core.replace("core.js", "chunk-B.js")
            )
        );
        for page in [core, main] {
            assert!(scripts().linked(page).unwrap_err().to_string().contains("index.html lacks"), "{page}");
        }
    }

    #[test]
    fn a_report_that_says_less_is_refused() {
        for report in
            ["", "{}", r#"{"outputs": {"a.js": {"inputs": {}}}}"#, r#"{"outputs": {"a.js": {"imports": []}}}"#]
        {
            assert!(Scripts::read(report).is_err(), "{report}");
        }
        let alone = Scripts::read(r#"{"outputs": {"www/main.js": {"inputs": {}, "imports": []}}}"#).unwrap();
        assert!(alone.at_first().unwrap_err().to_string().contains("esbuild wrote no worker.js"));
        assert!(alone.by_scrolling().unwrap_err().to_string().contains("esbuild wrote no later.js"));
        assert!(alone.linked("").unwrap_err().to_string().contains("main.js brings no core"));
    }
}
