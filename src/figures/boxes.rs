//! Points and boxes in CSS pixels: what overlaps what, and what of a line lies inside.

/// A point in CSS pixels from the upper left corner of the figure.
pub type Point = (f64, f64);

/// A rectangle in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Box2 {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Box2 {
    /// The box of that size around `centre`.
    pub fn around(centre: Point, width: f64, height: f64) -> Self {
        Self { x: centre.0 - width / 2.0, y: centre.1 - height / 2.0, width, height }
    }

    /// Its right edge.
    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    /// Its lower edge.
    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }

    /// Its middle.
    pub fn centre(&self) -> Point {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    /// The box with `by` more on each side.
    pub fn grown(&self, by: f64) -> Self {
        Self { x: self.x - by, y: self.y - by, width: self.width + 2.0 * by, height: self.height + 2.0 * by }
    }

    /// Whether the two share more than an edge.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }

    /// Whether all of `other` lies inside.
    pub fn contains(&self, other: &Self) -> bool {
        self.x <= other.x && self.y <= other.y && other.right() <= self.right() && other.bottom() <= self.bottom()
    }

    /// Whether the point lies inside or on the edge.
    pub fn holds(&self, (x, y): Point) -> bool {
        self.x <= x && x <= self.right() && self.y <= y && y <= self.bottom()
    }

    /// Whether any part of the segment from `a` to `b` lies inside.
    pub fn meets_segment(&self, a: Point, b: Point) -> bool {
        self.clip(a, b).is_some()
    }

    /// The part of the segment from `a` to `b` that lies inside (Liang and Barsky's clipping); none of one with an end
    /// that is not a number.
    pub fn clip(&self, a: Point, b: Point) -> Option<(Point, Point)> {
        if ![a.0, a.1, b.0, b.1].iter().all(|coordinate| coordinate.is_finite()) {
            return None;
        }
        let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
        let direction = (b.0 - a.0, b.1 - a.1);
        for (step, to_low, to_high) in
            [(direction.0, self.x - a.0, self.right() - a.0), (direction.1, self.y - a.1, self.bottom() - a.1)]
        {
            if step == 0.0 {
                if to_low > 0.0 || to_high < 0.0 {
                    return None;
                }
                continue;
            }
            let (first, second) = if step > 0.0 { (to_low, to_high) } else { (to_high, to_low) };
            enter = enter.max(first / step);
            leave = leave.min(second / step);
        }
        // The ends themselves are given back as they came, so that joined segments stay joined.
        let at = |t: f64| match t {
            0.0 => a,
            1.0 => b,
            _ => (a.0 + t * direction.0, a.1 + t * direction.1),
        };
        (enter <= leave).then(|| (at(enter), at(leave)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_meets_a_box_it_crosses_starts_in_or_grazes_only() {
        let place = Box2 { x: 1.0, y: 1.0, width: 2.0, height: 1.0 };
        assert!(place.meets_segment((0.0, 0.0), (4.0, 3.0)));
        assert!(place.meets_segment((2.0, 1.5), (9.0, 9.0)));
        assert!(place.meets_segment((2.0, 0.0), (2.0, 5.0)));
        assert!(!place.meets_segment((0.0, 0.0), (0.9, 0.9)));
        assert!(!place.meets_segment((0.0, 2.5), (4.0, 2.5)));
        assert!(!place.meets_segment((0.0, 1.5), (2.0, 3.5)));
    }

    #[test]
    fn boxes_overlap_when_they_share_more_than_an_edge() {
        let place = Box2 { x: 0.0, y: 0.0, width: 2.0, height: 2.0 };
        assert!(place.overlaps(&Box2 { x: 1.9, y: 1.9, width: 1.0, height: 1.0 }));
        assert!(!place.overlaps(&Box2 { x: 2.0, y: 0.0, width: 1.0, height: 1.0 }));
        assert!(place.contains(&place) && !place.grown(-0.1).contains(&place));
    }
}
