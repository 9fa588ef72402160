//! A document as pixels (native only), with the bundled face.
//!
//! Texts are set in DejaVu Sans (a subset, `fonts/`), whose widths [`super::text`] lays out by: what stands clear in the
//! document stands clear in the pixels, on every machine. No font of the system is read.

use crate::error::Error;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};
use std::sync::Arc;

const REGULAR: &[u8] = include_bytes!("fonts/DejaVuSans.ttf");
const BOLD: &[u8] = include_bytes!("fonts/DejaVuSans-Bold.ttf");
/// The longest side of a picture, in pixels: 400 MB of memory at most.
const MAX_SIDE: f32 = 10_000.0;

/// The PNG file of an SVG document of ours, `scale` pixels a CSS pixel.
///
/// # Errors
/// [`Error::Field`] if the scale is not above 0 or would make the picture wider or higher than 10 000 pixels, or if the
/// text is no SVG document.
pub fn render(svg: &str, scale: f32) -> Result<Vec<u8>, Error> {
    let refuse = |field: &str, value: String, allowed: &str| Error::Field {
        field: field.into(),
        value,
        allowed: allowed.into(),
    };
    let mut options = Options { font_family: "DejaVu Sans".into(), ..Options::default() };
    let fonts = Arc::make_mut(&mut options.fontdb);
    fonts.load_font_data(REGULAR.to_vec());
    fonts.load_font_data(BOLD.to_vec());
    // The document asks for the system's face first; without fonts of the system this is what it gets.
    fonts.set_sans_serif_family("DejaVu Sans");
    let tree = Tree::from_str(svg, &options).map_err(|error| refuse("svg", error.to_string(), "an SVG document"))?;
    let (width, height) = ((tree.size().width() * scale).ceil(), (tree.size().height() * scale).ceil());
    let fits = |side: f32| (1.0..=MAX_SIDE).contains(&side);
    let pixels = if fits(width) && fits(height) { Pixmap::new(width as u32, height as u32) } else { None };
    let mut pixels = pixels.ok_or_else(|| {
        refuse("scale", scale.to_string(), "a number above 0 that makes a picture of at most 10000 × 10000 pixels")
    })?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| refuse("svg", error.to_string(), "a picture that PNG can hold"))
}
