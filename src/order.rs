//! Sorting, compiled once.
//!
//! The standard library's sorts are made anew for every type and every comparison, four to eight kilobytes each; with some forty
//! of them they were a tenth of what the page downloads. These sort indices, for lists that nothing waits for.

use std::cmp::Ordering;

/// Sorts items by a comparison; equal ones keep their order.
pub fn sort_by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let mut places: Vec<usize> = (0..items.len()).collect();
    order_by(&mut places, &mut |a, b| compare(&items[a], &items[b]));
    // Place k gets the item of places[k]; one that has moved by then is found where it was moved to.
    for k in 0..items.len() {
        let mut from = places[k];
        while from < k {
            from = places[from];
        }
        items.swap(k, from);
    }
}

/// Sorts items by a key; equal ones keep their order.
pub fn sort_by_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(items, |a, b| key(a).cmp(&key(b)));
}

/// Sorts numbers, smallest first.
pub fn sort(numbers: &mut [f64]) {
    sort_by(numbers, f64::total_cmp);
}

/// Sorts indices by a comparison; equal ones keep their order.
///
/// Merges runs of twice the length each time: the library's sort is made for lists that these are not, and five times as large.
pub fn order_by(order: &mut [usize], compare: &mut dyn FnMut(usize, usize) -> Ordering) {
    let mut merged = order.to_vec();
    let mut length = 1;
    while length < order.len() {
        for (run, out) in order.chunks(2 * length).zip(merged.chunks_mut(2 * length)) {
            let (left, right) = run.split_at(length.min(run.len()));
            let (mut left, mut right) = (left.iter().copied().peekable(), right.iter().copied().peekable());
            for place in out {
                let from = match (left.peek(), right.peek()) {
                    (Some(&a), Some(&b)) if compare(a, b).is_gt() => &mut right,
                    (Some(_), _) => &mut left,
                    (None, _) => &mut right,
                };
                *place = from.next().expect("both together are as long as their place");
            }
        }
        order.copy_from_slice(&merged);
        length *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sorts_as_the_standard_library_does() {
        // A linear congruence gives lists with many equal keys.
        let mut state = 1_u64;
        for len in [0, 1, 2, 3, 10, 100, 1000] {
            let mut items: Vec<(u64, usize)> = (0..len)
                .map(|place| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    ((state >> 33) % 17, place)
                })
                .collect();
            let mut expected = items.clone();
            expected.sort_by_key(|item| item.0);
            sort_by_key(&mut items, |item| item.0);
            assert_eq!(items, expected, "{len} items");
        }
        let mut numbers = [2.0, -1.0, 0.5];
        sort(&mut numbers);
        assert_eq!(numbers, [-1.0, 0.5, 2.0]);
    }
}
