//! From one to many: the writer is told a nationality, and writes a name.

use std::collections::BTreeSet;

use clap::Args;
use train::prelude::*;
use train::program::{Outcome, at_least_one, up_to};

use crate::data::{Names, Parts, Sample};

/// Samples of a mini-batch, and its parts that are computed side by side.
const BATCH: usize = 32;
const PARTS: usize = 2;
/// Names are cut off here; the longest of the data has 20 characters.
const LONGEST: usize = 30;

/// How the writer is made and trained.
#[derive(Args, Clone, Debug)]
pub struct WriterSettings {
    /// Units of the writer's layer
    #[arg(long, default_value_t = 128, value_parser = up_to(10_000))]
    pub writer_hidden: usize,
    /// Passes of the writer over the names at most: it stops when the validation names are no longer foreseen better
    #[arg(long, default_value_t = 10, value_parser = at_least_one::<u64>)]
    pub writer_epochs: u64,
}

/// A character model p(c_t | nationality, c_1 … c_{t-1}), whose first symbol is the nationality:
///
/// ```text
/// reads    Irish  K  e  l  l  y
/// foresees   K    e  l  l  y  END
/// ```
///
/// The nationality is seen once; that it is still known at the end is the state's affair.
pub struct Writer {
    network: CharModel,
    parameters: ParameterSet,
    alphabet: Vocabulary,
    nationalities: usize,
}

impl Writer {
    /// Trains a writer. Its symbols are the characters, then the nationalities, then the end.
    pub fn train(
        settings: &WriterSettings,
        names: &Names,
        parts: &Parts,
        seed: u64,
    ) -> Outcome<Self> {
        let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(seed));
        let nationalities = names.nationalities.len();
        let symbols = names.alphabet.len() + nationalities + 1;
        let units = settings.writer_hidden;
        let network = CharModel::new(&mut set, CellKind::Lstm, symbols, units, 1, &mut rng);
        let network = network.with_dropout(0.2);
        let mut trainer = Trainer::new(set, Adam::new(1e-2)).clip(5.0);
        let mut writer = Writer {
            network,
            parameters: ParameterSet::new(),
            alphabet: names.alphabet.clone(),
            nationalities,
        };
        let mut training = writer.mini_batches(&parts.training, seed);
        let mut validation = writer.mini_batches(&parts.validation, seed);
        let mut fit = Fit::new(settings.writer_epochs).seed(seed);
        fit = fit.average(0.99).early_stopping(2).describe(line);
        fit.run_and_validate(
            &mut trainer,
            &mut training,
            &mut validation,
            |p, lines, _| writer.loss(p, lines),
        )?;
        writer.parameters = trainer.into_parameters();
        Ok(writer)
    }

    fn mini_batches(&self, samples: &[Sample], seed: u64) -> Samples<Vec<Vec<usize>>> {
        Samples::new(self.lines(samples), BATCH)
            .shuffled(seed)
            .in_parts(PARTS)
            .sorted_by_length(50, Vec::len)
            .weighed_by(|line| line.len() - 1)
    }

    /// Each name behind its nationality, and before the end.
    fn lines(&self, samples: &[Sample]) -> Vec<Vec<usize>> {
        let line = |(name, class): &Sample| {
            [&[self.nationality(*class)], &name[..], &[self.end()]].concat()
        };
        samples.iter().map(line).collect()
    }

    fn nationality(&self, class: usize) -> usize {
        self.alphabet.len() + class
    }

    fn end(&self) -> usize {
        self.alphabet.len() + self.nationalities
    }

    /// E = Σ_t E_t, as a mean over all characters of some names: each symbol but the last is read, and each but the
    /// first foreseen.
    fn loss<'t>(&self, p: &Bound<'t>, lines: &[Vec<usize>]) -> Var<'t> {
        let lengths: Vec<_> = lines.iter().map(|line| line.len() - 1).collect();
        let lengths = Lengths::new(&lengths).expect("a line has a nationality and an end");
        let stack = |part: fn(&[usize]) -> &[usize]| {
            let parts: Vec<_> = lines.iter().map(|line| part(line)).collect();
            lengths.stack(&parts).expect("as long as the lengths")
        };
        let (read, foreseen) = (
            stack(|line| &line[..line.len() - 1]),
            stack(|line| &line[1..]),
        );
        let (logits, _) = self
            .network
            .logits(p, &read, &lengths, &self.network.zeros(lines.len()));
        logits.cross_entropy(&foreseen)
    }

    /// Bits that the writer needs on average for a character of these names, or their end.
    pub fn bits(&self, samples: &[Sample]) -> f64 {
        let (mut nats, mut characters) = (0.0, 0);
        for lines in self.lines(samples).chunks(500) {
            let tape = Tape::new();
            let count: usize = lines.iter().map(|line| line.len() - 1).sum();
            nats += f64::from(self.loss(&self.parameters.bind(&tape), lines).item()) * count as f64;
            characters += count;
        }
        train::bits(nats / characters as f64)
    }

    /// Names for a nationality, each drawn independently of the others: one may come again.
    pub fn write(
        &self,
        class: usize,
        count: usize,
        sampling: Sampling,
        rng: &mut ChaCha8Rng,
    ) -> Outcome<Vec<String>> {
        let starts = vec![self.nationality(class); count];
        let mut generator = Generator::new(&self.network, &self.parameters, count);
        let stop = Stop {
            end: Some(self.end()),
            max_length: LONGEST,
        };
        let states = self.network.zeros(count);
        let written = sample_sequence(&starts, states, stop, sampling, rng, |symbols, states| {
            let (mut logits, states) = generator.step(symbols, states);
            let nationalities = self.nationality(0)..self.end(); // are read, and never written
            (0..count).for_each(|row| {
                logits.view_mut().row(row)[nationalities.clone()].fill(f32::NEG_INFINITY)
            });
            (logits, states)
        })?;
        Ok(written
            .iter()
            .map(|name| self.alphabet.decode(&name.symbols))
            .collect())
    }
}

/// An epoch in one line.
fn line(report: &EpochReport) -> String {
    let bits = report.scores().bits();
    format!(
        "writer, epoch {:2}: validation {bits:.3} bits per character",
        report.epoch
    )
}

/// The share of names that the data do not have, under any nationality; each counts once.
pub fn novelty(written: &[String], names: &Names) -> f64 {
    let written: BTreeSet<_> = written.iter().collect();
    let novel = written.iter().filter(|name| !names.has(name)).count();
    novel as f64 / written.len() as f64
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::*;

    fn writer(names: &Names) -> Writer {
        let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(1));
        let nationalities = names.nationalities.len();
        let symbols = names.alphabet.len() + nationalities + 1;
        let network = CharModel::new(&mut set, CellKind::Lstm, symbols, 4, 1, &mut rng);
        Writer {
            network,
            parameters: set,
            alphabet: names.alphabet.clone(),
            nationalities,
        }
    }

    fn names() -> Names {
        let name = |name: &str, class| (name.to_string(), vec![class]);
        Names {
            nationalities: vec!["A".into(), "B".into()],
            names: vec![name("ab", 0), name("c", 1)],
            lines: 2,
            alphabet: Vocabulary::new("abc"),
        }
    }

    #[test]
    fn a_line_begins_with_the_nationality_and_ends() {
        let lines = writer(&names()).lines(&[(vec![0, 1], 0), (vec![2], 1)]);
        assert_eq!(lines, [vec![3, 0, 1, 5], vec![4, 2, 5]]);
    }

    /// Each symbol is foreseen from those before it: an untrained writer needs ln 6 for each, about.
    #[test]
    fn the_loss_is_that_of_every_character_and_the_end() {
        let writer = writer(&names());
        let loss = |lines: &[Vec<usize>]| {
            f64::from(
                writer
                    .loss(&writer.parameters.bind(&Tape::new()), lines)
                    .item(),
            )
        };
        let (a, b) = (vec![3, 0, 1, 5], vec![4, 2, 5]);
        let (alone_a, alone_b) = (loss(from_ref(&a)), loss(from_ref(&b)));
        assert!((loss(&[a, b]) - (3.0 * alone_a + 2.0 * alone_b) / 5.0).abs() < 1e-6);
        assert!((1.2..2.4).contains(&alone_a), "{alone_a}");
        let bits = writer.bits(&[(vec![0, 1], 0)]);
        assert!((bits - alone_a / std::f64::consts::LN_2).abs() < 1e-6);
    }

    #[test]
    fn nationalities_are_never_written_and_new_names_are_counted_once() {
        let names = names();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let written = writer(&names)
            .write(1, 200, Sampling::default(), &mut rng)
            .expect("names");
        assert_eq!(written.len(), 200);
        assert!(
            written
                .iter()
                .all(|name| name.chars().all(|c| "abc".contains(c)))
        );
        assert!(
            written.iter().any(String::is_empty),
            "an end may come first"
        );
        assert_eq!(
            novelty(&["ab", "b", "b", "c"].map(String::from), &names),
            1.0 / 3.0
        );
    }
}
