//! Plain data as bytes, for what crosses between threads and for saved runs: a version, then `postcard`'s format.
//!
//! `postcard` writes them, [`Reader`] reads them. A reader that may fail at every number costs, for each field of each type, a check, an
//! error and the drops of all that was read by then; for the views alone that was 25 KB of code that the page downloads. This one
//! goes on with zeros where the bytes end or make no sense, remembers that, and is asked once, at the end. Its error type has no values, so that the
//! compiler leaves out whatever would handle one.

use std::fmt;

use serde::de::value::U32Deserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, SeqAccess, VariantAccess, Visitor,
};
use serde::{Serialize, forward_to_deserialize_any};

use crate::error::Error;

/// Data behind the version of its layout.
pub fn to_bytes(version: u8, data: &impl Serialize) -> Vec<u8> {
    postcard::to_extend(data, vec![version]).expect("plain data in memory serializes")
}

/// The data of such bytes; `what` names it where it is refused.
///
/// # Errors
/// [`Error::Snapshot`] for bytes of another version, or that do not decode.
pub fn from_bytes<T: DeserializeOwned>(what: &str, version: u8, bytes: &[u8]) -> Result<T, Error> {
    let damaged = || Error::Snapshot(format!("{what}: damaged, it does not decode"));
    let (&given, rest) = bytes.split_first().ok_or_else(damaged)?;
    if given != version {
        return Err(Error::Snapshot(format!("{what}: got version {given}, expected {version}")));
    }
    let mut reader = Reader { rest, is_damaged: false };
    let Ok(data) = T::deserialize(&mut reader);
    if reader.is_damaged || !reader.rest.is_empty() { Err(damaged()) } else { Ok(data) }
}

struct Reader<'a> {
    rest: &'a [u8],
    is_damaged: bool,
}

impl<'a> Reader<'a> {
    fn take(&mut self, n_bytes: usize) -> &'a [u8] {
        match self.rest.split_at_checked(n_bytes) {
            Some((taken, rest)) => {
                self.rest = rest;
                taken
            }
            None => {
                self.is_damaged = true;
                &[]
            }
        }
    }

    fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        self.take(N).try_into().unwrap_or([0; N])
    }

    /// A whole number of at most `most`: seven bits a byte, the lowest first, the eighth set in all but the last.
    fn whole(&mut self, most: u64) -> u64 {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte();
            number |= u64::from(byte & 0x7f) << shift;
            // Of a tenth byte only the lowest bit fits.
            if byte & 0x80 == 0 && number <= most && (shift < 63 || byte < 2) {
                return number;
            }
            if byte & 0x80 == 0 {
                break;
            }
        }
        self.is_damaged = true;
        0
    }

    /// How many items follow, each of at least a byte.
    fn count(&mut self) -> usize {
        self.whole(self.rest.len() as u64) as usize
    }
}

/// The error that there is none of.
enum Never {}

impl fmt::Debug for Never {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl fmt::Display for Never {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl std::error::Error for Never {}

impl serde::de::Error for Never {
    /// For what a reader that always has a value, and one of those asked for, never meets.
    fn custom<T: fmt::Display>(_: T) -> Self {
        unreachable!("the reader gives what it is asked for")
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'_> {
    type Error = Never;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Never> {
        unreachable!("these bytes do not say what they are")
    }

    forward_to_deserialize_any! { i8 i16 i32 i64 i128 u128 char bytes byte_buf map identifier ignored_any }

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_bool(self.whole(1) == 1)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_u8(self.byte())
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_u16(self.whole(u16::MAX.into()) as u16)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_u32(self.whole(u32::MAX.into()) as u32)
    }

    /// An index too, which panics in the page beyond 32 bits: no module of the page writes one.
    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_u64(self.whole(u64::MAX))
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_f32(f32::from_le_bytes(self.array()))
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_f64(f64::from_le_bytes(self.array()))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        let n_bytes = self.count();
        let text = std::str::from_utf8(self.take(n_bytes)).unwrap_or_else(|_| {
            self.is_damaged = true;
            ""
        });
        visitor.visit_str(text)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        if self.whole(1) == 1 { visitor.visit_some(self) } else { visitor.visit_none() }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Never> {
        let left = self.count();
        visitor.visit_seq(List { reader: self, left })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_seq(Fields(self))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Never> {
        visitor.visit_seq(Fields(self))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Never> {
        visitor.visit_seq(Fields(self))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Never> {
        let variant = self.whole(variants.len() as u64 - 1) as u32;
        visitor.visit_enum(Variant { reader: self, variant })
    }
}

/// As many items as were counted.
struct List<'r, 'a> {
    reader: &'r mut Reader<'a>,
    left: usize,
}

impl<'de> SeqAccess<'de> for List<'_, '_> {
    type Error = Never;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Never> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(&mut *self.reader).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// As many as are asked for: what asks knows.
struct Fields<'r, 'a>(&'r mut Reader<'a>);

impl<'de> SeqAccess<'de> for Fields<'_, '_> {
    type Error = Never;

    #[inline(always)]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Never> {
        seed.deserialize(&mut *self.0).map(Some)
    }
}

struct Variant<'r, 'a> {
    reader: &'r mut Reader<'a>,
    variant: u32,
}

impl<'de> EnumAccess<'de> for Variant<'_, '_> {
    type Error = Never;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Never> {
        let variant: U32Deserializer<Never> = self.variant.into_deserializer();
        seed.deserialize(variant).map(|value| (value, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, '_> {
    type Error = Never;

    fn unit_variant(self) -> Result<(), Never> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Never> {
        seed.deserialize(self.reader)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Never> {
        visitor.visit_seq(Fields(self.reader))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Never> {
        visitor.visit_seq(Fields(self.reader))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    enum Kind {
        None,
        One(f64),
        Pair(u8, String),
        Named { flag: bool, place: Option<usize> },
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Data {
        kinds: Vec<Kind>,
        point: (f64, f32),
        seed: u64,
        words: [u32; 3],
        short: u16,
    }

    fn data() -> impl Strategy<Value = Data> {
        let kind = prop_oneof![
            Just(Kind::None),
            any::<f64>().prop_filter("equal to itself", |x| !x.is_nan()).prop_map(Kind::One),
            (any::<u8>(), ".{0,8}").prop_map(|(number, text)| Kind::Pair(number, text)),
            (any::<bool>(), any::<Option<usize>>()).prop_map(|(flag, place)| Kind::Named { flag, place }),
        ];
        let numbers = (-1e300..1e300, -1e30_f32..1e30, any::<u64>(), any::<[u32; 3]>(), any::<u16>());
        (prop::collection::vec(kind, 0..6), numbers).prop_map(|(kinds, (x, y, seed, words, short))| Data {
            kinds,
            point: (x, y),
            seed,
            words,
            short,
        })
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(data in data()) {
            prop_assert_eq!(from_bytes::<Data>("data", 3, &to_bytes(3, &data)), Ok(data));
        }

        #[test]
        fn a_changed_byte_is_read_as_postcard_reads_it(data in data(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut bytes = to_bytes(3, &data);
            let at = 1 + at.index(bytes.len() - 1);
            bytes[at] = byte;
            let here = from_bytes::<Data>("data", 3, &bytes);
            match postcard::take_from_bytes::<Data>(&bytes[1..]) {
                Ok((there, [])) => prop_assert_eq!(format!("{:?}", here.unwrap()), format!("{there:?}")),
                // Postcard is stricter where a number is written longer than it need be.
                _ => prop_assert!(here.is_err() || here.is_ok_and(|here| to_bytes(3, &here).len() < bytes.len())),
            }
        }

        #[test]
        fn another_version_is_refused(data in data(), version in any::<u8>().prop_filter("another", |&version| version != 3)) {
            let message = from_bytes::<Data>("data", 3, &to_bytes(version, &data)).unwrap_err().to_string();
            prop_assert_eq!(message, format!("data: got version {version}, expected 3"));
        }

        #[test]
        fn a_part_is_refused(data in data(), at in any::<prop::sample::Index>()) {
            let bytes = to_bytes(3, &data);
            let message = from_bytes::<Data>("data", 3, &bytes[..at.index(bytes.len())]).unwrap_err().to_string();
            prop_assert_eq!(message, "data: damaged, it does not decode");
        }
    }
}
