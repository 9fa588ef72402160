//! The page's rules: who imports whom in www/, which module may ask where it is, and that nothing is loaded from another site.

/// What `file` of www/ may import statically; None: any file beside it.
fn allowed_imports(file: &str) -> Option<&'static [&'static str]> {
    match file {
        // Page and worker share only the protocol and how the core is put together; these can be tested without the page.
        "protocol.js" | "parts.js" | "detect.js" | "state.js" | "site.js" => Some(&[]),
        "worker.js" => Some(&["./protocol.js", "./parts.js", "./worker-sweep.js"]),
        "worker-sweep.js" => Some(&["./protocol.js"]),
        _ => None,
    }
}

/// Checks the imports of one script (its path relative to www/).
pub fn check_imports(file: &str, source: &str) -> Vec<(usize, String)> {
    let code = without_comments(source);
    let mut problems = Vec::new();
    for Import { from, line } in imports(&code) {
        // esbuild would look for the bindings, which it is not to put into the page's files: their address is computed.
        let is_bindings = from.contains("/pkg/");
        let refused = match allowed_imports(file) {
            Some(allowed) => !allowed.contains(&from.as_str()),
            None => is_bindings || !from.starts_with("./") && !from.starts_with("../"),
        };
        if refused {
            problems.push((line, format!("www/{file} may not import `{from}`")));
        }
    }
    if file.contains('/') {
        for (place, word) in code.match_indices("import.meta") {
            let text =
                format!("www/{file} lies elsewhere in dist/, where `{word}` is another place: site.js knows the files");
            problems.push((line_of(&code, place), text));
        }
    }
    problems
}

/// Checks that a file of the page names no other site but in a plain link.
pub fn check_loads(source: &str) -> Vec<(usize, String)> {
    // Names of languages, which nobody loads.
    let namespaces =
        ["http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML", "http://www.w3.org/1999/xhtml"];
    let code = without_comments(source);
    let mut problems = Vec::new();
    for scheme in ["http://", "https://"] {
        for (place, _) in code.match_indices(scheme) {
            let is_namespace = namespaces.iter().any(|name| code[place..].starts_with(name));
            if !is_namespace && !is_link_target(&code[..place]) {
                let address: String =
                    code[place..].chars().take_while(|c| !c.is_whitespace() && !"\"'`<>)".contains(*c)).collect();
                problems.push((line_of(&code, place), format!("`{address}`: the page loads nothing from other sites")));
            }
        }
    }
    problems
}

/// Whether `before` ends inside the `href` of an `<a>` (or of a `<link>` that browsers do not follow).
fn is_link_target(before: &str) -> bool {
    let Some(tag) = before.rfind('<').map(|start| &before[start..]) else { return false };
    let in_href = tag.trim_end_matches(['"', '\'']).ends_with("href=");
    let is_anchor = tag.starts_with("<a ") || tag.starts_with("<a\n");
    in_href && (is_anchor || (tag.starts_with("<link ") && tag.contains("canonical")))
}

#[derive(Debug, PartialEq, Eq)]
struct Import {
    from: String,
    line: usize,
}

/// Every `import … from "x"`, `import "x"`, `export … from "x"` and `import("x")` of a script without comments. A dynamic
/// import of something computed is left to the tests.
fn imports(code: &str) -> Vec<Import> {
    let mut found = Vec::new();
    for (place, _) in code.match_indices(['"', '\'', '`']) {
        let before = code[..place].trim_end();
        let is_dynamic = before.strip_suffix('(').is_some_and(|call| ends_with_word(call.trim_end(), "import"));
        if !(is_dynamic || ends_with_word(before, "from") || ends_with_word(before, "import")) {
            continue;
        }
        let quote = &code[place..=place];
        let from: String = code[place + 1..].split(quote).next().unwrap_or_default().to_owned();
        found.push(Import { from, line: line_of(code, place) });
    }
    found
}

fn ends_with_word(text: &str, word: &str) -> bool {
    let before = text.strip_suffix(word);
    before.is_some_and(|before| !before.ends_with(|c: char| c.is_alphanumeric() || "_$.".contains(c)))
}

fn line_of(text: &str, place: usize) -> usize {
    text[..place].matches('\n').count() + 1
}

/// Blanks the comments of JavaScript, CSS or HTML and keeps strings, so that places and lines stay.
pub fn without_comments(source: &str) -> String {
    let mut result = String::with_capacity(source.len());
    let mut position = 0;
    while let Some(c) = source[position..].chars().next() {
        let rest = &source[position..];
        let comment = if rest.starts_with("//") && !result.ends_with(':') {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if rest.starts_with("<!--") {
            rest.find("-->").map_or(rest.len(), |end| end + 3)
        } else {
            0
        };
        if comment > 0 {
            result.extend(rest[..comment].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            position += comment;
            continue;
        }
        let length = if matches!(c, '"' | '\'' | '`') { string_length(rest, c) } else { c.len_utf8() };
        result.push_str(&rest[..length]);
        position += length;
    }
    result
}

/// The length of the string at the start of `text`. An apostrophe in a page's prose begins none: such a string would not
/// end on its line.
fn string_length(text: &str, quote: char) -> usize {
    let mut characters = text.char_indices().skip(1);
    while let Some((offset, c)) = characters.next() {
        match c {
            '\\' => {
                characters.next();
            }
            '\n' if quote != '`' => return 1,
            c if c == quote => return offset + 1,
            _ => {}
        }
    }
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n_import_problems(file: &str, source: &str) -> usize {
        check_imports(file, source).len()
    }

    #[test]
    fn the_leaves_import_nothing() {
        for file in ["protocol.js", "parts.js", "detect.js", "state.js", "site.js"] {
            assert_eq!(n_import_problems(file, "import { a } from './main.js';"), 1);
            assert_eq!(n_import_problems(file, "export { a } from \"./main.js\";"), 1);
            assert_eq!(n_import_problems(file, "await import(`./pkg/x.js`);"), 1);
            assert_eq!(n_import_problems(file, "// import x from './a.js'\nconst from = 'x'; Array.from('abc');"), 0);
        }
    }

    #[test]
    fn modules_in_folders_do_not_ask_where_they_are() {
        let code = "// import.meta\nconst picture = new URL('../still/a.svg', import.meta.url);";
        assert_eq!(n_import_problems("site.js", code), 0);
        let [(line, text)] = &check_imports("figures/panel.js", code)[..] else { panic!("one problem") };
        assert_eq!(*line, 2);
        assert!(text.contains("site.js"), "{text}");
    }

    #[test]
    fn the_worker_shares_only_the_protocol_and_the_parts() {
        assert_eq!(n_import_problems("worker.js", "import {\n  a,\n} from './protocol.js';\nawait import(url);"), 0);
        assert_eq!(
            n_import_problems("worker.js", "await import(new URL(`../pkg/${level}/a.js`, import.meta.url).href);"),
            0
        );
        for file in ["worker.js", "core.js", "figures/live.js"] {
            assert_eq!(n_import_problems(file, "await import('../pkg/simd128/superposition.js');"), 1);
        }
        assert_eq!(
            check_imports("worker.js", "\nimport './state.js';"),
            [(2, "www/worker.js may not import `./state.js`".into())]
        );
        assert_eq!(n_import_problems("worker.js", "import init from '../pkg/simd128/superposition.js';"), 1);
    }

    #[test]
    fn other_sites_are_not_imported() {
        assert_eq!(n_import_problems("main.js", "import a from 'https://example.org/a.js';"), 1);
        assert_eq!(n_import_problems("main.js", "import a from 'lodash';\nimport b from './pool.js';"), 1);
    }

    #[test]
    fn links_may_leave_and_loads_may_not() {
        assert_eq!(check_loads("<p>don't <a class=\"x\" href=\"https://arxiv.org/abs/2209.10652\">paper</a>"), []);
        assert_eq!(check_loads("<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>"), []);
        assert_eq!(check_loads("// see https://example.org\nlet x = 1; /* http://a.b */"), []);
        for load in [
            "<script src=\"https://example.org/a.js\"></script>",
            "<link rel=\"stylesheet\" href=\"https://example.org/a.css\">",
            "@import url(https://example.org/a.css);",
            "fetch('https://example.org/data')",
            "<img src=http://example.org/a.png>",
        ] {
            assert_eq!(check_loads(load).len(), 1, "{load}");
        }
        assert_eq!(check_loads("\n\nfetch(`https://example.org/x`)")[0].0, 3);
    }
}
