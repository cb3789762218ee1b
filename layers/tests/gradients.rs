//! Every cell, put through the test kit on random sizes and values.
#![allow(missing_docs)]

use autograd::Matrix;
use layers::testing::check_cell;
use layers::{Cell, Gru, Lstm, ParameterSet, Reset, SimpleRnn};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::ChaCha8Rng};

#[derive(Clone, Copy, Debug)]
enum Kind {
    Rnn,
    Lstm,
    GruBefore,
    GruAfter,
}
use Kind::*;

#[derive(Clone, Copy, Debug)]
struct Case {
    kind: Kind,
    learned: bool,
    batch: usize,
    input: usize,
    hidden: usize,
    steps: usize,
    seed: u64,
}

impl Case {
    fn build(self) -> (ParameterSet<f64>, Box<dyn Cell<f64>>) {
        let Case { input, hidden, .. } = self;
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let (mut set, rng) = (ParameterSet::new(), &mut rng);
        let s = &mut set;
        let gru = |s: &mut _, rng: &mut _, reset| Gru::new(s, "gru1", input, hidden, reset, rng);
        macro_rules! learn {
            ($cell:expr) => {{
                let cell = $cell;
                match self.learned {
                    true => Box::new(cell.with_learned_state(s)) as Box<dyn Cell<f64>>,
                    false => Box::new(cell),
                }
            }};
        }
        let cell = match self.kind {
            Rnn => learn!(SimpleRnn::new(s, "rnn1", input, hidden, rng)),
            Lstm => learn!(self::Lstm::new(s, "lstm1", input, hidden, rng)),
            GruBefore => learn!(gru(s, rng, Reset::Before)),
            GruAfter => learn!(gru(s, rng, Reset::After)),
        };
        (set, cell)
    }

    fn input(self) -> Matrix<f64> {
        Matrix::from_fn(self.steps * self.batch, self.input, |r, c| {
            ((r * 5 + c * 3 + 1) as f64).sin()
        })
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let kind = prop::sample::select(vec![Rnn, Lstm, GruBefore, GruAfter]);
    let sizes = (1..=3usize, 1..=3usize, 1..=4usize, 2..=4usize);
    (kind, any::<bool>(), sizes, any::<u64>()).prop_map(
        |(kind, learned, (batch, input, hidden, steps), seed)| Case {
            kind,
            learned,
            batch,
            input,
            hidden,
            steps,
            seed,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_cell_keeps_to_the_rules(case in cases()) {
        let (set, cell) = case.build();
        check_cell(cell.as_ref(), &set, &case.input(), case.batch)?;
    }
}
