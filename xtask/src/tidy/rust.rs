//! A small lexer for Rust: tokens with their lines, without comments and without what strings say, so that a rule which
//! looks for a word does not trip over prose.

/// A token: a word (identifier, keyword or number), a punctuation mark, `::`, or `""` for any string or character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    pub text: &'a str,
    pub line: usize,
}

/// Splits `source` into tokens. Text that is no valid Rust gives some tokens, never a panic.
pub fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer { source, position: 0, line: 1, tokens: Vec::new() };
    while let Some(c) = lexer.peek() {
        lexer.next_token(c);
    }
    lexer.tokens
}

/// The place of the bracket that closes the one at `open`, or the end.
pub fn closing(tokens: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0usize;
    for (token_idx, token) in tokens.iter().enumerate().skip(open) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return token_idx;
        }
    }
    tokens.len()
}

struct Lexer<'a> {
    source: &'a str,
    position: usize,
    line: usize,
    tokens: Vec<Token<'a>>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.source[self.position..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Moves on by `n_bytes`, which must end between characters.
    fn skip(&mut self, n_bytes: usize) {
        self.line += self.rest()[..n_bytes].matches('\n').count();
        self.position += n_bytes;
    }

    fn push(&mut self, n_bytes: usize) {
        self.tokens.push(Token { text: &self.rest()[..n_bytes], line: self.line });
        self.skip(n_bytes);
    }

    fn push_literal(&mut self, n_bytes: usize) {
        self.tokens.push(Token { text: "\"\"", line: self.line });
        self.skip(n_bytes);
    }

    fn next_token(&mut self, c: char) {
        let rest = self.rest();
        if rest.starts_with("//") {
            self.skip(rest.find('\n').unwrap_or(rest.len()));
        } else if rest.starts_with("/*") {
            self.skip(block_comment_length(rest));
        } else if let Some(length) = raw_string_length(rest) {
            self.push_literal(length);
        } else if let Some(prefix) = ["\"", "b\"", "c\""].iter().find(|p| rest.starts_with(**p)) {
            self.push_literal(quoted_length(rest, prefix.len(), '"'));
        } else if c == '\'' || rest.starts_with("b'") {
            self.character_or_lifetime(rest);
        } else if c.is_alphanumeric() || c == '_' {
            self.push(word_length(rest));
        } else if c.is_whitespace() {
            self.skip(c.len_utf8());
        } else if rest.starts_with("::") {
            self.push(2);
        } else {
            self.push(c.len_utf8());
        }
    }

    fn character_or_lifetime(&mut self, rest: &'a str) {
        let quote = rest.find('\'').unwrap_or(0);
        let mut after = rest[quote + 1..].chars();
        match (after.next(), after.next()) {
            (Some('\\'), _) | (Some(_), Some('\'')) => self.push_literal(quoted_length(rest, quote + 1, '\'')),
            _ => self.skip(quote + 1 + word_length(&rest[quote + 1..])),
        }
    }
}

fn word_length(text: &str) -> usize {
    text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())
}

fn block_comment_length(text: &str) -> usize {
    let mut depth = 0;
    let mut position = 0;
    while position < text.len() {
        let rest = &text[position..];
        if rest.starts_with("/*") {
            depth += 1;
            position += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            position += 2;
            if depth == 0 {
                return position;
            }
        } else {
            position += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// The length up to and with the closing `quote`; the text inside begins at `start`.
fn quoted_length(text: &str, start: usize, quote: char) -> usize {
    let mut characters = text[start..].char_indices();
    while let Some((offset, c)) = characters.next() {
        if c == '\\' {
            characters.next();
        } else if c == quote {
            return start + offset + 1;
        }
    }
    text.len()
}

/// The length of `r"…"`, `r#"…"#`, `br"…"`, `cr"…"` at the start of `text`, if one is there.
fn raw_string_length(text: &str) -> Option<usize> {
    let after_prefix = ["r", "br", "cr"].iter().find_map(|prefix| text.strip_prefix(prefix))?;
    let n_hashes = after_prefix.bytes().take_while(|byte| *byte == b'#').count();
    let inside = after_prefix[n_hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(n_hashes));
    let start = text.len() - inside.len();
    Some(inside.find(&end).map_or(text.len(), |offset| start + offset + end.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<&str> {
        tokens(source).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn prose_is_not_code() {
        let source = r##"
            // unsafe in a comment
            /* unsafe /* nested */ unsafe */
            let a = "unsafe \" unsafe"; let b = r#"unsafe " unsafe"#; let c = '"'; let d = b'\'';
            fn f<'unsafe_>(x: &'unsafe_ str) {}
        "##;
        assert!(!texts(source).contains(&"unsafe"), "{:?}", texts(source));
        assert!(texts(source).contains(&"str"));
    }

    #[test]
    fn paths_keep_their_shape_and_lines() {
        let found = tokens("use crate::{\n    a::B,\n};");
        let shown: Vec<_> = found.iter().map(|token| (token.text, token.line)).collect();
        let first = [("use", 1), ("crate", 1), ("::", 1), ("{", 1)];
        let rest = [("a", 2), ("::", 2), ("B", 2), (",", 2), ("}", 3), (";", 3)];
        assert_eq!(shown, [first.as_slice(), rest.as_slice()].concat());
        assert_eq!(closing(&found, 3), 8);
    }

    #[test]
    fn unfinished_text_ends_quietly() {
        for source in ["\"", "'", "r#\"", "/*", "b'", "é'", "crate::"] {
            tokens(source);
        }
    }
}
