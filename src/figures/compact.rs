//! Shorter SVG documents that look the same.
//!
//! `plotters-svg` writes an element a mark. A scatter of thousands of dots and a heat map of thousands of cells become a
//! path for each run of equal ones: a dot is a line without length and with round ends, a cell four short strokes.

use std::fmt::Write;

/// The document with each run of like discs, and of like rectangles, as one path.
pub fn compact(svg: &str) -> String {
    let mut out = String::with_capacity(svg.len());
    let mut run: Option<Run> = None;
    for line in svg.split_inclusive('\n') {
        let mark = Mark::read(line);
        if let (Some(run), Some(mark)) = (&mut run, &mark)
            && run.style == mark.style
        {
            run.add(mark);
            continue;
        }
        if let Some(run) = run.take() {
            run.finish(&mut out);
        }
        match mark {
            Some(mark) => run = Some(Run::new(&mark, line)),
            None => out.push_str(line),
        }
    }
    if let Some(run) = run {
        run.finish(&mut out);
    }
    out
}

/// What like marks share.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Style<'a> {
    Disc { radius: i64, fill: &'a str },
    Cell { fill: &'a str },
}

#[derive(Debug)]
struct Mark<'a> {
    style: Style<'a>,
    at: (i64, i64),
    size: (i64, i64),
}

impl<'a> Mark<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let text = |name: &str| {
            let start = line.find(&format!(" {name}=\""))? + name.len() + 3;
            line[start..].split('"').next()
        };
        let number = |name: &str| text(name)?.parse::<i64>().ok();
        let is_mark = line.starts_with("<circle ") || line.starts_with("<rect ");
        let fill = text("fill").filter(|&fill| is_mark && fill != "none" && !line.contains("opacity"))?;
        if line.starts_with("<circle ") {
            let style = Style::Disc { radius: number("r")?, fill };
            return Some(Self { style, at: (number("cx")?, number("cy")?), size: (0, 0) });
        }
        let size = (number("width")?, number("height")?);
        Some(Self { style: Style::Cell { fill }, at: (number("x")?, number("y")?), size })
    }
}

#[derive(Debug)]
struct Run<'a> {
    style: Style<'a>,
    first: &'a str,
    count: usize,
    path: String,
    pen: (i64, i64),
}

impl<'a> Run<'a> {
    fn new(mark: &Mark<'a>, line: &'a str) -> Self {
        let mut run = Self { style: mark.style, first: line, count: 0, path: String::new(), pen: (0, 0) };
        run.add(mark);
        run
    }

    fn add(&mut self, mark: &Mark) {
        let ((x, y), (width, height)) = (mark.at, mark.size);
        // Relative moves are short where marks lie near each other; the first one is from the origin.
        let (dx, dy) = (x - self.pen.0, y - self.pen.1);
        let drawn = match self.style {
            Style::Disc { .. } => write!(self.path, "m{dx} {dy}h0"),
            Style::Cell { .. } => write!(self.path, "m{dx} {dy}h{width}v{height}h-{width}z"),
        };
        drawn.expect("writing to memory cannot fail");
        self.pen = (x, y);
        self.count += 1;
    }

    fn finish(self, out: &mut String) {
        if self.count == 1 {
            out.push_str(self.first);
            return;
        }
        let drawn = match self.style {
            Style::Disc { radius, fill } => {
                writeln!(out, "<path stroke=\"{fill}\" stroke-width=\"{}\" d=\"{}\"/>", 2 * radius, self.path)
            }
            // Cells lie on whole pixels: without smoothing nothing shows between them at any size.
            Style::Cell { fill } => {
                writeln!(out, "<path fill=\"{fill}\" shape-rendering=\"crispEdges\" d=\"{}\"/>", self.path)
            }
        };
        drawn.expect("writing to memory cannot fail");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_like_marks_become_one_path_and_the_rest_stays() {
        let svg = "<svg>\n<circle cx=\"10\" cy=\"20\" r=\"5\" fill=\"#1\" stroke=\"none\"/>\n\
                   <circle cx=\"13\" cy=\"18\" r=\"5\" fill=\"#1\" stroke=\"none\"/>\n\
                   <circle cx=\"9\" cy=\"9\" r=\"5\" fill=\"#3\" stroke=\"none\"/>\n\
                   <circle cx=\"1\" cy=\"1\" r=\"5\" fill=\"none\" stroke=\"#1\"/>\n\
                   <rect x=\"0\" y=\"0\" width=\"9\" height=\"9\" fill=\"#2\"/>\n</svg>\n";
        let expected = "<svg>\n<path stroke=\"#1\" stroke-width=\"10\" d=\"m10 20h0m3 -2h0\"/>\n\
                        <circle cx=\"9\" cy=\"9\" r=\"5\" fill=\"#3\" stroke=\"none\"/>\n\
                        <circle cx=\"1\" cy=\"1\" r=\"5\" fill=\"none\" stroke=\"#1\"/>\n\
                        <rect x=\"0\" y=\"0\" width=\"9\" height=\"9\" fill=\"#2\"/>\n</svg>\n";
        assert_eq!(compact(svg), expected);
    }
}
