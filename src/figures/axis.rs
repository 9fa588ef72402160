//! Axes: from a number to a place on the picture, and the ticks that say so.
//!
//! Ticks are 1, 2 or 5 times a power of ten on a linear axis, as many as have room; on a logarithmic one the powers of
//! ten, with 2 and 5 between them where there are few.

use super::boxes::Box2;
use super::sheet::{Align, Sheet};
use super::text::{number, text_width};
use super::theme::Theme;
use plotters::backend::DrawingBackend;
use serde::{Deserialize, Serialize};

/// Length of a tick mark.
pub(super) const TICK_MARK: f64 = 4.0;

/// How numbers go to places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scale {
    /// Equal differences, equal distances.
    Linear,
    /// Equal ratios, equal distances; the range must be above 0.
    Log,
}

/// An axis: what it measures, and from where to where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// The quantity with its unit.
    pub title: String,
    /// The number at its start (left, or below); greater than `to` for an axis that runs down.
    pub from: f64,
    /// The number at its end.
    pub to: f64,
    /// Linear or logarithmic.
    pub scale: Scale,
    /// Ticks in place of the computed ones.
    pub ticks: Option<Vec<(f64, String)>>,
    /// What a number on it is called in words; the title up to an equals sign if there is none.
    pub name: Option<String>,
}

impl Axis {
    /// A linear axis.
    pub fn linear(title: impl Into<String>, from: f64, to: f64) -> Self {
        Self { title: title.into(), from, to, scale: Scale::Linear, ticks: None, name: None }
    }

    /// A logarithmic axis; linear if the range is not above 0.
    pub fn log(title: impl Into<String>, from: f64, to: f64) -> Self {
        let scale = if from > 0.0 && to > 0.0 { Scale::Log } else { Scale::Linear };
        Self { title: title.into(), from, to, scale, ticks: None, name: None }
    }

    /// The same with these ticks.
    pub fn with_ticks(self, ticks: Vec<(f64, String)>) -> Self {
        Self { ticks: Some(ticks), ..self }
    }

    /// The same with a short name for the words about a number on it.
    pub fn called(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// The number of entry `idx` of `count` that are evenly spaced on it.
    pub fn number_at(&self, idx: usize, count: usize) -> f64 {
        let t = idx as f64 / count.saturating_sub(1).max(1) as f64;
        match self.scale {
            Scale::Linear => self.from + t * (self.to - self.from),
            Scale::Log => self.from * (self.to / self.from).powf(t),
        }
    }

    /// A number on it in words: what it measures and how much.
    pub fn tell(&self, value: f64, between: &str) -> String {
        let name = self.name.as_deref().unwrap_or(self.title.split('=').next().unwrap_or_default().trim_end());
        let own = self.ticks.iter().flatten().find(|(at, _)| (at - value).abs() <= 1e-9 * at.abs().max(1e-9));
        let written = own.map_or_else(|| number(value), |(_, text)| text.clone());
        format!("{name}{}{written}", if name.is_empty() { "" } else { between })
    }

    fn along(&self, value: f64) -> f64 {
        if self.scale == Scale::Log { value.log10() } else { value }
    }

    /// Where a number lies: 0 at the start, 1 at the end; not finite where the axis has no such number.
    pub fn place(&self, value: f64) -> f64 {
        let (from, to) = (self.along(self.from), self.along(self.to));
        if to == from { 0.5 } else { (self.along(value) - from) / (to - from) }
    }

    /// Ticks at most about `room` many, with their texts, in the order of the axis.
    pub fn ticks(&self, room: usize) -> Vec<(f64, String)> {
        if let Some(ticks) = &self.ticks {
            return ticks.clone();
        }
        let (low, high) = (self.from.min(self.to), self.from.max(self.to));
        if !(low.is_finite() && high.is_finite() && low < high) {
            return vec![(self.from, number(self.from))];
        }
        let room = room.max(2);
        let values = if self.scale == Scale::Log { log_ticks(low, high, room) } else { linear_ticks(low, high, room) };
        values.into_iter().map(|value| (value, number(value))).collect()
    }
}

fn linear_ticks(low: f64, high: f64, room: usize) -> Vec<f64> {
    let rough = (high - low) / room as f64;
    let power = 10f64.powi(rough.log10().floor() as i32);
    let step =
        [1.0, 2.0, 5.0, 10.0].into_iter().map(|k| k * power).find(|&step| step >= rough * 0.999).unwrap_or(power);
    let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
    (first..=last).map(|k| k as f64 * step).collect()
}

fn log_ticks(low: f64, high: f64, room: usize) -> Vec<f64> {
    let (from, to) = (low.log10(), high.log10());
    if to - from < 0.5 {
        return linear_ticks(low, high, room);
    }
    let powers = (from - 1e-9).floor() as i32..=(to + 1e-9).ceil() as i32;
    let inside = |&value: &f64| value >= low * (1.0 - 1e-9) && value <= high * (1.0 + 1e-9);
    let with = |leads: &[f64]| -> Vec<f64> {
        let all = powers.clone().flat_map(|power| leads.iter().map(move |lead| lead * 10f64.powi(power)));
        all.filter(inside).collect()
    };
    let decades = with(&[1.0]);
    for leads in [&[1.0, 2.0, 5.0][..], &[1.0, 3.0]] {
        let ticks = with(leads);
        // Between decades there is room only for a short axis of few of them.
        if decades.len() <= 3 && ticks.len() <= room {
            return ticks;
        }
    }
    let stride = decades.len().div_ceil(room).max(1);
    decades.into_iter().step_by(stride).collect()
}

/// How many ticks an upright axis has room for: few, as each has a grid line.
pub(super) fn level_ticks(height: f64) -> usize {
    ((height / 30.0).round() as usize).min(7)
}

/// Draws ticks and titles of two axes around a plot, and level grid lines if asked; texts stay inside `place`.
pub(super) fn draw_axes<DB: DrawingBackend>(
    sheet: &mut Sheet<DB>,
    theme: &Theme,
    (x_axis, y_axis): (&Axis, &Axis),
    plot: &Box2,
    place: &Box2,
    grid: bool,
) {
    let tick = theme.plain(Theme::TICK);
    let bounds = place.grown(3.0);
    for (value, text) in y_axis.ticks(level_ticks(plot.height)) {
        let along = y_axis.place(value);
        if !(-1e-9..=1.0 + 1e-9).contains(&along) {
            continue;
        }
        let y = plot.bottom() - along * plot.height;
        let hair = sheet.hair(y);
        let (end, color) = if grid { (plot.right(), theme.line) } else { (plot.x - TICK_MARK, theme.faint) };
        sheet.path(&[(plot.x, hair), (end, hair)], Theme::HAIRLINE, color);
        sheet.label(&text, &[((plot.x - TICK_MARK - 3.0, y), Align::Right)], &bounds, &tick);
    }
    let base = sheet.hair(plot.bottom());
    sheet.path(&[(plot.x, base), (plot.right(), base)], Theme::HAIRLINE, theme.faint);
    for (value, text) in x_axis.ticks((plot.width / 48.0) as usize) {
        let along = x_axis.place(value);
        if !(-1e-9..=1.0 + 1e-9).contains(&along) {
            continue;
        }
        let x = plot.x + along * plot.width;
        let hair = sheet.hair(x);
        sheet.path(&[(hair, base), (hair, base + TICK_MARK)], Theme::HAIRLINE, theme.faint);
        let half = text_width(&text, Theme::TICK, false) / 2.0;
        let x = x.min(place.right() - half);
        sheet.label(&text, &[((x, base + TICK_MARK + 11.0), Align::Middle)], &bounds, &tick);
    }
    let title = theme.plain(Theme::TEXT);
    if !x_axis.title.is_empty() {
        let half = text_width(&x_axis.title, Theme::TEXT, false) / 2.0;
        let x = plot.centre().0.min(place.right() - half).max(place.x + half);
        sheet.label(&x_axis.title, &[((x, base + TICK_MARK + 30.0), Align::Middle)], &bounds, &title);
    }
    if !y_axis.title.is_empty() {
        let half = text_width(&y_axis.title, Theme::TEXT, false) / 2.0;
        let y = plot.centre().1.min(place.bottom() - half).max(place.y + half);
        sheet.label_upward(&y_axis.title, (place.x + 7.0, y), &bounds, &title);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis, room: usize) -> Vec<String> {
        axis.ticks(room).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(texts(&Axis::linear("", 0.0, 1.0), 5), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        assert_eq!(texts(&Axis::linear("", -1.5, 1.5), 4), ["−1", "0", "1"]);
        assert_eq!(texts(&Axis::log("", 1.0, 100.0), 8), ["1", "2", "5", "10", "20", "50", "100"]);
        assert_eq!(texts(&Axis::log("", 1.0, 1e6), 4), ["1", "100", "10\u{202f}000", "10⁶"]);
    }

    #[test]
    fn places_run_from_start_to_end_also_downward() {
        let axis = Axis::log("", 1.0, 0.01);
        assert_eq!([1.0, 0.1, 0.01].map(|value| (axis.place(value) * 100.0).round()), [0.0, 50.0, 100.0]);
        assert!(!axis.place(0.0).is_finite() && axis.place(f64::NAN).is_nan());
    }
}
