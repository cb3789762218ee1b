//! Which words weighed: how much each was looked at, and what each added.

use train::prelude::*;
use train::program::{Out, Outcome};

use crate::judge::Judge;
use crate::reviews::{CLASSES, NEGATIVE, POSITIVE, Sample};

/// A review as it was judged, word by word.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    pub words: Vec<String>,
    /// The log-odds for "positive".
    pub log_odds: f64,
    /// How much was looked at each word: 1 together, the mean of all networks.
    pub attention: Vec<f64>,
    /// What each word adds to the log-odds, as far as they are linear in its vector:
    /// Σ_i x_i ∂z/∂x_i ("gradient times input").
    pub shares: Vec<f64>,
}

impl Judged {
    /// "positive 0.93".
    pub fn verdict(&self) -> String {
        let p = 1.0 / (1.0 + (-self.log_odds.abs()).exp());
        let class = if self.log_odds > 0.0 {
            POSITIVE
        } else {
            NEGATIVE
        };
        format!("{} {p:.2}", CLASSES[class])
    }

    /// How much more was looked at each word than at one on average.
    fn looked_at(&self) -> Vec<f64> {
        let mean = 1.0 / self.words.len() as f64;
        self.attention.iter().map(|weight| weight - mean).collect()
    }

    /// The words as they are written.
    pub fn text(&self) -> String {
        written(&self.words).concat()
    }

    /// "brilliant +1.2, not -0.7": the words that added most.
    pub fn most(&self, count: usize) -> String {
        let mut places: Vec<_> = (0..self.words.len()).collect();
        places.sort_by(|&a, &b| self.shares[b].abs().total_cmp(&self.shares[a].abs()));
        let most = places.iter().take(count);
        let most: Vec<_> = most
            .map(|&i| format!("{} {:+.2}", self.words[i].trim(), self.shares[i]))
            .collect();
        most.join(", ")
    }

    /// How much was looked at each word, and what it added, as a part of what all words added, either way.
    fn heat_map(&self) -> HeatMap {
        let weights = [&self.attention, &self.shares];
        let sums = weights.map(|numbers| numbers.iter().map(|x| x.abs()).sum::<f64>());
        let map = Matrix::<f64>::from_fn(2, self.words.len(), |r, c| {
            weights[r][c] / sums[r].max(f64::MIN_POSITIVE)
        });
        let rows = ["attention", "gradient × input"].map(String::from);
        let words = self.words.iter().map(|word| word.trim().to_string());
        let title = format!(
            "{}: what weighed, in % (red speaks against positive)",
            self.verdict()
        );
        HeatMap::of(&map)
            .titled(&title)
            .labelled(rows.to_vec(), words.collect())
            .in_percent()
            .turned()
    }
}

/// A text, and what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub words: Vec<String>,
    /// Behind the verdict, ", and is positive".
    pub known: String,
}

/// What is said of the colours of attention.
const MORE_OR_LESS: &str = "looked at more (blue) or less (orange) than on average (attention)";

/// Prints what was judged, and draws the words with their weights: all as a page, the first as a picture.
pub fn show(judge: &Judge, title: &str, asked: &[Asked], out: &Out) -> Outcome {
    let mut page = ColouredText::new(title);
    for (number, Asked { words, known }) in asked.iter().enumerate() {
        let judged = judge.explain(words);
        let verdict = judged.verdict();
        println!("{verdict}{known}:{}\n    {}", judged.text(), judged.most(5));
        let words = written(words);
        page = page
            .line(
                &format!("{verdict}{known}: what each word adds (gradient times input)"),
                &words,
                &judged.shares,
            )
            .line(MORE_OR_LESS, &words, &judged.looked_at());
        if number == 0 {
            println!("    {}", out.write("words.svg", judged.heat_map().svg())?);
        }
    }
    println!("{}", out.write("words.html", page)?);
    Ok(())
}

/// Of each class the held-out review that is judged most surely right, and the one that is most surely wrong.
pub fn telling(judge: &Judge, test: &[Sample]) -> Vec<Asked> {
    let opinions = judge.opinions(test);
    let odds = |i: usize, class| {
        let z = opinions[i].with_bayes(judge.weight);
        if class == POSITIVE { z } else { -z }
    };
    let most = |class: usize, sign: f64, what: &str| {
        let of_class =
            (0..test.len()).filter(|&i| test[i].1 == class && sign * odds(i, class) > 0.0);
        let most = of_class
            .max_by(|&a, &b| (sign * odds(a, class)).total_cmp(&(sign * odds(b, class))))?;
        let known = format!(", and is {}{what}", CLASSES[class]);
        let words = test[most].0.clone();
        Some(Asked { words, known })
    };
    let kinds = [(1.0, ""), (-1.0, " (the worst mistake)")];
    let all = kinds
        .into_iter()
        .flat_map(|(sign, what)| [POSITIVE, NEGATIVE].map(|class| (class, sign, what)));
    all.filter_map(|(class, sign, what)| most(class, sign, what))
        .collect()
}

/// Words with the space before them, but for that behind an apostrophe or a hyphen.
fn written(words: &[String]) -> Vec<String> {
    let mut joins = false;
    let write = |word: &String| {
        let written = if joins { word.trim_start() } else { word };
        joins = ["'", "-"].contains(&word.as_str());
        written.to_string()
    };
    words.iter().map(write).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reviews::words;

    fn judged(log_odds: f64) -> Judged {
        Judged {
            words: words("It's far from dull."),
            log_odds,
            attention: vec![0.0, 0.0, 0.1, 0.5, 0.1, 0.3, 0.0],
            shares: vec![0.1, 0.0, 0.0, 1.5, 0.5, -2.0, 0.0],
        }
    }

    #[test]
    fn a_verdict_has_its_class_and_the_words_that_added_most() {
        assert_eq!(judged(0.0_f64.exp()).verdict(), "positive 0.73");
        assert_eq!(judged(-2.0).verdict(), "negative 0.88");
        assert_eq!(judged(1.0).most(2), "dull -2.00, far +1.50");
        assert_eq!(judged(1.0).text(), " it's far from dull.");
    }

    #[test]
    fn the_picture_has_both_weights_in_percent() {
        let svg = judged(1.0).heat_map().svg().to_string();
        for text in [">dull<", ">50<", ">-49<", ">37<", ">far<"] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
    }
}
