//! [`Samples`]: mini-batches of a dataset.

use std::fmt;
use std::ops::{Deref, DerefMut};

use autograd::Scalar;
use layers::Lengths;

use super::dataset::shuffled;
use crate::{Dataset, Source};

/// The samples of a dataset in mini-batches: in their order or shuffled; where they are sequences, sorted by
/// length within windows, so that the samples of a mini-batch are about as long though their order is a random
/// one.
///
/// ```
/// use train::{Samples, Source};
/// let sentences = vec![vec![1, 2, 3], vec![4], vec![5, 6], vec![7, 8, 9], vec![1], vec![2, 3]];
/// let mut samples = Samples::new(sentences, 2).shuffled(7).sorted_by_length(3, Vec::len);
/// assert_eq!(Source::<f32>::begin(&mut samples, 1), 3);
/// let batch = &Source::<f32>::parts(&mut samples, 0)[0];
/// assert_eq!(batch[0].len(), batch[1].len());
/// assert_eq!(Source::<f32>::rows(&samples), Some((12, 12))); // padding would have added nothing
/// ```
pub struct Samples<D: Dataset> {
    data: D,
    size: usize,
    parts: usize,
    seed: Option<u64>,
    lengths: Option<SortedLengths>,
    weight: Box<Weight<D::Sample>>,
    /// The indices of this epoch's samples, by mini-batch.
    order: Vec<Vec<usize>>,
    current: Vec<Batch<D::Sample>>,
}

type Weight<S> = dyn Fn(&S) -> usize + Send + Sync;

struct SortedLengths {
    /// Of every sample.
    of: Vec<usize>,
    /// Mini-batches that are sorted together.
    window: usize,
}

/// Some samples of a mini-batch: all of them, or those that a thread has for itself.
#[derive(Clone, Debug)]
pub struct Batch<S> {
    samples: Vec<S>,
    /// The elements that the loss is a mean over.
    weight: usize,
}

impl<S> Deref for Batch<S> {
    type Target = [S];

    fn deref(&self) -> &[S] {
        &self.samples
    }
}

impl<S> DerefMut for Batch<S> {
    fn deref_mut(&mut self) -> &mut [S] {
        &mut self.samples
    }
}

impl<D: Dataset> Samples<D> {
    /// Mini-batches of `size` samples, in their order; the last may have fewer.
    ///
    /// # Panics
    /// If there are no samples, or they are to have no size.
    #[track_caller]
    pub fn new(data: D, size: usize) -> Self {
        assert!(size > 0, "mini-batches of no samples");
        assert!(!data.is_empty(), "a dataset of no samples");
        Samples {
            data,
            size,
            parts: 1,
            seed: None,
            lengths: None,
            weight: Box::new(|_| 1),
            order: Vec::new(),
            current: Vec::new(),
        }
    }

    /// Shuffles the samples, in each epoch another way.
    #[must_use]
    pub fn shuffled(self, seed: u64) -> Self {
        let seed = Some(seed);
        Samples { seed, ..self }
    }

    /// Sorts the samples by length within windows of so many mini-batches. `length` tells a sample's, and is
    /// asked once for each.
    ///
    /// # Panics
    /// If the windows have no mini-batches.
    #[must_use]
    #[track_caller]
    pub fn sorted_by_length(self, window: usize, length: impl Fn(&D::Sample) -> usize) -> Self {
        assert!(window > 0, "windows of no mini-batches");
        let of = (0..self.data.len())
            .map(|i| length(&self.data.sample(i)))
            .collect();
        let lengths = Some(SortedLengths { of, window });
        Samples { lengths, ..self }
    }

    /// Cuts each mini-batch in so many parts, one for each thread. The results depend on the number of parts,
    /// by the order of sums, and never on that of threads.
    ///
    /// # Panics
    /// If there are to be no parts.
    #[must_use]
    #[track_caller]
    pub fn in_parts(self, parts: usize) -> Self {
        assert!(parts > 0, "mini-batches in no parts");
        Samples { parts, ..self }
    }

    /// Tells how many elements of a sample the loss is a mean over: its steps, if there is a target at every
    /// step. Unless told, a sample counts as one.
    #[must_use]
    pub fn weighed_by(self, weight: impl Fn(&D::Sample) -> usize + Send + Sync + 'static) -> Self {
        let weight = Box::new(weight);
        Samples { weight, ..self }
    }

    /// The dataset.
    pub fn data(&self) -> &D {
        &self.data
    }

    /// The samples of each mini-batch of an epoch.
    fn plan(&self, epoch: u64) -> Vec<Vec<usize>> {
        let all: Vec<_> = (0..self.data.len()).collect();
        let seed = self
            .seed
            .map(|seed| seed ^ epoch.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut all = seed.map_or(all.clone(), |seed| shuffled(all, seed));
        let Some(SortedLengths { of, window }) = &self.lengths else {
            return all.chunks(self.size).map(<[_]>::to_vec).collect();
        };
        for window in all.chunks_mut(window.saturating_mul(self.size)) {
            window.sort_by_key(|&i| std::cmp::Reverse(of[i])); // equal lengths stay shuffled
        }
        let batches: Vec<_> = all.chunks(self.size).map(<[_]>::to_vec).collect();
        let Some(seed) = seed else {
            return batches;
        };
        let order = shuffled((0..batches.len()).collect(), seed);
        order.into_iter().map(|i| batches[i].clone()).collect()
    }

    /// The samples of a mini-batch dealt out to its parts, by length where that is known.
    fn deal(&self, indices: &[usize]) -> Vec<Vec<usize>> {
        let of = |&i: &usize| {
            self.lengths
                .as_ref()
                .map_or(1, |lengths| lengths.of[i].max(1))
        };
        let lengths = Lengths::new(&indices.iter().map(of).collect::<Vec<_>>());
        let parts = lengths.expect("lengths above 0").deal(self.parts);
        let part = |places: Vec<usize>| places.into_iter().map(|place| indices[place]).collect();
        match self.parts {
            1 => vec![indices.to_vec()],
            _ => parts.into_iter().map(part).collect(),
        }
    }

    fn load(&self, indices: &[usize]) -> Batch<D::Sample> {
        let samples: Vec<_> = indices.iter().map(|&i| self.data.sample(i)).collect();
        let weight = samples.iter().map(|sample| (self.weight)(sample)).sum();
        Batch { samples, weight }
    }
}

impl<T: Scalar, D: Dataset> Source<T> for Samples<D> {
    type Part = Batch<D::Sample>;

    fn begin(&mut self, epoch: u64) -> usize {
        self.order = self.plan(epoch);
        self.order.len()
    }

    fn parts(&mut self, batch: usize) -> &mut [Self::Part] {
        let parts = self.deal(&self.order[batch]);
        self.current = parts.iter().map(|part| self.load(part)).collect();
        &mut self.current
    }

    fn weight(part: &Self::Part) -> f64 {
        part.weight as f64
    }

    fn rows(&self) -> Option<(usize, usize)> {
        let lengths = &self.lengths.as_ref()?.of;
        let of_batch = |batch: &Vec<usize>| {
            let of = batch.iter().map(|&i| lengths[i]);
            (
                of.clone().sum::<usize>(),
                batch.len() * of.max().unwrap_or(0),
            )
        };
        let rows = self.order.iter().map(of_batch);
        Some(rows.fold((0, 0), |(a, b), (rows, padded)| (a + rows, b + padded)))
    }

    fn alone(&mut self, batch: usize) -> Vec<(usize, Self::Part)> {
        let indices = self.order[batch].iter();
        indices.map(|&i| (i, self.load(&[i]))).collect()
    }
}

impl<D: Dataset> fmt::Debug for Samples<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Samples")
            .field("samples", &self.data.len())
            .field("size", &self.size)
            .field("parts", &self.parts)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}
