//! Rules that hold for every Rust file, and the lengths of all files.

use super::rust::{Token, closing, tokens};

/// Longer files are hard to hold in one's head.
pub const MAX_LINES: usize = 600;

/// Files that may be longer, and why: tables, or one algorithm that can't be divided.
const LONG_FILES: &[(&str, &str)] = &[];

/// Where `unsafe` and intrinsics live.
const UNSAFE_ROOM: &str = "src/kernels/";

/// The only file that knows that the page's surface is a canvas.
const CANVAS_FILE: &str = "src/web/canvas.rs";

/// Checks one Rust file (its path relative to the repository, with `/`).
pub fn check_rust(path: &str, source: &str) -> Vec<(usize, String)> {
    let tokens = tokens(source);
    let mut problems = Vec::new();
    for (token_idx, token) in tokens.iter().enumerate() {
        let next = |offset: usize| tokens.get(token_idx + offset).map_or("", |token| token.text);
        let problem = match token.text {
            "todo" | "unimplemented" if next(1) == "!" => format!("`{}!` is unfinished work", token.text),
            "unsafe" if !path.starts_with(UNSAFE_ROOM) => {
                format!("`unsafe` outside {UNSAFE_ROOM}")
            }
            "plotters_canvas" if path != CANVAS_FILE => format!("only {CANVAS_FILE} names plotters-canvas"),
            "#" => match attribute_problem(&tokens[token_idx..]) {
                Some(problem) => problem.to_owned(),
                None => continue,
            },
            _ => continue,
        };
        problems.push((token.line, problem));
    }
    problems
}

/// What is wrong with the attribute that begins at the first token.
fn attribute_problem(tokens: &[Token<'_>]) -> Option<&'static str> {
    let open = tokens.iter().take(3).position(|token| token.text == "[")?;
    let inside = &tokens[open + 1..closing(tokens, open)];
    if inside.first().is_some_and(|token| token.text == "ignore") {
        return Some("an ignored test proves nothing");
    }
    let without_reason = inside.iter().enumerate().any(|(token_idx, token)| {
        let is_lint_level = matches!(token.text, "allow" | "expect");
        let is_call = inside.get(token_idx + 1).is_some_and(|next| next.text == "(");
        is_lint_level && is_call && {
            let lints = &inside[token_idx..closing(inside, token_idx + 1)];
            !lints.windows(2).any(|pair| pair[0].text == "reason" && pair[1].text == "=")
        }
    });
    without_reason.then_some("an `allow` or `expect` without a reason")
}

/// Checks a script of tests/: no test is skipped, and none hides the others.
pub fn check_test_script(source: &str) -> Vec<(usize, String)> {
    let code = super::page::without_comments(source);
    let mut problems = Vec::new();
    for (line_idx, line) in code.lines().enumerate() {
        let compact: String = line.split_whitespace().collect();
        for word in [".skip(", ".only(", ".todo(", "skip:true", "only:true", "todo:true"] {
            if compact.contains(word) {
                problems.push((line_idx + 1, format!("`{word}` keeps tests from running")));
            }
        }
    }
    problems
}

/// Checks the length of a file that people read.
pub fn check_length(path: &str, source: &str) -> Vec<(usize, String)> {
    let n_lines = source.lines().count();
    if n_lines <= MAX_LINES || LONG_FILES.iter().any(|(file, _)| *file == path) {
        return Vec::new();
    }
    vec![(MAX_LINES, format!("{n_lines} lines, and {MAX_LINES} are allowed (tables: see xtask/src/tidy/rules.rs)"))]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n_problems(path: &str, source: &str) -> usize {
        check_rust(path, source).len()
    }

    #[test]
    fn unfinished_and_ignored_code_is_found() {
        assert_eq!(check_rust("src/a.rs", "fn f() {\n    todo!()\n}"), [(2, "`todo!` is unfinished work".to_owned())]);
        assert_eq!(n_problems("tests/a.rs", "#[test]\n#[ignore = \"slow\"]\nfn f() { unimplemented!(\"x\") }"), 2);
        assert_eq!(n_problems("src/a.rs", "// todo!()\nlet todo = \"todo!()\"; xs.iter().skip(1);"), 0);
    }

    #[test]
    fn every_allow_has_a_reason() {
        assert_eq!(n_problems("src/a.rs", "#[allow(dead_code)]\nfn f() {}"), 1);
        assert_eq!(n_problems("src/a.rs", "#![allow(\n    clippy::x,\n    clippy::y\n)]"), 1);
        assert_eq!(n_problems("src/a.rs", "#[cfg_attr(test, expect(dead_code))]"), 1);
        assert_eq!(n_problems("src/a.rs", "#[allow(dead_code, reason = \"kept for the next issue\")]"), 0);
        assert_eq!(n_problems("src/a.rs", "x.expect(\"y\"); #[derive(Debug)] struct A;"), 0);
    }

    #[test]
    fn unsafe_and_the_canvas_keep_to_their_rooms() {
        assert_eq!(n_problems("src/kernels/simd.rs", "unsafe { f() }"), 0);
        assert_eq!(n_problems("src/train/mod.rs", "unsafe { f() }"), 1);
        assert_eq!(n_problems("src/train/mod.rs", "#![forbid(unsafe_code)] // unsafe"), 0);
        assert_eq!(n_problems("src/web/canvas.rs", "use plotters_canvas::CanvasBackend;"), 0);
        assert_eq!(n_problems("src/figures/intro.rs", "use plotters_canvas::CanvasBackend;"), 1);
    }

    #[test]
    fn skipped_scripts_and_long_files_are_found() {
        assert_eq!(check_test_script("test.skip('x', () => {});\ntest('y', { skip: true }, f);").len(), 2);
        assert_eq!(check_test_script("// test.skip(\nxs.slice(1);"), []);
        assert_eq!(check_length("src/a.rs", &"x\n".repeat(MAX_LINES)), []);
        assert_eq!(check_length("src/a.rs", &"x\n".repeat(MAX_LINES + 1)).len(), 1);
    }
}
