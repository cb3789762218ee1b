//! Cells that PyTorch has not, against their equations written out in it; and PyTorch's parameters as
//! ours. The formulas are those of cells_reference.py.

use crate::cells_reference::{self as reference, Module, Reference};
use autograd::{Matrix, Scalar, Tape};
use layers::torch::{self, StateDict, Torch};
use layers::{
    Activation, Cell, CoupledLstm, Embedding, Gru, Init, LayerNorm, LayerNormGru, LayerNormLstm,
    Linear, Lstm, ParameterSet, PeepholeLstm, Reset, SimpleRnn, unroll,
};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::ChaCha8Rng};

const STEPS: usize = 3;
const BATCH: usize = 2;
const INPUT: usize = 2;
const HIDDEN: usize = 3;

fn wave<T: Scalar>(k: usize, rows: usize, cols: usize) -> Matrix<T> {
    Matrix::from_fn(rows, cols, |r, c| {
        T::from_f64(0.8 * (0.7 * (r * cols + c) as f64 + k as f64).sin())
    })
}

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(1)
}

/// To ten digits after the point, or to five in f32.
fn assert_close<T: Scalar>(what: &str, ours: impl IntoIterator<Item = T>, theirs: &[f64]) {
    let ours: Vec<f64> = ours.into_iter().map(T::to_f64).collect();
    let tolerance = if T::NAME == "f32" { 1e-5 } else { 1e-10 };
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (a, b) in ours.iter().zip(theirs) {
        let apart = (a - b).abs();
        assert!(
            apart < tolerance * b.abs().max(1.0),
            "{what}: {a} against {b}"
        );
    }
}

/// The parameter at position k of the set is the wave 11 + k.
fn fill<T: Scalar>(set: &mut ParameterSet<T>) {
    for (k, id) in set.ids().enumerate() {
        let shape = set.get(id).shape();
        *set.get_mut(id) = wave(11 + k, shape.rows, shape.cols);
    }
}

fn check<T: Scalar>(set: &mut ParameterSet<T>, cell: &dyn Cell<T>, reference: &Reference) {
    fill(set);
    let tape = Tape::new();
    let p = set.bind(&tape);
    let zx = cell.project(&p, tape.constant(wave(7, STEPS * BATCH, INPUT)));
    let unrolled = unroll(cell, &p, zx, BATCH, cell.initial_state(&p, BATCH));
    let outputs = unrolled.stacked();
    let constant = |k, rows| tape.constant(wave(k, rows, HIDDEN));
    let mut loss = (outputs * constant(5, STEPS * BATCH)).sum();
    if let Some(c) = unrolled.state.c {
        loss += (c * constant(6, BATCH)).sum();
    }
    let gradients = loss.backward();
    assert_close("outputs", outputs.value().iter(), reference.outputs);
    assert_eq!(set.len(), reference.gradients.len());
    for (id, theirs) in set.ids().zip(reference.gradients) {
        assert_close(set.name(id), gradients.of(p.var(id)).into_vec(), theirs);
    }
}

/// A cell with learned initial states, in double and single precision.
macro_rules! equals_its_equations {
    ($($test:ident: $REFERENCE:ident, |$set:ident, $rng:ident| $cell:expr;)*) => {$(
        #[test]
        fn $test() {
            fn of<T: Scalar>() {
                let ($set, $rng) = (&mut ParameterSet::<T>::new(), &mut rng());
                let cell = $cell.with_learned_state($set);
                check($set, &cell, &reference::$REFERENCE);
            }
            of::<f64>();
            of::<f32>();
        }
    )*};
}

equals_its_equations! {
    relu_rnn: RELU_RNN, |set, rng| SimpleRnn::new(set, "", INPUT, HIDDEN, rng).with_activation(Activation::Relu);
    peephole_lstm: PEEPHOLE_LSTM, |set, rng| PeepholeLstm::new(set, "", INPUT, HIDDEN, rng);
    coupled_lstm: COUPLED_LSTM, |set, rng| CoupledLstm::new(set, "", INPUT, HIDDEN, rng);
    layer_norm_lstm: LAYER_NORM_LSTM, |set, rng| LayerNormLstm::new(set, "", INPUT, HIDDEN, rng);
    layer_norm_gru: LAYER_NORM_GRU, |set, rng| LayerNormGru::new(set, "", INPUT, HIDDEN, rng);
}

#[test]
fn layer_norm() {
    let mut set = ParameterSet::<f64>::new();
    let norm = LayerNorm::new(&mut set, "norm", HIDDEN);
    fill(&mut set);
    let tape = Tape::new();
    let (p, x) = (set.bind(&tape), tape.var(wave(7, STEPS, HIDDEN)));
    let y = norm.apply(&p, x);
    let gradients = y.backward_from(&wave(5, STEPS, HIDDEN));
    assert_close("y", y.value().iter(), reference::LAYER_NORM.outputs);
    for (var, theirs) in p.vars().chain([x]).zip(reference::LAYER_NORM.gradients) {
        assert_close("gradient", gradients.of(var).into_vec(), theirs);
    }
}

/// What the forget gates start with.
#[test]
fn forget_biases() {
    let (mut set, mut rng) = (ParameterSet::<f64>::new(), rng());
    let (s, r) = (&mut set, &mut rng);
    let peephole = PeepholeLstm::new(s, "peephole", INPUT, HIDDEN, r).with_forget_bias(s, 2.0);
    let norm = LayerNormLstm::new(s, "norm", INPUT, HIDDEN, r).with_forget_bias(s, 3.0);
    let coupled = CoupledLstm::new(s, "coupled", INPUT, HIDDEN, r).with_forget_bias(s, 4.0);
    let cells: [(&dyn Cell<f64>, usize, f64); 3] =
        [(&peephole, 1, 2.0), (&norm, 1, 3.0), (&coupled, 0, -4.0)];
    for (cell, gate, bias) in cells {
        let b = set.get(cell.weights().b).data();
        let of_gate = gate * HIDDEN..(gate + 1) * HIDDEN;
        assert!(b[of_gate.clone()].iter().all(|&b| b == bias));
        let others = (0..b.len()).filter(|k| !of_gate.contains(k));
        assert!(others.into_iter().all(|k| b[k].abs() < 1.0));
    }
}

impl Module {
    fn state(&self) -> StateDict<f64> {
        let tensors = self.state.iter().enumerate();
        tensors
            .map(|(k, &(name, rows, cols))| (format!("net.{name}"), wave(11 + k, rows, cols)))
            .collect()
    }
}

fn run(set: &ParameterSet<f64>, cell: &dyn Cell<f64>, x: Matrix<f64>) -> Matrix<f64> {
    let tape = Tape::new();
    let p = set.bind(&tape);
    let zx = cell.project(&p, tape.constant(x));
    let unrolled = unroll(cell, &p, zx, BATCH, cell.initial_state(&p, BATCH));
    unrolled.stacked().value().to_matrix()
}

#[test]
fn recurrent_layers_with_torchs_weights_are_torchs() {
    let (mut set, mut rng) = (ParameterSet::new(), rng());
    let (s, r) = (&mut set, &mut rng);
    let rnn = SimpleRnn::new(s, "rnn1", INPUT, HIDDEN, r).with_activation(Activation::Relu);
    let gru = Gru::new(s, "gru1", INPUT, HIDDEN, Reset::After, r);
    let x = || wave(7, STEPS * BATCH, INPUT);
    let state = reference::TORCH_RNN.state();
    torch::import(&mut set, &rnn, &state, "net.*_l0").unwrap();
    let module = reference::TORCH_RNN;
    assert_close("RNN", run(&set, &rnn, x()).into_vec(), module.outputs);
    for module in [reference::TORCH_GRU, reference::TORCH_GRU_WITHOUT_BIAS] {
        torch::import(&mut set, &gru, &module.state(), "net.*_l0").unwrap();
        assert_close("GRU", run(&set, &gru, x()).into_vec(), module.outputs);
    }
}

#[test]
fn both_directions_with_torchs_weights_are_torchs() {
    let (mut set, mut rng) = (ParameterSet::new(), rng());
    let mut lstm = |name| Lstm::new(&mut set, name, INPUT, HIDDEN, &mut rng);
    let (forward, backward) = (lstm("forward1"), lstm("backward1"));
    let module = reference::TORCH_LSTM;
    torch::import(&mut set, &forward, &module.state(), "net.*_l0").unwrap();
    torch::import(&mut set, &backward, &module.state(), "net.*_l0_reverse").unwrap();
    let x = wave(7, STEPS * BATCH, INPUT);
    let turned = |x: &Matrix<f64>| {
        let row = |r| (STEPS - 1 - r / BATCH) * BATCH + r % BATCH;
        Matrix::from_fn(x.row_count(), x.col_count(), |r, c| x[(row(r), c)])
    };
    let there = run(&set, &forward, x.clone());
    let back = turned(&run(&set, &backward, turned(&x)));
    let both = Matrix::from_fn(STEPS * BATCH, 2 * HIDDEN, |r, c| match c < HIDDEN {
        true => there[(r, c)],
        false => back[(r, c - HIDDEN)],
    });
    assert_close("LSTM", both.into_vec(), module.outputs);
}

#[test]
fn dense_layers_with_torchs_weights_are_torchs() {
    let (mut set, mut rng) = (ParameterSet::new(), rng());
    let linear = Linear::new(&mut set, "output", INPUT, HIDDEN, &mut rng);
    let words = Embedding::new(&mut set, "words", 4, HIDDEN, &mut rng);
    let norm = LayerNorm::new(&mut set, "norm", HIDDEN);
    let [of_linear, of_words, of_norm] = [
        reference::TORCH_LINEAR,
        reference::TORCH_EMBEDDING,
        reference::TORCH_LAYER_NORM,
    ];
    torch::import(&mut set, &linear, &of_linear.state(), "net.*").unwrap();
    torch::import(&mut set, &words, &of_words.state(), "net.*").unwrap();
    torch::import(&mut set, &norm, &of_norm.state(), "net.*").unwrap();
    let tape = Tape::new();
    let p = set.bind(&tape);
    let x = |cols| tape.constant(wave(7, STEPS, cols));
    assert_close(
        "Linear",
        linear.apply(&p, x(INPUT)).value().iter(),
        of_linear.outputs,
    );
    assert_close(
        "Embedding",
        words.apply(&p, &[3, 0, 1]).value().iter(),
        of_words.outputs,
    );
    assert_close(
        "LayerNorm",
        norm.apply(&p, x(HIDDEN)).value().iter(),
        of_norm.outputs,
    );
}

/// A layer, and where PyTorch's tensors for it are.
type Named = (Box<dyn Torch>, &'static str);

/// One of each layer that PyTorch has, with the names of its tensors.
fn layers(input: usize, hidden: usize, seed: u64) -> (ParameterSet<f64>, [Named; 7]) {
    let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(seed));
    let (s, r) = (&mut set, &mut rng);
    let layers: [Named; 7] = [
        (
            Box::new(SimpleRnn::new(s, "rnn1", input, hidden, r)),
            "rnn.*_l1",
        ),
        (
            Box::new(Lstm::new(s, "lstm1", input, hidden, r)),
            "lstm.*_l0_reverse",
        ),
        (
            Box::new(Gru::new(s, "gru1", input, hidden, Reset::After, r)),
            "gru.*",
        ),
        (
            Box::new(Linear::new(s, "output", input, hidden, r)),
            "linear.*",
        ),
        (
            Box::new(Embedding::new(s, "words", input, hidden, r)),
            "words.*",
        ),
        (Box::new(LayerNorm::new(s, "norm", hidden)), "norm.*"),
        (
            Box::new(LayerNorm::without_bias(s, "gain", hidden)),
            "gain.*",
        ),
    ];
    for id in set.ids() {
        Init::Normal(1.0).apply(&mut set, id, &mut rng);
    }
    (set, layers)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn there_and_back_is_the_same(input in 1..5_usize, hidden in 1..5_usize, seed: u64) {
        let (set, ours) = layers(input, hidden, seed);
        let (mut other, theirs) = layers(input, hidden, !seed);
        for ((ours, names), (theirs, _)) in ours.into_iter().zip(theirs) {
            let state = torch::export(&set, ours.as_ref(), names);
            torch::import(&mut other, theirs.as_ref(), &state, names)?;
            prop_assert_eq!(torch::export(&other, theirs.as_ref(), names), state);
        }
        for id in set.ids() {
            let same = other.find(set.name(id)).unwrap();
            prop_assert_eq!(set.get(id), other.get(same), "{}", set.name(id));
        }
    }
}

#[test]
fn the_names_are_torchs() {
    let (set, layers) = layers(2, 3, 1);
    let names = |(layer, names): Named| {
        let state = torch::export(&set, layer.as_ref(), names);
        state.into_keys().collect::<Vec<_>>().join(" ")
    };
    let expected = [
        "rnn.bias_hh_l1 rnn.bias_ih_l1 rnn.weight_hh_l1 rnn.weight_ih_l1",
        "lstm.bias_hh_l0_reverse lstm.bias_ih_l0_reverse lstm.weight_hh_l0_reverse \
         lstm.weight_ih_l0_reverse",
        "gru.bias_hh gru.bias_ih gru.weight_hh gru.weight_ih",
        "linear.bias linear.weight",
        "words.weight",
        "norm.bias norm.weight",
        "gain.weight",
    ];
    assert_eq!(layers.map(names), expected);
}

#[test]
fn tensors_that_do_not_fit_are_named_and_nothing_changes() {
    let (mut set, mut rng) = (ParameterSet::new(), rng());
    let lstm = Lstm::new(&mut set, "lstm1", INPUT, HIDDEN, &mut rng);
    let before: Vec<_> = set.ids().map(|id| set.get(id).clone()).collect();
    let mut state = reference::TORCH_GRU.state();
    let mut error = |state: &StateDict<f64>, names| {
        let error = torch::import(&mut set, &lstm, state, names).unwrap_err();
        let after = set.ids().zip(&before);
        assert!(after.into_iter().all(|(id, before)| set.get(id) == before));
        error.to_string()
    };
    assert_eq!(
        error(&state, "net.*_l0"),
        "the tensor net.weight_ih_l0 is [9, 2], and lstm1.U is [12, 2]"
    );
    assert_eq!(
        error(&state, "net.*_l1"),
        "there is no tensor net.weight_ih_l1, for lstm1.U: the state dict has net.bias_hh_l0, \
         net.bias_ih_l0, net.weight_hh_l0, net.weight_ih_l0"
    );
    state.extend(reference::TORCH_LSTM.state());
    state.remove("net.bias_hh_l0");
    assert_eq!(
        error(&state, "net.*_l0").split(':').next().unwrap(),
        "there is no tensor net.bias_hh_l0, for lstm1.b"
    );
    state.insert("net.bias_hh_l0".into(), wave(1, 12, 1));
    assert_eq!(
        error(&state, "net.*_l0"),
        "the tensor net.bias_hh_l0 is [12, 1], and lstm1.b is [1, 12]"
    );
}
