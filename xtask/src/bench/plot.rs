//! How a step's time grows, as a picture: three small charts with logarithmic axes, in a line.

use std::fmt::Write as _;

/// A chart: what the axis along the bottom is, its values, and one line of milliseconds a contestant.
pub struct Growth {
    pub label: String,
    pub x: Vec<f64>,
    pub lines: Vec<(String, Vec<f64>)>,
}

const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 40.0;
const COLORS: [&str; 2] = ["#0072b2", "#d55e00"];

/// The charts as one document.
pub fn svg(charts: &[Growth]) -> String {
    let (width, middle) = (WIDTH * charts.len() as f64, "text-anchor=\"middle\"");
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {HEIGHT}\" width=\"{width}\" height=\"{HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"11\" fill=\"#333\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    let values = || charts.iter().flat_map(|chart| &chart.lines).flat_map(|(_, line)| line).copied();
    // One scale of times for all, so that the charts can be compared.
    let times = decades(values());
    for (place, chart) in charts.iter().enumerate() {
        let _ = writeln!(out, "<g transform=\"translate({} 0)\">", WIDTH * place as f64);
        let x_range = (low(chart.x.iter().copied()), high(chart.x.iter().copied()));
        let x_of = |x: f64| LEFT + part(x, x_range) * (WIDTH - LEFT - RIGHT);
        let y_of = |y: f64| HEIGHT - BOTTOM - part(y, times) * (HEIGHT - TOP - BOTTOM);
        let mut tick = times.0;
        while tick <= times.1 * 1.001 {
            let y = y_of(tick);
            let _ = writeln!(out, "<path d=\"M{LEFT} {y:.1}H{}\" stroke=\"#ddd\"/>", WIDTH - RIGHT);
            let _ = writeln!(
                out,
                "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                LEFT - 5.0,
                y + 4.0,
                short(tick)
            );
            tick *= 10.0;
        }
        for &x in [chart.x.first(), chart.x.get(chart.x.len() / 2), chart.x.last()].into_iter().flatten() {
            let _ = writeln!(out, "<text x=\"{:.1}\" y=\"{}\" {middle}>{}</text>", x_of(x), HEIGHT - 24.0, short(x));
        }
        let center = (LEFT + WIDTH - RIGHT) / 2.0;
        let _ = writeln!(out, "<text x=\"{center}\" y=\"{}\" {middle}>{}</text>", HEIGHT - 8.0, chart.label);
        for (line_idx, (name, line)) in chart.lines.iter().enumerate() {
            let color = COLORS[line_idx % COLORS.len()];
            let points: Vec<_> =
                chart.x.iter().zip(line).map(|(&x, &y)| format!("{:.1},{:.1}", x_of(x), y_of(y))).collect();
            let _ = writeln!(
                out,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\" stroke-linejoin=\"round\"/>",
                points.join(" ")
            );
            if place == 0 {
                let y = 16.0 + 14.0 * line_idx as f64;
                let _ =
                    writeln!(out, "<text x=\"{LEFT}\" y=\"{y}\" fill=\"{color}\">{name}, milliseconds a step</text>");
            }
        }
        out.push_str("</g>\n");
    }
    out.push_str("</svg>\n");
    out
}

/// Where a value lies between two others, on a logarithmic scale.
fn part(value: f64, (low, high): (f64, f64)) -> f64 {
    (value / low).ln() / (high / low).ln()
}

/// The powers of ten around some numbers.
fn decades(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    (10_f64.powf(low(values.clone()).log10().floor()), 10_f64.powf(high(values).log10().ceil()))
}

fn low(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(f64::INFINITY, f64::min)
}

fn high(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, f64::max)
}

/// A power of ten without the dust of its making.
fn short(value: f64) -> String {
    let digits = format!("{value:.4}");
    digits.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_runs_from_corner_to_corner() {
        let chart =
            Growth { label: "n".into(), x: vec![1.0, 10.0, 100.0], lines: vec![("ours".into(), vec![0.1, 1.0, 10.0])] };
        let drawn = svg(&[chart]);
        let corner = (WIDTH - RIGHT, TOP);
        assert!(
            drawn.contains(&format!("points=\"46.0,200.0 167.0,120.0 {:.1},{:.1}\"", corner.0, corner.1)),
            "{drawn}"
        );
    }

    #[test]
    fn decades_hold_all_values() {
        assert_eq!(decades([0.02, 3.0].into_iter()), (0.01, 10.0));
        assert_eq!([0.001, 1.0, 400.0].map(short), ["0.001", "1", "400"]);
    }
}
