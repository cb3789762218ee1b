//! [`Dataset`], and ways to split one.

use std::collections::BTreeMap;
use std::sync::Arc;

use rand::seq::SliceRandom;
use rand::{SeedableRng, rngs::ChaCha8Rng};

/// Anything with a number of samples and a sample at an index: a vector, files in a folder, what a generator
/// makes of a number.
///
/// ```
/// use train::Dataset;
///
/// /// n in binary, and how many ones it has.
/// struct Binary;
///
/// impl Dataset for Binary {
///     type Sample = (Vec<usize>, usize);
///     fn len(&self) -> usize {
///         1024
///     }
///     fn sample(&self, n: usize) -> Self::Sample {
///         ((0..10).map(|bit| n >> bit & 1).collect(), n.count_ones() as usize)
///     }
/// }
/// assert_eq!(Binary.sample(6).1, 2);
/// ```
pub trait Dataset {
    /// What it consists of, such as a sequence and its class.
    type Sample: Send;

    /// The number of samples.
    fn len(&self) -> usize;

    /// The sample at an index below [`Dataset::len`]: always the same one.
    fn sample(&self, index: usize) -> Self::Sample;

    /// All samples.
    fn to_vec(&self) -> Vec<Self::Sample> {
        (0..self.len()).map(|index| self.sample(index)).collect()
    }

    /// Whether there are no samples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<S: Clone + Send> Dataset for Vec<S> {
    type Sample = S;

    fn len(&self) -> usize {
        self.len()
    }

    fn sample(&self, index: usize) -> S {
        self[index].clone()
    }
}

/// Samples that stay where they are.
impl<'a, S: Sync> Dataset for &'a [S] {
    type Sample = &'a S;

    fn len(&self) -> usize {
        (**self).len()
    }

    fn sample(&self, index: usize) -> &'a S {
        &self[index]
    }
}

/// A dataset that is shared is a dataset.
impl<D: Dataset> Dataset for Arc<D> {
    type Sample = D::Sample;

    fn len(&self) -> usize {
        self.as_ref().len()
    }

    fn sample(&self, index: usize) -> D::Sample {
        self.as_ref().sample(index)
    }
}

/// Some of the samples of a dataset.
#[derive(Clone, Debug)]
pub struct Subset<D> {
    data: Arc<D>,
    indices: Vec<usize>,
}

impl<D: Dataset> Subset<D> {
    fn new(data: &Arc<D>, indices: Vec<usize>) -> Self {
        Subset {
            data: Arc::clone(data),
            indices,
        }
    }

    /// Where its samples are in the whole dataset.
    pub fn indices(&self) -> &[usize] {
        &self.indices
    }
}

impl<D: Dataset> Dataset for Subset<D> {
    type Sample = D::Sample;

    fn len(&self) -> usize {
        self.indices.len()
    }

    fn sample(&self, index: usize) -> D::Sample {
        self.data.sample(self.indices[index])
    }
}

/// Splits off a share of the samples at random, such as a tenth to validate with: the others, and these. The
/// same seed gives the same split.
///
/// ```
/// use train::Dataset;
/// let (training, validation) = train::split_at_random((0..50).collect::<Vec<_>>(), 0.1, 7);
/// assert_eq!((training.len(), validation.len()), (45, 5));
/// ```
///
/// # Panics
/// If the share is not in 0..=1.
#[track_caller]
pub fn split_at_random<D: Dataset>(data: D, share: f64, seed: u64) -> (Subset<D>, Subset<D>) {
    check_share(share);
    let indices = shuffled((0..data.len()).collect(), seed);
    let held_out = (data.len() as f64 * share).round() as usize;
    let (held_out, others) = indices.split_at(held_out);
    subsets(data, others, held_out)
}

/// [`split_at_random`], in which every class is split by that share ("stratified"). `class` tells a sample's.
///
/// # Panics
/// If the share is not in 0..=1.
#[track_caller]
pub fn split_by_class<D: Dataset, C: Ord>(
    data: D,
    share: f64,
    seed: u64,
    class: impl Fn(&D::Sample) -> C,
) -> (Subset<D>, Subset<D>) {
    check_share(share);
    let (mut others, mut held_out) = (Vec::new(), Vec::new());
    for indices in by_class(&data, seed, class).into_values() {
        let count = (indices.len() as f64 * share).round() as usize;
        held_out.extend(&indices[..count]);
        others.extend(&indices[count..]);
    }
    subsets(data, &others, &held_out)
}

/// Splits the samples at random in k folds as equal as can be, and gives for each the samples of all others,
/// and its own.
///
/// # Panics
/// If k is below 2, or there are fewer samples than folds.
#[track_caller]
pub fn k_fold<D: Dataset>(data: D, k: usize, seed: u64) -> Vec<(Subset<D>, Subset<D>)> {
    let count = data.len();
    check_folds(count, k);
    let (data, indices) = (Arc::new(data), shuffled((0..count).collect(), seed));
    let fold = |i: usize| {
        let own = i * count / k..(i + 1) * count / k;
        let others = [&indices[..own.start], &indices[own.end..]].concat();
        (
            Subset::new(&data, others),
            Subset::new(&data, indices[own].to_vec()),
        )
    };
    (0..k).map(fold).collect()
}

/// [`k_fold`], in which every class is spread over the folds as evenly as can be ("stratified"). `class` tells a
/// sample's. A class of fewer samples than folds is in as many folds as it has samples.
///
/// ```
/// use train::Dataset;
/// let data: Vec<_> = (0..20).map(|i| usize::from(i % 5 == 0)).collect(); // one in five is of class 1
/// for (training, held_out) in train::k_fold_by_class(data, 4, 7, |class| *class) {
///     assert_eq!((training.len(), held_out.len()), (15, 5));
///     assert_eq!(held_out.to_vec().iter().sum::<usize>(), 1);
/// }
/// ```
///
/// # Panics
/// As [`k_fold`].
#[track_caller]
pub fn k_fold_by_class<D: Dataset, C: Ord>(
    data: D,
    k: usize,
    seed: u64,
    class: impl Fn(&D::Sample) -> C,
) -> Vec<(Subset<D>, Subset<D>)> {
    check_folds(data.len(), k);
    let classes = by_class(&data, seed, class);
    // Dealt out in turn, from class to class: so the folds, too, are as equal as can be.
    let dealt: Vec<_> = classes.into_values().flatten().collect();
    let data = Arc::new(data);
    let part = |fold: usize, is_own: bool| {
        let places = (0..dealt.len()).filter(|place| (place % k == fold) == is_own);
        Subset::new(&data, places.map(|place| dealt[place]).collect())
    };
    (0..k)
        .map(|fold| (part(fold, false), part(fold, true)))
        .collect()
}

/// The indices of each class, shuffled.
fn by_class<D: Dataset, C: Ord>(
    data: &D,
    seed: u64,
    class: impl Fn(&D::Sample) -> C,
) -> BTreeMap<C, Vec<usize>> {
    let mut classes = BTreeMap::<C, Vec<usize>>::new();
    for index in shuffled((0..data.len()).collect(), seed) {
        let class = class(&data.sample(index));
        classes.entry(class).or_default().push(index);
    }
    classes
}

#[track_caller]
fn check_folds(count: usize, k: usize) {
    assert!(
        (2..=count).contains(&k),
        "{count} samples in {k} folds: from 2 folds to one for each sample are possible"
    );
}

/// Both in the order of the dataset.
fn subsets<D: Dataset>(data: D, others: &[usize], held_out: &[usize]) -> (Subset<D>, Subset<D>) {
    let data = Arc::new(data);
    let sorted = |indices: &[usize]| {
        let mut indices = indices.to_vec();
        indices.sort_unstable();
        Subset::new(&data, indices)
    };
    (sorted(others), sorted(held_out))
}

pub(crate) fn shuffled(mut indices: Vec<usize>, seed: u64) -> Vec<usize> {
    indices.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    indices
}

#[track_caller]
fn check_share(share: f64) {
    assert!(
        (0.0..=1.0).contains(&share),
        "a share of {share} to hold out, which is not in 0..=1"
    );
}
