//! What is right, fold by fold.

use train::Spread;
use train::pictures::BarChart;

use crate::bayes::Bayes;
use crate::judge::{Judge, LONGEST};
use crate::reviews::{POSITIVE, Sample};

/// The ways to judge: their names, and those of their results.
const WAYS: [(&str, &str); 5] = [
    ("naive Bayes on words", "bag_of_words"),
    ("naive Bayes on words and pairs", "pairs"),
    ("a network alone", "network"),
    ("the networks together", "networks"),
    ("these and naive Bayes", "accuracy"),
];

/// The share of a fold that each way has right.
pub type Figures = [f64; WAYS.len()];

/// Of reviews that nothing was learned from or chosen by. Naive Bayes alone has counted in all others.
pub fn figures(judge: &Judge, others: &[Sample], test: &[Sample]) -> Figures {
    let opinions = judge.opinions(test);
    let counted = |longest| {
        let bayes = Bayes::count(others, longest);
        accuracy(test, |i| bayes.log_odds(&test[i].0))
    };
    let networks = judge.networks.len();
    let alone = (0..networks).map(|k| accuracy(test, |i| opinions[i].networks[k]));
    [
        counted(1),
        counted(LONGEST),
        alone.sum::<f64>() / networks as f64,
        accuracy(test, |i| opinions[i].mean()),
        accuracy(test, |i| opinions[i].with_bayes(judge.weight)),
    ]
}

/// The share whose log-odds have the right sign.
fn accuracy(samples: &[Sample], log_odds: impl Fn(usize) -> f64) -> f64 {
    let is_right = |&i: &usize| (log_odds(i) > 0.0) == (samples[i].1 == POSITIVE);
    (0..samples.len()).filter(is_right).count() as f64 / samples.len() as f64
}

/// A line of the table that [`report`] ends.
pub fn print(fold: usize, figures: &Figures) {
    let figures: Vec<_> = figures
        .iter()
        .map(|figure| format!("{figure:.4}"))
        .collect();
    println!("fold {fold}: {}", figures.join("  "));
}

/// Prints the mean of each way, with its spread over the folds, and as a line "result NAME NUMBER"; gives a picture.
pub fn report(folds: &[Figures]) -> BarChart {
    println!("\nshare of the held-out reviews that is right, mean over the folds");
    let mut means = Vec::new();
    for (way, (name, _)) in WAYS.iter().enumerate() {
        let right = Spread::of(folds.iter().map(|figures| figures[way]));
        println!("{name:32} {right:.4}");
        means.push(right.mean);
    }
    for ((_, result), mean) in WAYS.iter().zip(&means) {
        println!("result {result} {mean:.4}");
    }
    let percent = |mean: &f64| (1000.0 * mean).round() / 10.0;
    let chart = BarChart::new("held-out reviews that are judged right, in %", &[""]);
    let bars = WAYS.iter().zip(&means);
    bars.fold(chart, |chart, ((name, _), mean)| {
        chart.bars(name, &[percent(mean)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reviews::{NEGATIVE, words};

    #[test]
    fn the_sign_of_the_log_odds_is_the_class() {
        let samples = [NEGATIVE, POSITIVE, POSITIVE, NEGATIVE].map(|class| (words("a"), class));
        let odds = [-1.0, 2.0, -0.5, 3.0];
        assert_eq!(accuracy(&samples, |i| odds[i]), 0.5);
        assert_eq!(accuracy(&samples[..2], |i| odds[i]), 1.0);
    }
}
