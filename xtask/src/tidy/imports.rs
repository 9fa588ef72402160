//! Which rooms a source file names, and whether it may.
//!
//! Looked for are paths that start at the crate's root, in `use` lines and inline: `crate::room::…`, groups over many lines
//! (`crate::{a, b::{c}}`), `super::super::room`, and `superposition::room` in the program.

use super::rooms;
use super::rust::{Token, closing, tokens};

/// A name that the crate's root re-exports, and the room that it comes from.
pub type ReExport = (String, String);

/// A room that was named, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct Import {
    pub name: String,
    pub line: usize,
}

/// Checks one file of src/ (its path relative to src/, with `/`), and returns `line: problem` for each problem.
pub fn check(path: &str, source: &str, re_exports: &[ReExport]) -> Vec<(usize, String)> {
    let module = module_of(path);
    if module.is_empty() {
        // src/lib.rs is the root itself: it declares the rooms.
        return Vec::new();
    }
    let Some(room) = rooms::find(&module[0]) else {
        return vec![(1, format!("`{}` is no room that xtask/src/tidy/rooms.rs knows", module[0]))];
    };
    let mut problems = Vec::new();
    for import in imports(&module, source) {
        let exported = re_exports.iter().find(|(name, _)| *name == import.name);
        let target = exported.map_or(import.name.as_str(), |(_, room)| room);
        if rooms::find(target).is_none() {
            problems
                .push((import.line, format!("`crate::{}` is no room, and no room's name at the root", import.name)));
        } else if !rooms::may_import(room, target) {
            problems.push((import.line, format!("`{}` may not import from `{target}`", room.name)));
        }
    }
    problems
}

/// What src/lib.rs re-exports: the last name of each `pub use room::…::Name`. A room of a package of its own is itself.
pub fn re_exports(library: &str) -> Vec<ReExport> {
    let tokens = tokens(library);
    let mut found = Vec::new();
    for (token_idx, window) in tokens.windows(2).enumerate() {
        if window[0].text == "pub" && window[1].text == "use" {
            collect_names(&tokens[token_idx + 2..], &mut found);
        }
    }
    found
}

fn collect_names(tokens: &[Token<'_>], found: &mut Vec<ReExport>) {
    let end = tokens.iter().position(|token| token.text == ";").unwrap_or(tokens.len());
    let Some(room) = tokens[..end].iter().find(|token| !matches!(token.text, "crate" | "self" | "::")) else { return };
    // A name ends where a `,`, a `}` or the statement ends.
    for (token_idx, token) in tokens[..end].iter().enumerate() {
        let next = tokens.get(token_idx + 1).map_or(";", |next| next.text);
        if is_name(token.text) && matches!(next, "," | "}" | ";") {
            let from = if rooms::find(token.text).is_some() { token } else { room };
            found.push((token.text.to_owned(), from.text.to_owned()));
        }
    }
}

/// `train/trainer.rs` is `[train, trainer]`, `train/mod.rs` is `[train]`, `main.rs` is `[main]`, `lib.rs` is `[]`.
fn module_of(path: &str) -> Vec<String> {
    let stem = path.trim_end_matches(".rs");
    let mut parts: Vec<String> = stem.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod") || stem == "lib" {
        parts.pop();
    }
    parts
}

/// Every name at the crate's root that the file `module` names.
fn imports(module: &[String], source: &str) -> Vec<Import> {
    let tokens = tokens(source);
    let is_program = module == ["main"];
    // The modules that enclose the current token, with the place where each inline one ends.
    let mut module: Vec<String> = module.to_vec();
    let mut ends = Vec::new();
    let mut found = Vec::new();
    for (token_idx, token) in tokens.iter().enumerate() {
        if ends.last() == Some(&token_idx) {
            ends.pop();
            module.pop();
        }
        let next = |offset: usize| tokens.get(token_idx + offset).map_or("", |token| token.text);
        if token.text == "mod" && next(2) == "{" {
            module.push(next(1).to_owned());
            ends.push(closing(&tokens, token_idx + 2));
        }
        // The middle of a path is not the start of one; `$crate` and `pub(crate)` are no imports.
        let before = token_idx.checked_sub(1).map_or("", |before| tokens[before].text);
        let depth = match token.text {
            _ if before == "::" || next(1) != "::" => continue,
            "crate" => 0,
            "superposition" if is_program => 0,
            "self" => module.len(),
            "super" => module.len().saturating_sub(1),
            _ => continue,
        };
        follow(&tokens, token_idx + 2, depth, &mut found);
    }
    found
}

/// Follows a path from `start`, where `depth` modules lie between the place it has reached and the root, and collects the
/// names it takes at the root.
fn follow(tokens: &[Token<'_>], start: usize, depth: usize, found: &mut Vec<Import>) {
    let Some(token) = tokens.get(start) else { return };
    let goes_on = tokens.get(start + 1).is_some_and(|next| next.text == "::");
    match token.text {
        "super" if goes_on => follow(tokens, start + 2, depth.saturating_sub(1), found),
        "self" if goes_on => follow(tokens, start + 2, depth, found),
        "{" => {
            let end = closing(tokens, start);
            let mut item = start + 1;
            while item < end {
                follow(tokens, item, depth, found);
                item = next_item(tokens, item, end);
            }
        }
        name if depth == 0 && (is_name(name) || name == "*") => {
            found.push(Import { name: name.to_owned(), line: token.line });
        }
        _ => {}
    }
}

/// The start of the next item of a group: behind the next comma that is not inside another group.
fn next_item(tokens: &[Token<'_>], mut place: usize, end: usize) -> usize {
    while place < end {
        match tokens[place].text {
            "," => return place + 1,
            "{" => place = closing(tokens, place) + 1,
            _ => place += 1,
        }
    }
    end
}

fn is_name(text: &str) -> bool {
    text.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_') && text != "self"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &str, source: &str) -> Vec<String> {
        imports(&module_of(path), source).into_iter().map(|import| import.name).collect()
    }

    fn problems(path: &str, source: &str) -> Vec<(usize, String)> {
        check(
            path,
            source,
            &re_exports(
                "pub use error::Error;\npub use inner::{error, optim};\npub use spec::{ExperimentSpec, link::Link};",
            ),
        )
    }

    #[test]
    fn a_forbidden_import_fails() {
        assert_eq!(
            problems("train/trainer.rs", "use crate::models::Model;\nuse crate::measures::Measures;\n"),
            [(2, "`train` may not import from `measures`".to_owned())]
        );
        assert_eq!(problems("figures/intro.rs", "use crate::report::Row;"), []);
        assert_eq!(problems("measures/norms.rs", "use crate::optim::Moments;").len(), 1);
        assert_eq!(problems("report.rs", "use crate::{train::Trainer, measures};"), []);
    }

    #[test]
    fn groups_over_lines_are_taken_apart() {
        let source = "use crate::{\n    kernels::{dot, axpy},\n    self,\n    models::Model as Other,\n    Error,\n};";
        assert_eq!(names("train/mod.rs", source), ["kernels", "models", "Error"]);
        assert_eq!(problems("spec/mod.rs", source).len(), 2);
        assert_eq!(problems("spec/mod.rs", source)[1].0, 4);
    }

    #[test]
    fn inline_paths_count_and_prose_does_not() {
        let source = "/// See crate::web.\nfn f() { crate::sweep::run(\"crate::cli\"); let x: crate::Error; }";
        assert_eq!(names("models/mod.rs", source), ["sweep", "Error"]);
        assert_eq!(problems("models/mod.rs", source).len(), 1);
        assert_eq!(names("models/mod.rs", "pub(crate) fn f() { $crate::x!(); vec![self::y()]; }"), ["x"]);
    }

    #[test]
    fn super_is_followed_to_the_root() {
        assert_eq!(names("train/trainer.rs", "use super::super::measures::Measures;"), ["measures"]);
        assert_eq!(names("train/trainer.rs", "use super::Snapshot;\nuse self::x::Y;"), Vec::<String>::new());
        assert_eq!(
            names("rng.rs", "use super::web::X;\nmod tests {\n use super::*;\n use super::super::cli;\n}"),
            ["web", "cli"]
        );
    }

    #[test]
    fn re_exports_belong_to_their_rooms() {
        assert_eq!(problems("spec/link.rs", "use crate::{Error, ExperimentSpec};"), []);
        assert_eq!(problems("measures/mod.rs", "use crate::{Error, ExperimentSpec};").len(), 1);
        assert_eq!(problems("measures/mod.rs", "use crate::Link;").len(), 1);
        assert_eq!(problems("train/run.rs", "use crate::optim::Moments;"), []);
        assert_eq!(problems("measures/mod.rs", "use crate::optim::Moments;").len(), 1);
        assert_eq!(problems("spec/link.rs", "use crate::Nothing;").len(), 1);
        assert_eq!(problems("spec/link.rs", "use crate::*;").len(), 1);
    }

    #[test]
    fn the_program_may_call_the_command_line_only() {
        assert_eq!(problems("main.rs", "fn main() { superposition::cli::run() }"), []);
        assert_eq!(problems("main.rs", "use superposition::train::Trainer;").len(), 1);
        assert_eq!(problems("attic/mod.rs", "").len(), 1);
    }
}
