//! Numbers that begin where a cache line does.
//!
//! A vector of sixteen lanes is a cache line: one that lies across two costs two reads, and a write still more. What an allocator gives is
//! aligned to 8 or 16 bytes. On wasm this is a plain list: vectors are sixteen bytes, and so is what all its memory is aligned to.

use std::ops::{Deref, DerefMut};

#[cfg(not(target_arch = "wasm32"))]
use super::BLOCK;

/// Bytes of a cache line.
#[cfg(any(test, not(target_arch = "wasm32")))]
const LINE: usize = 64;

/// A list whose first entry lies at the beginning of a cache line; rows of whole blocks of four bytes do then, too.
#[derive(Debug, Default)]
pub struct Aligned<T> {
    /// The list, and what is skipped before it.
    room: Vec<T>,
    #[cfg(not(target_arch = "wasm32"))]
    skipped: usize,
}

impl<T: Copy + Default> Aligned<T> {
    /// So many entries, to be written: what is in them is 0 or what was there at some time.
    #[inline(never)] // Once a batch or a tile.
    pub fn resize(&mut self, len: usize) {
        #[cfg(not(target_arch = "wasm32"))]
        if self.skipped + len > self.room.capacity() {
            // Some more, for what grows a little at a time.
            self.room = Vec::with_capacity(len + len / 8 + BLOCK);
            // Entries of four bytes or more come to a line within a block.
            self.skipped = self.room.as_ptr().align_offset(LINE).min(BLOCK);
        }
        self.room.resize(self.skipped() + len, T::default());
    }

    /// So many entries, all 0.
    pub fn zeros(&mut self, len: usize) {
        self.room.clear();
        self.resize(len);
    }
}

impl<T> Aligned<T> {
    #[cfg(not(target_arch = "wasm32"))]
    #[inline(always)]
    fn skipped(&self) -> usize {
        self.skipped
    }

    #[cfg(target_arch = "wasm32")]
    #[inline(always)]
    fn skipped(&self) -> usize {
        0
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        // An empty one may be shorter than what it would skip.
        self.room.get(self.skipped()..).unwrap_or_default()
    }
}

impl<T> DerefMut for Aligned<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T] {
        let skipped = self.skipped();
        self.room.get_mut(skipped..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lengths that fit and that do not, larger and smaller ones in turn.
    #[test]
    fn every_length_begins_a_line() {
        let mut numbers = Aligned::<f32>::default();
        assert!(numbers.is_empty());
        for len in [1, 40, 16, 41, 1000, 0, 7, 5000, 4999] {
            numbers.zeros(len);
            assert_eq!(*numbers, vec![0.0; len], "{len}");
            numbers.fill(1.0);
            numbers.resize(len + 3);
            assert_eq!(numbers.len(), len + 3);
            assert_eq!(numbers.as_ptr().align_offset(LINE), 0, "{len}");
        }
    }
}
