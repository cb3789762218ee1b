//! Every cell, put through the test kit on random sizes and values, and through dual numbers.

use autograd::{Dual, Matrix, Scalar, Tape, Var, gradcheck_second_order};
use layers::testing::check_cell;
use layers::{
    Activation, Bound, Cell, CoupledLstm, Gru, Init, LayerNormGru, LayerNormLstm, Lstm,
    ParameterSet, PeepholeLstm, Reset, SimpleRnn, unroll,
};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::ChaCha8Rng};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Tanh,
    Relu,
    Plain,
    Peephole,
    Coupled,
    NormLstm,
    GruBefore,
    GruAfter,
    NormGru,
}
use Kind::*;

const KINDS: [Kind; 9] = [
    Tanh, Relu, Plain, Peephole, Coupled, NormLstm, GruBefore, GruAfter, NormGru,
];

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
    fn build<T: Scalar>(self) -> (ParameterSet<T>, Box<dyn Cell<T>>) {
        let Case { input, hidden, .. } = self;
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let (mut set, rng) = (ParameterSet::new(), &mut rng);
        let s = &mut set;
        macro_rules! cell {
            ($Cell:ident $(, $reset:expr)?) => {
                cell!(of $Cell::new(s, "cell", input, hidden, $($reset,)? rng))
            };
            (of $cell:expr) => {{
                let cell = $cell;
                match self.learned {
                    true => Box::new(cell.with_learned_state(s)) as Box<dyn Cell<T>>,
                    false => Box::new(cell),
                }
            }};
        }
        let cell = match self.kind {
            Tanh => cell!(SimpleRnn),
            Relu => {
                let rnn = SimpleRnn::new(s, "cell", input, hidden, rng);
                cell!(of rnn.with_activation(Activation::Relu))
            }
            Plain => cell!(Lstm),
            Peephole => cell!(PeepholeLstm),
            Coupled => cell!(CoupledLstm),
            NormLstm => cell!(LayerNormLstm),
            GruBefore => cell!(Gru, Reset::Before),
            GruAfter => cell!(Gru, Reset::After),
            NormGru => cell!(LayerNormGru),
        };
        // Gains of ones and states of zeros would hide mistakes.
        for id in set.ids() {
            Init::Uniform(1.0).apply(&mut set, id, rng);
        }
        (set, cell)
    }

    fn is_normalised(self) -> bool {
        matches!(self.kind, NormLstm | NormGru)
    }

    fn input(self) -> Matrix<f64> {
        Matrix::from_fn(self.steps * self.batch, self.input, |r, c| {
            ((r * 5 + c * 3 + 1) as f64).sin()
        })
    }

    /// Whether differences can find the derivatives: no sum is so near to relu's kink that they reach
    /// over it, while a sample has something to hand on at each step; no row is normalised whose
    /// elements are nearly the same.
    fn is_smooth(self) -> bool {
        let (set, cell) = self.build::<f64>();
        let tape = Tape::new();
        let p = set.bind(&tape);
        let zx = cell.project(&p, tape.constant(self.input()));
        unroll(
            cell.as_ref(),
            &p,
            zx,
            self.batch,
            cell.initial_state(&p, self.batch),
        );
        let sums: Vec<_> = tape.over_time("cell/z");
        let clear = |z: f64| z.abs() > 0.02;
        let lives = |sample| {
            sums.iter()
                .all(|z| z.value().row(sample).iter().any(|&z| z > 0.0))
        };
        let nodes = (0..tape.len()).map(|i| tape.node(i));
        // Of the zeros before the first step, nothing depends on a parameter.
        let varied = |variance: f64| variance > 0.02 || variance == 0.0;
        let mut variances = nodes.filter(|node| node.info().name == Some("σ²"));
        match self.kind {
            Relu => sums.iter().all(|z| z.value().iter().all(clear)) && (0..self.batch).any(lives),
            _ => variances.all(|node| node.value().iter().all(varied)),
        }
    }
}

fn cases(sizes: [usize; 4]) -> impl Strategy<Value = Case> {
    let [batch, input, hidden, steps] = sizes;
    let sizes = (1..=batch, 1..=input, 1..=hidden, 2..=steps);
    let kind = prop::sample::select(&KINDS[..]);
    (kind, any::<bool>(), sizes, any::<u64>()).prop_map(|(kind, learned, sizes, seed)| {
        let (batch, input, hidden, steps) = sizes;
        let mut case = Case {
            kind,
            learned,
            batch,
            input,
            hidden,
            steps,
            seed,
        };
        if case.is_normalised() {
            case.hidden += 2; // one element is normalised to 0, and of two only the sign is left
        }
        case
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_cell_keeps_to_the_rules(case in cases([3, 3, 4, 4])) {
        prop_assume!(case.is_smooth());
        let (set, cell) = case.build();
        check_cell(cell.as_ref(), &set, &case.input(), case.batch)?;
    }
}

/// The outputs of all steps from z_x, and the gradients of all parameters.
fn run(
    case: Case,
    project: impl for<'t> Fn(&dyn Cell<f64>, &Bound<'t, f64>) -> Var<'t, f64>,
) -> Vec<Matrix<f64>> {
    let (set, cell) = case.build::<f64>();
    let tape = Tape::new();
    let p = set.bind(&tape);
    let start = cell.initial_state(&p, case.batch);
    let outputs = unroll(
        cell.as_ref(),
        &p,
        project(cell.as_ref(), &p),
        case.batch,
        start,
    )
    .stacked();
    let gradients = outputs.square().sum().backward();
    let of_parameters = p.vars().map(|v| gradients.of(v));
    [outputs.value().to_matrix()]
        .into_iter()
        .chain(of_parameters)
        .collect()
}

proptest! {
    #[test]
    fn a_symbol_is_a_one_hot_row(case in cases([3, 3, 4, 4])) {
        let symbols: Vec<_> = (0..case.steps * case.batch).map(|i| (i * i + 1) % case.input).collect();
        let rows = run(case, |cell, p| cell.project(p, p.tape().one_hot(&symbols, case.input)));
        let table = run(case, |cell, p| cell.symbol_table(p).gather_rows(&symbols));
        for (a, b) in rows.iter().zip(&table) {
            prop_assert!(a.max_abs_diff(b) < 1e-9, "{} and {}", a, b);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_cell_has_second_derivatives(case in cases([2, 2, 2, 3])) {
        prop_assume!(case.is_smooth());
        let (set, cell) = case.build::<Dual<f64>>();
        let values: Vec<_> = set.ids().map(|id| set.get(id).map(|x| x.value)).collect();
        let x = case.input().map(Dual::constant);
        gradcheck_second_order(
            |v| {
                let p = Bound::from_vars(v);
                let zx = cell.project(&p, p.tape().constant(x.clone()));
                let start = cell.initial_state(&p, case.batch);
                unroll(cell.as_ref(), &p, zx, case.batch, start).stacked()
            },
            &values,
        )?;
    }
}
