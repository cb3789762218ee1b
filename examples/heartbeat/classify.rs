//! Many to one: a beat is read, and given a class. Beside it, what a network has to be better than: the class of the
//! nearest beat that was learned from.

use clap::Args;
use rayon::prelude::*;
use train::prelude::*;
use train::program::{Outcome, at_least_one, probability, up_to};

use crate::beats::Beats;

/// How the network is made and trained.
#[derive(Args, Clone, Debug)]
pub struct BeatSettings {
    /// Folds of beats: each is judged by a model that has learned from the others
    #[arg(long, default_value_t = 5, value_parser = up_to(1000))]
    pub folds: usize,
    /// Units of the layer that reads a beat, in each direction
    #[arg(long, default_value_t = 24, value_parser = up_to(4096))]
    pub beat_units: usize,
    /// Passes over the beats that are learned from
    #[arg(long, default_value_t = 40, value_parser = at_least_one::<u64>)]
    pub beat_epochs: u64,
    /// Beats of rare classes are repeated until there are this many for one of the most frequent class; 0 to leave
    /// them as they are
    #[arg(long, default_value_t = 0.2, value_parser = probability)]
    pub balance: f64,
}

/// What was taken for what, in each fold.
pub struct Judged {
    pub network: Vec<Confusion>,
    pub nearest: Vec<Confusion>,
}

type Sample = (Matrix<f32>, usize);

/// Learns from all but each fold, and judges that. Every class is in as many folds as it can be in.
///
/// # Errors
/// If there are fewer beats than folds, or a loss is not finite.
pub fn learn(beats: &Beats, settings: &BeatSettings, seed: u64) -> Outcome<Judged> {
    let (count, k) = (beats.samples.len(), settings.folds);
    if !(2..=count).contains(&k) {
        return Err(format!("--folds {k}: expected 2 or more, and {count} beats at most").into());
    }
    let folds = k_fold_by_class(beats.samples.clone(), k, seed, |(_, class)| *class);
    let judge = |(others, own): &(Subset<Vec<Sample>>, Subset<Vec<Sample>>)| {
        let (others, own, classes) = (others.to_vec(), own.to_vec(), beats.classes.len());
        let network = network(&others, &own, classes, settings, seed)?;
        Ok((network, nearest(&others, &own, classes)))
    };
    let judged = folds.par_iter().map(judge).collect::<Outcome<Vec<_>>>()?;
    let (network, nearest) = judged.into_iter().unzip();
    Ok(Judged { network, nearest })
}

/// y = softmax(V max_t [→h_t, ←h_t] + d), →h and ←h of GRUs.
fn network(
    others: &[Sample],
    own: &[Sample],
    classes: usize,
    settings: &BeatSettings,
    seed: u64,
) -> Outcome<Confusion> {
    let others = balanced(others, classes, settings.balance);
    let mut model = Sequential::new(others[0].0.col_count())
        .seed(seed)
        .bidirectional_gru(settings.beat_units)
        .pool(Pool::Max)
        .dropout(0.2)
        .dense(classes)
        .classifier(Adam::new(1e-2));
    model.trainer().set_clip(Some(1.0));
    let minibatches = settings.beat_epochs * others.len().div_ceil(BATCH) as u64;
    let mut fit = Fit::new(settings.beat_epochs)
        .silent()
        .seed(seed)
        .schedule(Schedule::cosine(minibatches, 0.02));
    model.fit_with(&mut fit, BATCH, &others, &[])?;
    let scores = model.evaluate(own)?;
    Ok(scores
        .measures
        .confusion()
        .cloned()
        .unwrap_or(Confusion::new(classes)))
}

const BATCH: usize = 16;

/// All samples; those of a class with fewer than `share` of the most frequent one's several times, each as often.
fn balanced(samples: &[Sample], classes: usize, share: f64) -> Vec<Sample> {
    let mut counts = vec![0; classes];
    samples.iter().for_each(|(_, class)| counts[*class] += 1);
    let least = share * counts.iter().copied().max().unwrap_or(0) as f64;
    let times = |class: usize| ((least / f64::from(counts[class])).round() as usize).max(1);
    let repeated = samples
        .iter()
        .flat_map(|sample| std::iter::repeat_n(sample, times(sample.1)));
    repeated.cloned().collect()
}

/// Of each beat the class of the one among the others whose distance ‖x − x'‖ is the least.
fn nearest(others: &[Sample], own: &[Sample], classes: usize) -> Confusion {
    let distance = |a: &Matrix<f32>, b: &Matrix<f32>| {
        a.data()
            .iter()
            .zip(b.data())
            .map(|(a, b)| (a - b).powi(2))
            .sum::<f32>()
    };
    let mut confusion = Confusion::new(classes);
    for (x, class) in own {
        let from_x = |other: &&Sample| distance(&other.0, x);
        let found = others.iter().min_by(|a, b| from_x(a).total_cmp(&from_x(b)));
        confusion.add(*class, found.map_or(0, |other| other.1));
    }
    confusion
}

/// All folds as one.
pub fn all(folds: &[Confusion]) -> Confusion {
    let mut all = Confusion::new(folds.first().map_or(0, Confusion::classes));
    folds.iter().for_each(|fold| all.add_all(fold));
    all
}

/// Of the folds' accuracies.
pub fn accuracy(folds: &[Confusion]) -> Spread {
    Spread::of(folds.iter().map(Confusion::accuracy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_beat_decides() {
        let sample = |x: [f32; 2], class| (Matrix::from([[x[0]], [x[1]]]), class);
        let others = [
            sample([0.0, 0.0], 0),
            sample([4.0, 0.0], 1),
            sample([0.0, 5.0], 0),
        ];
        let own = [
            sample([3.0, 1.0], 1),
            sample([1.0, 3.0], 0),
            sample([0.5, 0.0], 1),
        ];
        let confusion = nearest(&others, &own, 2);
        assert_eq!(
            (
                confusion.count(1, 1),
                confusion.count(0, 0),
                confusion.count(1, 0)
            ),
            (1, 1, 1)
        );
    }

    #[test]
    fn rare_beats_are_repeated() {
        let samples: Vec<_> = (0..12)
            .map(|i| (Matrix::filled(1, 1, 0.0), usize::from(i == 7)))
            .collect();
        let count = |share| {
            balanced(&samples, 2, share)
                .iter()
                .filter(|(_, class)| *class == 1)
                .count()
        };
        assert_eq!((count(0.0), count(0.3), count(0.9)), (1, 3, 10));
        assert_eq!(balanced(&samples, 2, 0.3).len(), 14);
    }

    #[test]
    fn folds_are_summed_and_their_spread_is_told() {
        let fold = |right: u64, wrong: u64| {
            let mut fold = Confusion::new(2);
            (0..right).for_each(|_| fold.add(1, 1));
            (0..wrong).for_each(|_| fold.add(0, 1));
            fold
        };
        let folds = [fold(9, 1), fold(7, 3)];
        let accuracy = accuracy(&folds);
        assert!((accuracy.mean - 0.8).abs() < 1e-12);
        assert!((accuracy.deviation - 0.02f64.sqrt()).abs() < 1e-12);
        assert_eq!(all(&folds).count(0, 1), 4);
    }
}
