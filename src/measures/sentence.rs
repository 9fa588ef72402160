//! A sentence that says what a picture of the weights shows, for captions and screen readers.
//!
//! Numbers up to twelve are words. There is no final period: the caller knows where the sentence stands.

use super::solution::{tally, well_known};
use super::{Measures, Shape};

/// Says in plain English what a picture of these weights shows now.
///
/// ```
/// use superposition::measures::{Measures, sentence};
///
/// let measures = Measures::of(&[1.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0, 0.0, -1.0, 0.1], 5, 2);
/// assert_eq!(
///     sentence(&measures, 5, 2),
///     "Four features in two dimensions, as two antipodal pairs; one is not represented"
/// );
/// ```
pub fn sentence(measures: &Measures, n_features: usize, n_hidden: usize) -> String {
    let n_represented = measures.represented.len();
    if n_represented == 0 {
        return if n_features == 1 { "The feature is not represented yet" } else { "No feature is represented yet" }
            .into();
    }
    let mut text = picture(measures, n_hidden);
    match n_features - n_represented {
        0 => {}
        1 => text += "; one is not represented",
        n => text += &format!("; {} are not represented", number(n)),
    }
    capitalised(&text)
}

/// The part about the represented features.
fn picture(measures: &Measures, n_hidden: usize) -> String {
    let n_represented = measures.represented.len();
    let geometry = &measures.geometry;
    let tally = tally(geometry);
    let n_spanned: usize = geometry.iter().map(|factor| factor.dimension).sum();
    let irregular = geometry.iter().filter(|factor| factor.shape == Shape::Irregular);
    let n_irregular = irregular.map(|factor| factor.features.len()).sum();
    // Nearly orthogonal features can be more than the dimensions, and then none has one to itself.
    let room_for_all = n_spanned <= n_hidden;
    let subject = counted(n_represented, "feature", "features");
    let place = format!("{subject} in {}", counted(n_hidden, "dimension", "dimensions"));
    match tally[..] {
        [(Shape::Single, 1)] => format!("{subject} gets a dimension of its own"),
        [(Shape::Single, _)] if room_for_all => format!("{subject} get a dimension of their own"),
        [(Shape::Single, _)] => format!("{place}, all nearly orthogonal"),
        [(Shape::Irregular, 1)] => format!("{place}, in no regular shape"),
        [(shape, 1)] => {
            let part = match n_spanned {
                n if n < n_hidden => format!(" in {} of them", number(n)),
                _ => String::new(),
            };
            format!("{place}: {}{part}", phrase(shape, 1, n_irregular, room_for_all))
        }
        _ => {
            let groups: Vec<String> =
                tally.iter().map(|&(shape, count)| phrase(shape, count, n_irregular, room_for_all)).collect();
            // A square says less than its two pairs do; the solids say more.
            match well_known(&tally).filter(|&name| name != "square") {
                Some(solid) => {
                    let solid = match solid.strip_suffix("-bipyramid") {
                        Some(kind) => with_article(&format!("{kind} bipyramid")),
                        None => with_article(solid),
                    };
                    format!("{place}, as {solid} of {}", listed(&groups))
                }
                None => format!("{place}, as {}", listed(&groups)),
            }
        }
    }
}

/// So many factors of a shape; for irregular ones with so many features in all.
fn phrase(shape: Shape, count: usize, n_irregular: usize, room_for_all: bool) -> String {
    let some = |one: &str, many: &str| match count {
        1 => with_article(one),
        _ => format!("{} {many}", number(count)),
    };
    match shape {
        Shape::Single => {
            let way = match (room_for_all, count) {
                (true, 1) => "with a dimension of its own",
                (true, _) => "with a dimension of their own",
                (false, _) => "nearly orthogonal to all others",
            };
            format!("{} {way}", number(count))
        }
        Shape::Digon => some("antipodal pair", "antipodal pairs"),
        Shape::Parallel if count == 1 => "a pair that shares a direction".into(),
        Shape::Parallel => format!("{} pairs that share a direction each", number(count)),
        Shape::Polygon(6) => some("hexagon", "hexagons"),
        Shape::Polygon(7) => some("heptagon", "heptagons"),
        Shape::Polygon(8) => some("octagon", "octagons"),
        Shape::Simplex(3) => some("tetrahedron", "tetrahedra"),
        Shape::Simplex(dimension) => {
            format!("{} of {} points", some("simplex", "simplices"), number(dimension + 1))
        }
        Shape::Icosahedron => some("icosahedron", "icosahedra"),
        Shape::Dodecahedron => some("dodecahedron", "dodecahedra"),
        Shape::Irregular if count == 1 => format!("an irregular group of {}", number(n_irregular)),
        Shape::Irregular => format!("{} irregular groups of {} together", number(count), number(n_irregular)),
        Shape::Polygon(k) if k > 8 && count == 1 => format!("a ring of {}", number(k)),
        Shape::Polygon(k) if k > 8 => format!("{} rings of {}", number(count), number(k)),
        Shape::SquareAntiprism => some("square antiprism", "square antiprisms"),
        Shape::Polygon(_) | Shape::Cube => {
            let name = shape.to_string();
            some(&name, &format!("{name}s"))
        }
    }
}

/// `a cube, two triangles and an antipodal pair`.
fn listed(groups: &[String]) -> String {
    match groups {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn with_article(noun: &str) -> String {
    format!("{} {noun}", if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" })
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { many })
}

/// A number up to twelve as a word, any other in digits.
fn number(n: usize) -> String {
    const WORDS: [&str; 13] =
        ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    WORDS.get(n).map_or_else(|| n.to_string(), |word| (*word).into())
}

/// The words with a capital at their start. They are our own and plain English: the tables of all scripts' capitals would be 4 KB of
/// what the page downloads.
pub(crate) fn capitalised(words: &str) -> String {
    let mut words = words.to_owned();
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}
