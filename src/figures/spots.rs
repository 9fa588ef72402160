//! What can be pointed at in a picture: where each mark lies, whose it is, and which number of its view it shows.
//!
//! Views push a [`Spot`] for each mark while they draw (`Sheet::spot`). A spot holds no words: a heat map has thousands, and a
//! frame must stay cheap. It holds a [`Key`], from which its view makes the words when they are asked for
//! (`Figure::tell`). Everything is in CSS pixels of the sheet. Nothing here draws.

use super::boxes::{Box2, Point};
use crate::order;

/// How near a pointer must come to a disc, a line and a box, in CSS pixels: half a fingertip for what is small.
const REACH: [f64; 3] = [14.0, 9.0, 3.0];
/// What lies on a ground of boxes is meant from this distance on, in CSS pixels.
const ABOVE_BOXES: f64 = 6.0;

/// Where a mark lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Extent {
    /// A centre and a radius.
    Disc(Point, f64),
    /// A segment; what is told belongs to its first end.
    Line(Point, Point),
    /// A rectangle.
    Box(Box2),
}

impl Extent {
    /// How far a point is from it, 0 inside; and how near it must be to be meant.
    fn distance(&self, at: Point) -> (f64, f64) {
        match *self {
            Extent::Disc(centre, radius) => (((at.0 - centre.0).hypot(at.1 - centre.1) - radius).max(0.0), REACH[0]),
            Extent::Line(a, b) => {
                let near = nearest(at, a, b);
                ((at.0 - near.0).hypot(at.1 - near.1), REACH[1])
            }
            Extent::Box(place) => {
                let (dx, dy) = (
                    (place.x - at.0).max(at.0 - place.right()).max(0.0),
                    (place.y - at.1).max(at.1 - place.bottom()).max(0.0),
                );
                (dx.hypot(dy), REACH[2])
            }
        }
    }

    /// The point that stands for it: a centre, or the first end of a segment.
    pub fn centre(&self) -> Point {
        match *self {
            Extent::Disc(centre, _) | Extent::Line(centre, _) => centre,
            Extent::Box(place) => place.centre(),
        }
    }

    /// The point of it where words about it stand when the pointer is at `at`.
    pub fn anchor(&self, at: Point) -> Point {
        match *self {
            Extent::Line(a, b) => nearest(at, a, b),
            _ => self.centre(),
        }
    }
}

/// The point of a segment that is nearest to `at`.
fn nearest(at: Point, a: Point, b: Point) -> Point {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let length_squared = dx * dx + dy * dy;
    let t = if length_squared > 0.0 { ((at.0 - a.0) * dx + (at.1 - a.1) * dy) / length_squared } else { 0.0 };
    let t = t.clamp(0.0, 1.0);
    (a.0 + t * dx, a.1 + t * dy)
}

/// Which number of its view a mark shows; each view has parts and indices of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The kind of mark, in the view's own numbering; lower ones come first in a list.
    pub part: u8,
    /// Its first index.
    pub a: u32,
    /// Its second index, 0 where one is enough.
    pub b: u32,
}

impl Key {
    /// A key of two indices.
    pub fn new(part: u8, a: usize, b: usize) -> Self {
        Self { part, a: a as u32, b: b as u32 }
    }

    /// Its indices.
    pub fn indices(self) -> (usize, usize) {
        (self.a as usize, self.b as usize)
    }
}

/// A mark that can be pointed at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spot {
    /// Where it lies.
    pub extent: Extent,
    /// What it shows.
    pub key: Key,
    /// The feature that it belongs to.
    pub feature: Option<u32>,
    /// The instance of a sweep that it comes from.
    pub job: Option<u32>,
    /// Whether it gets an outline when its feature is lit; not where its view lights it in another way.
    pub outlined: bool,
}

impl Spot {
    /// A mark of nobody.
    pub fn new(extent: Extent, part: u8, a: usize, b: usize) -> Self {
        Self { extent, key: Key::new(part, a, b), feature: None, job: None, outlined: true }
    }

    /// The same as a mark of a feature.
    pub fn of(self, feature: Option<usize>) -> Self {
        Self { feature: feature.map(|feature| feature as u32), ..self }
    }

    /// The same as a mark of an instance.
    pub fn by(self, job: Option<usize>) -> Self {
        Self { job: job.map(|job| job as u32), ..self }
    }

    /// The same without an outline of its own.
    pub fn quiet(self) -> Self {
        Self { outlined: false, ..self }
    }
}

/// The mark that is meant by a pointer at `at`: the nearest, of several the topmost; none where all are far.
pub fn hit(spots: &[Spot], at: Point) -> Option<&Spot> {
    // A maximum passes over what is not a number: it would be near everything.
    if !(at.0.is_finite() && at.1.is_finite()) {
        return None;
    }
    let mut best: Option<(f64, &Spot)> = None;
    for spot in spots {
        let (distance, reach) = spot.extent.distance(at);
        if !distance.is_finite() || distance > reach {
            continue;
        }
        let cost = if matches!(spot.extent, Extent::Box(_)) { ABOVE_BOXES + distance } else { distance };
        // What was drawn later lies above.
        if best.is_none_or(|(least, _)| cost <= least) {
            best = Some((cost, spot));
        }
    }
    best.map(|(_, spot)| spot)
}

/// At most `most` of the marks: those of small parts all, of large parts every so many; part by part, in the order drawn.
pub fn thinned(spots: &[Spot], most: usize) -> Vec<&Spot> {
    let mut parts: Vec<Vec<&Spot>> = Vec::new();
    for spot in spots {
        let part = usize::from(spot.key.part);
        if parts.len() <= part {
            parts.resize(part + 1, Vec::new());
        }
        parts[part].push(spot);
    }
    let mut by_size: Vec<usize> = (0..parts.len()).collect();
    order::sort_by_key(&mut by_size, |&part| parts[part].len());
    let mut left = most;
    for (done, &part) in by_size.iter().enumerate() {
        let share = left / (by_size.len() - done);
        let all = &parts[part];
        let stride = all.len().div_ceil(share.max(1)).max(1);
        parts[part] = all.iter().copied().step_by(stride).take(share).collect();
        left -= parts[part].len();
    }
    parts.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disc(x: f64, part: u8) -> Spot {
        Spot::new(Extent::Disc((x, 0.0), 3.0), part, x as usize, 0)
    }

    #[test]
    fn the_nearest_mark_is_meant_and_what_lies_on_a_cell_before_the_cell() {
        let ground = Spot::new(Extent::Box(Box2 { x: -50.0, y: -50.0, width: 100.0, height: 100.0 }), 1, 0, 0);
        let spots = [disc(0.0, 0), ground, disc(20.0, 0)];
        assert_eq!(hit(&spots, (2.0, 0.0)).map(|spot| spot.key.a), Some(0));
        assert_eq!(hit(&spots, (12.0, 0.0)).map(|spot| spot.key.a), Some(20));
        assert_eq!(hit(&spots, (-40.0, 0.0)).map(|spot| spot.key.part), Some(1));
        assert_eq!(hit(&spots, (400.0, 0.0)), None);
        assert_eq!(hit(&spots, (f64::NAN, 0.0)), None);
        let line = Spot::new(Extent::Line((0.0, 0.0), (10.0, 0.0)), 0, 0, 0);
        assert_eq!(line.extent.anchor((4.0, 3.0)), (4.0, 0.0));
    }

    #[test]
    fn thinning_keeps_what_is_few_whole() {
        let many: Vec<Spot> =
            (0..6400).map(|k| disc(f64::from(k), 1)).chain((0..80).map(|k| disc(f64::from(k), 0))).collect();
        let kept = thinned(&many, 400);
        assert!(kept.len() <= 400 && kept.len() > 300, "{}", kept.len());
        assert_eq!(kept.iter().filter(|spot| spot.key.part == 0).count(), 80);
        assert_eq!(kept[0].key.part, 0);
        assert!(thinned(&[], 400).is_empty());
    }
}
