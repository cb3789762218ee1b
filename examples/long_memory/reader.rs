//! What reads stories: a recurrent layer word by word, and after the question a name.
//!
//!   h_t = cell(x_t, h_{t-1}),   y_T = softmax(V h_T + d),   E = cross_entropy(y_T, name)
//!
//! All learn alike: from short stories at first, then from longer ones, so that there is something to be had before
//! the gradient has to reach far.

use train::prelude::*;

use crate::kind::{Kind, Recurrent};
use crate::story::{Grammar, NAMES, SHORTEST, Stories, Story};

/// How readers learn.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// Mini-batches of each stage; from stage to stage the longest distance doubles.
    pub minibatches: usize,
    pub longest: usize,
    pub rate: f64,
    pub seed: u64,
}

/// Stories of a mini-batch, and the parts it is cut in for threads.
const BATCH: usize = 32;
const PARTS: usize = 2;
const CLIP: f64 = 1.0;
/// What the learning rate ends at, as a part of what it begins with.
const LAST_RATE: f64 = 0.05;

impl Recipe {
    /// The longest distance of each stage, the shortest first: …, longest / 4, longest / 2, longest.
    fn stages(&self) -> Vec<usize> {
        let halves = std::iter::successors(Some(self.longest), |distance| Some(distance / 2));
        let mut stages: Vec<_> = halves.take_while(|&distance| distance > SHORTEST).collect();
        stages.reverse();
        if stages.is_empty() {
            vec![self.longest]
        } else {
            stages
        }
    }
}

/// A layer, what makes a name of its last state, and what it takes to train them.
pub struct Reader {
    pub kind: Kind,
    layer: Recurrent,
    pub output: Linear,
    pub trainer: Trainer,
}

impl Reader {
    pub fn new(kind: Kind, grammar: &Grammar, hidden: usize, recipe: &Recipe) -> Self {
        let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(recipe.seed));
        let units = kind.units(grammar.words(), hidden);
        let layer = kind.build(&mut set, grammar.words(), units, &mut rng);
        let output = Linear::new(&mut set, "output", units, NAMES.len(), &mut rng);
        let trainer = Trainer::new(set, Adam::new(recipe.rate)).clip(CLIP);
        Reader {
            kind,
            layer,
            output,
            trainer,
        }
    }

    /// The logits of the names, a row for each story.
    pub fn logits<'t>(&self, p: &Bound<'t>, stories: &[Story]) -> Var<'t> {
        logits(&self.layer, &self.output, p, stories)
    }

    /// The scope of its nodes on a tape: "lstm1".
    pub fn scope(&self) -> String {
        format!("{}1", self.kind.cell())
    }

    /// Learns stage by stage.
    pub fn learn(&mut self, grammar: &Grammar, recipe: &Recipe) -> Result<(), FitError> {
        let (stages, kind) = (recipe.stages(), self.kind);
        let steps = (stages.len() * recipe.minibatches) as u64;
        let longest = stages.clone();
        let describe = move |report: &EpochReport| {
            let accuracy = report.training.measures.get("accuracy").unwrap_or(f64::NAN);
            let distance = longest[report.epoch as usize - 1];
            format!(
                "{}: distances up to {distance:3}: {:.3} nats, {:5.1} % right, {:.1} s",
                kind.name(),
                report.training.loss,
                100.0 * accuracy,
                report.seconds
            )
        };
        let mut fit = Fit::new(0)
            .schedule(Schedule::cosine(steps, LAST_RATE))
            .describe(describe);
        let Reader {
            layer,
            output,
            trainer,
            ..
        } = self;
        for (stage, &longest) in stages.iter().enumerate() {
            let stories = Stories {
                grammar,
                distances: (SHORTEST, longest),
                count: recipe.minibatches * BATCH,
                seed: seed(recipe.seed, stage as u64),
            };
            fit.set_epochs(stage as u64 + 1);
            fit.run(
                trainer,
                &mut Samples::new(stories, BATCH).in_parts(PARTS),
                |p, batch, measures| loss(logits(layer, output, p, batch), batch, measures),
            )?;
        }
        Ok(())
    }

    /// The share of stories of one distance, none of them seen in training, whose answer is right.
    pub fn accuracy(
        &mut self,
        grammar: &Grammar,
        distance: usize,
        count: usize,
        recipe: &Recipe,
    ) -> f64 {
        let stories = held_out(grammar, distance, count, recipe.seed);
        let Reader {
            layer,
            output,
            trainer,
            ..
        } = self;
        let scores = evaluate(
            trainer,
            &mut Samples::new(stories, 2 * BATCH).in_parts(PARTS),
            |p, batch, measures| loss(logits(layer, output, p, batch), batch, measures),
        );
        scores.measures.get("accuracy").unwrap_or(0.0)
    }

    /// The numbers of the names that it answers.
    pub fn answers(&self, stories: &[Story]) -> Vec<usize> {
        let answers = |stories: &[Story]| {
            let tape = Tape::new();
            let p = self.trainer.parameters().bind(&tape);
            self.logits(&p, stories).value().row_argmax()
        };
        stories.chunks(2 * BATCH).flat_map(answers).collect()
    }

    /// The share of stories that it answers with the name that is in them, and with another one when the same
    /// story is told of another.
    pub fn follows_the_name(
        &self,
        grammar: &Grammar,
        distance: usize,
        count: usize,
        recipe: &Recipe,
    ) -> f64 {
        let stories = held_out(grammar, distance, count, recipe.seed).to_vec();
        let other = |(i, story): (usize, &Story)| {
            let by = 1 + i % (NAMES.len() - 1);
            grammar.retold(story, (story.answer + by) % NAMES.len())
        };
        let retold: Vec<_> = stories.iter().enumerate().map(other).collect();
        let answers = self
            .answers(&stories)
            .into_iter()
            .zip(self.answers(&retold));
        let names = stories
            .iter()
            .zip(&retold)
            .map(|(a, b)| (a.answer, b.answer));
        answers
            .zip(names)
            .filter(|(found, name)| found == name)
            .count() as f64
            / count as f64
    }
}

fn logits<'t>(layer: &Recurrent, output: &Linear, p: &Bound<'t>, stories: &[Story]) -> Var<'t> {
    let words: Vec<_> = stories.iter().map(|story| &story.words).collect();
    let x = Sequence::from_symbols(&words).expect("a story has words");
    output.apply(p, layer.run(p, x).last())
}

fn loss<'t>(logits: Var<'t>, stories: &[Story], measures: &mut Measures) -> Var<'t> {
    let answers: Vec<_> = stories.iter().map(|story| story.answer).collect();
    measures.classes(logits, &answers);
    logits.cross_entropy(&answers)
}

/// Stories that no reader learns from.
pub fn held_out(grammar: &Grammar, distance: usize, count: usize, of: u64) -> Stories<'_> {
    Stories {
        grammar,
        distances: (distance, distance),
        count,
        seed: seed(of, u64::MAX - distance as u64),
    }
}

/// Another seed for each use.
fn seed(seed: u64, of: u64) -> u64 {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(of);
    rng.random()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECIPE: Recipe = Recipe {
        minibatches: 1,
        longest: 50,
        rate: 5e-3,
        seed: 1,
    };

    #[test]
    fn distances_double_from_stage_to_stage() {
        assert_eq!(RECIPE.stages(), [6, 12, 25, 50]);
        assert_eq!(
            Recipe {
                longest: 3,
                ..RECIPE
            }
            .stages(),
            [3]
        );
    }

    #[test]
    fn a_reader_that_has_learned_nothing_does_not_follow_the_name() {
        let grammar = Grammar::new();
        let reader = Reader::new(Kind::Lstm, &grammar, 8, &RECIPE);
        assert!(reader.follows_the_name(&grammar, 10, 64, &RECIPE) < 0.2);
    }

    #[test]
    fn stories_of_different_uses_are_different() {
        let grammar = Grammar::new();
        let first = |distance| held_out(&grammar, distance, 1, 1).sample(0);
        assert_eq!(first(10), first(10));
        assert_ne!(seed(1, 0), seed(1, 1));
        assert_ne!(seed(1, 0), seed(2, 0));
    }
}
