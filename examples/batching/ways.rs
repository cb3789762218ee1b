//! Four ways to make mini-batches of sequences of unequal length, and one that puts two of them together.

use train::prelude::*;

use crate::model::{Rows, Sample};

/// Samples of a mini-batch.
pub const BATCH: usize = 32;
/// Mini-batches of a window that is sorted by length.
const WINDOW: usize = 20;

/// A way to make mini-batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    pub name: &'static str,
    pub rows: Rows,
    /// How many mini-batches are sorted by length together.
    window: usize,
}

/// Zero padding first, what everything else is measured against.
pub const WAYS: [Way; 5] = [
    Way {
        name: "zero padding",
        rows: Rows::Padded,
        window: 1,
    },
    Way {
        name: "sorted, padded",
        rows: Rows::Padded,
        window: usize::MAX,
    },
    Way {
        name: "buckets, padded",
        rows: Rows::Padded,
        window: WINDOW,
    },
    Way {
        name: "packed",
        rows: Rows::Packed,
        window: 1,
    },
    Way {
        name: "buckets, packed",
        rows: Rows::Packed,
        window: WINDOW,
    },
];

impl Way {
    /// The mini-batches of an epoch: shuffled, and sorted by length within windows. A window of one mini-batch
    /// leaves which samples come together to chance; one of all samples leaves it to their lengths.
    pub fn batches<T: Scalar>(
        self,
        data: &[Sample<T>],
        seed: u64,
        epoch: u64,
    ) -> Vec<Vec<&Sample<T>>> {
        let length = |(x, _): &&Sample<T>| x.row_count();
        let mut samples = Samples::new(data, BATCH)
            .shuffled(seed)
            .sorted_by_length(self.window, length);
        let count = Source::<T>::begin(&mut samples, epoch);
        let batch = |b| Source::<T>::parts(&mut samples, b)[0].to_vec();
        (0..count).map(batch).collect()
    }
}

/// The rows of mini-batches of these ways.
pub fn row_count<T: Scalar>(batches: &[Vec<&Sample<T>>], rows: Rows) -> usize {
    let lengths =
        |batch: &Vec<&Sample<T>>| -> Vec<_> { batch.iter().map(|(x, _)| x.row_count()).collect() };
    batches
        .iter()
        .map(|batch| rows.count(&lengths(batch)))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample;

    #[test]
    fn every_way_takes_every_sample_once_and_sorting_takes_the_fewest_zeros() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let data: Vec<Sample<f32>> = (0..3000)
            .map(|_| sample(rng.random_range(1..40), &mut rng))
            .collect();
        let steps: usize = data.iter().map(|(x, _)| x.row_count()).sum();
        let rows = WAYS.map(|way| {
            let batches = way.batches(&data, 1, 1);
            let mut all: Vec<_> = batches
                .iter()
                .flatten()
                .map(|s| std::ptr::from_ref(*s))
                .collect();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), data.len(), "{}", way.name);
            row_count(&batches, way.rows)
        });
        let [padded, sorted, buckets, packed, packed_buckets] = rows;
        assert!(steps == packed && steps == packed_buckets);
        assert!(
            steps < sorted && sorted < buckets && buckets < padded,
            "{steps} of {rows:?}"
        );
    }

    #[test]
    fn sorted_mini_batches_come_in_any_order() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let data: Vec<Sample<f32>> = (0..320).map(|i| sample(1 + i, &mut rng)).collect();
        let batches = WAYS[1].batches(&data, 1, 1);
        let longest: Vec<_> = batches.iter().map(|batch| batch[0].0.row_count()).collect();
        assert!(
            longest.iter().all(|n| n % 32 == 0) && !longest.is_sorted(),
            "{longest:?}"
        );
    }

    #[test]
    fn padded_and_packed_have_the_same_mini_batches() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let data: Vec<Sample<f32>> = (0..100).map(|i| sample(1 + i % 7, &mut rng)).collect();
        let of = |way: Way| way.batches(&data, 5, 2);
        assert!(of(WAYS[0]) == of(WAYS[3]));
        assert!(
            of(WAYS[0]) != WAYS[0].batches(&data, 5, 3),
            "shuffled anew in each epoch"
        );
    }
}
