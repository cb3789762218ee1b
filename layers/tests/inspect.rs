//! What is shown of unrolled layers: the triangle and the nested formula of every cell.

use std::sync::Arc;

use autograd::{Matrix, Tape, Var};
use layers::{
    Bound, Cell, CoupledLstm, Forward, Gru, Layer, LayerNormGru, LayerNormLstm, Linear, Lstm,
    ParameterSet, PeepholeLstm, Reset, Sequence, SimpleRnn, Stack,
};
use proptest::prelude::*;
use rand::{Rng, SeedableRng, rngs::ChaCha8Rng};

const BATCH: usize = 2;
const SYMBOLS: usize = 3;

/// Layers with an output, unrolled, and the cross-entropy of each step.
struct Model {
    set: ParameterSet<f64>,
    stack: Stack<f64>,
    output: Linear,
}

type Shared = Arc<dyn Cell<f64> + Send + Sync>;

fn cell(
    kind: usize,
    set: &mut ParameterSet<f64>,
    layer: usize,
    input: usize,
    rng: &mut impl Rng,
) -> Shared {
    let name = format!("layer{layer}");
    let hidden = 2 + layer;
    match kind {
        0 => Arc::new(SimpleRnn::new(set, &name, input, hidden, rng)),
        1 => Arc::new(Lstm::new(set, &name, input, hidden, rng)),
        2 => Arc::new(Gru::new(set, &name, input, hidden, Reset::Before, rng)),
        3 => {
            Arc::new(Gru::new(set, &name, input, hidden, Reset::After, rng).with_learned_state(set))
        }
        4 => Arc::new(PeepholeLstm::new(set, &name, input, hidden, rng)),
        5 => Arc::new(CoupledLstm::new(set, &name, input, hidden, rng)),
        6 => Arc::new(LayerNormLstm::new(set, &name, input, hidden, rng)),
        _ => Arc::new(LayerNormGru::new(set, &name, input, hidden, rng)),
    }
}

impl Model {
    fn new(kinds: &[usize], seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut set = ParameterSet::new();
        let mut input = SYMBOLS;
        let mut stack = Stack::new();
        for (layer, &kind) in kinds.iter().enumerate() {
            let cell = cell(kind, &mut set, layer, input, &mut rng);
            input = cell.hidden_size();
            stack = stack.with(Forward(cell));
        }
        let output = Linear::new(&mut set, "output", input, SYMBOLS, &mut rng);
        Model { set, stack, output }
    }

    /// The error of each step: from logits of all steps together, or step by step.
    fn errors<'t>(
        &self,
        p: &Bound<'t, f64>,
        steps: usize,
        symbols: bool,
        together: bool,
    ) -> Vec<Var<'t, f64>> {
        let tape = p.tape();
        let text: Vec<usize> = (0..steps * BATCH).map(|i| (i * i + 1) % SYMBOLS).collect();
        let x = match symbols {
            true => Sequence::from_stacked_symbols(&text, BATCH),
            false => {
                let x = |r: usize, c: usize| ((r * 5 + c * 3 + 1) as f64).sin();
                let x = tape
                    .constant(Matrix::from_fn(steps * BATCH, SYMBOLS, x))
                    .named("x");
                Sequence::from_stacked(x, BATCH)
            }
        };
        let h = self.stack.run(p, x).stacked();
        let logits = self.output.apply(p, h).named("logits");
        let error = |t: usize| {
            let _step = tape.step(t);
            let rows = t * BATCH..(t + 1) * BATCH;
            let y = match together {
                true => logits.rows(rows.clone()),
                false => self.output.apply(p, h.rows(rows.clone())),
            };
            y.cross_entropy(&text[rows]).named("E")
        };
        (0..steps).map(error).collect()
    }
}

/// The kinds of one or two layers, and the seed of their parameters.
fn models() -> impl Strategy<Value = (Vec<usize>, u64)> {
    (prop::collection::vec(0..8_usize, 1..3), any::<u64>())
}

/// The number of steps, and the arguments of [`Model::errors`].
fn runs() -> impl Strategy<Value = (usize, bool, bool)> {
    (1..6_usize, any::<bool>(), any::<bool>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn triangles_are_triangles_and_sum_to_the_gradients(
        (kinds, seed) in models(),
        (steps, symbols, together) in runs(),
    ) {
        let model = Model::new(&kinds, seed);
        let tape = Tape::new();
        let p = model.set.bind(&tape);
        let errors = model.errors(&p, steps, symbols, together);
        let total = errors[1..].iter().fold(errors[0], |sum, &e| sum + e).backward();
        for id in model.set.ids() {
            let (name, parameter) = (model.set.name(id), p.var(id));
            let triangle = parameter.triangle(&errors);
            let gradient = total.of(parameter);
            prop_assert!(triangle.total().max_abs_diff(&gradient) < 1e-10, "{}", name);
            for (i, error) in errors.iter().enumerate() {
                let alone = error.backward().of(parameter);
                prop_assert!(triangle.row_sum(i).max_abs_diff(&alone) < 1e-10, "{} of E_{}", name, i);
                for j in 0..steps {
                    let is_output = name.starts_with("output");
                    let is_initial = name.ends_with("h0");
                    let sees = if is_output { i == j } else if is_initial { j == 0 } else { j <= i };
                    let part = triangle.part(i, j).map_or(0.0, Matrix::norm);
                    prop_assert!(sees || part == 0.0, "{} of E_{} through step {}", name, i, j);
                    // The first of all steps has a zero state before it, through which W and what else
                    // goes with the state get nothing.
                    let of_state = [".W", ".p_i", ".p_f", ".norm_h.gain", ".norm_h_rz.gain", ".norm_h_n.gain"];
                    let is_of_state = of_state.iter().any(|end| name.ends_with(end));
                    let first = j == 0 && (is_of_state || (i == 0 && name.ends_with("h0")));
                    prop_assert!(!sees || first || part > 0.0, "{} of E_{} through step {}", name, i, j);
                }
            }
            prop_assert!(!triangle.steps().contains(&None), "{}: {:?}", name, triangle.steps());
        }
    }

    #[test]
    fn nested_formulas_come_to_the_gradients(
        (kinds, seed) in models(),
        (steps, symbols, together) in runs(),
    ) {
        let model = Model::new(&kinds, seed);
        let tape = Tape::new();
        let p = model.set.bind(&tape);
        let errors = model.errors(&p, steps, symbols, together);
        let of_layer = |(layer, &kind): (usize, &usize)| {
            let names: &[&str] = if [1, 4, 5, 6].contains(&kind) { &["h", "c"] } else { &["h"] };
            names.iter().map(|name| tape.over_time(&format!("layer{layer}/{name}"))).collect::<Vec<_>>()
        };
        let nodes: Vec<Vec<Var<f64>>> = kinds.iter().enumerate().flat_map(of_layer).collect();
        let states: Vec<Vec<_>> = (0..steps).map(|t| nodes.iter().map(|n| n[t]).collect()).collect();
        for id in model.set.ids() {
            for (t, error) in errors.iter().enumerate() {
                let formula = error.nested_formula(p.var(id), &states);
                let gradient = error.backward().of(p.var(id));
                prop_assert!(formula.depth() <= t + 1);
                prop_assert!(
                    formula.value().max_abs_diff(&gradient) < 1e-10,
                    "{} of E_{}:\n{}", model.set.name(id), t, formula
                );
            }
        }
    }
}

/// With the pre-activations as states, the immediate derivative is the lecture's x_tᵀ.
#[test]
fn the_nested_formula_of_pre_activations_is_the_lectures() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut set = ParameterSet::<f64>::new();
    let rnn = SimpleRnn::new(&mut set, "rnn1", 2, 3, &mut rng);
    let tape = Tape::new();
    let p = set.bind(&tape);
    let x = Matrix::from([[1.0, 0.5], [-0.5, 0.25], [0.3, -1.0]]);
    let zx = rnn.project(&p, tape.constant(x.clone()).named("x"));
    let unrolled = layers::unroll(&rnn, &p, zx, 1, rnn.initial_state(&p, 1));
    let e = unrolled.state.h.square().sum().named("E").at(2);
    let formula = e.nested_formula(p.var(rnn.weights.u), &tape.over_time("rnn1/z"));
    for t in 0..3 {
        let expected =
            Matrix::from_fn(3, 6, |i, jc| if jc / 2 == i { x[(t, jc % 2)] } else { 0.0 });
        assert_eq!(formula.immediate(t), &expected);
    }
    let text = formula.to_string();
    assert!(text.contains("∂⁺z₁/∂U = I ⊗ [-0.5 0.25]"), "{text}");
    assert!(
        formula
            .latex()
            .contains("I \\otimes \\begin{pmatrix}-0.5 & 0.25\\end{pmatrix}")
    );
    assert!(
        formula
            .value()
            .max_abs_diff(&e.backward().of(p.var(rnn.weights.u)))
            < 1e-12
    );
}

#[test]
fn gradient_flow_and_influence_are_norms_of_jacobians() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let mut set = ParameterSet::<f64>::new();
    let lstm = Lstm::new(&mut set, "lstm1", 2, 3, &mut rng);
    let tape = Tape::new();
    let p = set.bind(&tape);
    let x: Vec<_> = (0..4)
        .map(|t| tape.var(Matrix::from([[t as f64, 1.0]])).named("x").at(t))
        .collect();
    let zx = lstm.project(&p, Var::concat_rows(&x));
    let unrolled = layers::unroll(&lstm, &p, zx, 1, lstm.initial_state(&p, 1));
    let h = &unrolled.outputs;
    let influence = x[0].influence(h);
    assert!(influence.iter().all(|&n| n > 0.0));
    assert_eq!(influence[2], h[2].jacobian(x[0]).norm());
    assert_eq!(x[3].influence(&h[..3]), [0.0; 3]); // the past does not see it
    let e = h[3].square().sum();
    let flow = e.gradient_flow(h);
    assert!((flow.jacobians[3] - 3f64.sqrt()).abs() < 1e-12); // the identity
    assert!((flow.largest[3] - 1.0).abs() < 1e-12);
    assert_eq!(flow.gradients[1], e.backward().of(h[1]).norm());
    assert!(
        flow.largest
            .iter()
            .zip(&flow.jacobians)
            .all(|(s, n)| *s <= n + 1e-12)
    );
}
