//! Every cell against finite differences, on random sizes and values.
#![allow(missing_docs)]

use autograd::{Matrix, Tape, Var, gradcheck};
use layers::{Bound, Cell, Gru, Lstm, ParameterSet, Reset, SimpleRnn, unroll};
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

    /// All outputs and the final state.
    fn run<'t>(self, cell: &dyn Cell<f64>, p: &Bound<'t, f64>, x: Var<'t, f64>) -> Var<'t, f64> {
        let state = cell.initial_state(p, self.batch);
        let unrolled = unroll(cell, p, cell.project(p, x), self.batch, state);
        let last = unrolled.state.c.unwrap_or(unrolled.state.h);
        Var::concat_rows(&[unrolled.stacked(), last])
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let kind = prop::sample::select(vec![Rnn, Lstm, GruBefore, GruAfter]);
    let sizes = (1..=3usize, 1..=3usize, 1..=4usize, 1..=4usize);
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
    fn of_parameters_and_inputs_agree_with_differences(case in cases()) {
        let (set, cell) = case.build();
        let mut inputs: Vec<_> = set.ids().map(|id| set.get(id).clone()).collect();
        inputs.push(case.input());
        let checked = gradcheck(
            |v| {
                let (&x, parameters) = v.split_last().unwrap();
                case.run(cell.as_ref(), &Bound::from_vars(parameters), x)
            },
            &inputs,
        );
        prop_assert!(checked.is_ok(), "{checked:?}");
    }

    #[test]
    fn reach_every_parameter(case in cases()) {
        let (set, cell) = case.build();
        let tape = Tape::new();
        let p = set.bind(&tape);
        let y = case.run(cell.as_ref(), &p, tape.constant(case.input()));
        let gradients = y.sum().backward();
        // From a state of zeros, W has no gradient at the first step.
        let idle = |name: &str| name.ends_with(".W") && case.steps == 1;
        for id in set.ids().filter(|&id| !idle(set.name(id))) {
            prop_assert!(gradients.of(p.var(id)).norm() > 0.0, "{}", set.name(id));
        }
    }
}
