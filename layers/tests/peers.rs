//! Numbers that stand in the tests of others, to as many digits as are printed there. Only the numbers are from them:
//!
//! - PyTorch, test/cpp/api/rnn.cpp at commit 031b88e5, `RNN/CheckOutputValuesMatchPyTorch`;
//! - Keras 3, keras/src/layers/rnn/{simple_rnn,gru,lstm}_test.py at commits 4e66d1b3, 03313da2 and 12ada9a3:
//!   `test_correctness`, `test_statefulness`, `test_pass_initial_state`, `test_masking`;
//! - TensorFlow, tensorflow/python/kernel_tests/nn_ops/ctc_loss_op_test.py at commit 08b198be,
//!   `CTCLossTest.testBasic`, which has them from Alex Graves' own implementation.

use autograd::{Matrix, Tape};
use layers::loss::{Ctc, Reduction};
use layers::{
    Cell, Forward, GatherRows, Gru, Layer, Lstm, ParameterSet, Reset, Sequence, SimpleRnn, State,
    States,
};
use rand::{SeedableRng, rngs::ChaCha8Rng};

/// Holds numbers against a table, and tells which of them is off.
#[track_caller]
fn check(what: &str, found: &[f64], table: &[f64], tolerance: f64) {
    assert_eq!(found.len(), table.len(), "{what}: as many numbers");
    for (i, (found, expected)) in found.iter().zip(table).enumerate() {
        let agree = (found - expected).abs() <= tolerance;
        assert!(agree, "{what}, number {i}: {found} instead of {expected}");
    }
}

/// 0, 1, 2, … as samples of so many steps with so many features.
fn counting(samples: usize, steps: usize, features: usize) -> Vec<Matrix<f64>> {
    let first = |s| s * steps * features;
    let sample = |s| Matrix::from_fn(steps, features, |t, c| (first(s) + t * features + c) as f64);
    (0..samples).map(sample).collect()
}

/// h of all samples and steps, and the last states with h and c one after the other.
fn run(
    set: &ParameterSet<f64>,
    layer: &impl Layer<f64>,
    x: &[Matrix<f64>],
    start: &[Matrix<f64>],
    backwards: bool,
) -> (Vec<Matrix<f64>>, Vec<Matrix<f64>>) {
    let tape = Tape::new();
    let p = set.bind(&tape);
    let parts: Vec<_> = start.iter().map(|m| tape.constant(m.clone())).collect();
    let state = parts.first().map(|&h| State {
        h,
        c: parts.get(1).copied(),
    });
    let mut states = state.map_or_else(States::initial, |state| States::given(&[state]));
    let x = Sequence::from_samples(&tape, x).unwrap();
    let x = if backwards { x.reversed() } else { x };
    let h = layer.pass(&p, x, &mut states);
    let of_samples = h.samples().into_iter().map(|h| h.value().to_matrix());
    let last = states.last().into_iter().flat_map(|s| [Some(s.h), s.c]);
    let last = last.flatten().map(|s| s.value().to_matrix());
    (of_samples.collect(), last.collect())
}

/// The last h of each sample, of which all units are alike.
fn last(h: &[Matrix<f64>]) -> Vec<f64> {
    h.iter().map(|h| h[(h.row_count() - 1, 0)]).collect()
}

#[test]
fn an_lstm_of_pytorchs() {
    let mut set = ParameterSet::new();
    let lstm = Lstm::new(&mut set, "", 2, 2, &mut ChaCha8Rng::seed_from_u64(1));
    // Each of PyTorch's parameters is i / size; of biases it has two, which are added.
    for (id, scale) in [
        (lstm.weights.u, 1.0),
        (lstm.weights.w, 1.0),
        (lstm.weights.b, 2.0),
    ] {
        let (size, value) = (set.get(id).data().len(), set.get_mut(id));
        for (i, x) in value.data_mut().iter_mut().enumerate() {
            *x = scale * i as f64 / size as f64;
        }
    }
    // Of PyTorch's [T, B, input] the element i is (24 - i) / 24.
    let element = |t: usize, b: usize, c: usize| (24 - (t * 8 + b * 2 + c)) as f64 / 24.0;
    let x: Vec<_> = (0..4)
        .map(|b| Matrix::from_fn(3, 2, |t, c| element(t, b, c)))
        .collect();
    let (h, states) = run(&set, &Forward(lstm), &x, &[], false);
    let by_step = |t: usize| h.iter().flat_map(move |h| [h[(t, 0)], h[(t, 1)]]);
    let h: Vec<_> = (0..3).flat_map(by_step).collect();
    check(
        "h",
        &h,
        &[
            0.4391, 0.5402, 0.4330, 0.5324, 0.4261, 0.5239, 0.4183, 0.5147, 0.6822, 0.8064, 0.6726,
            0.7968, 0.6620, 0.7860, 0.6501, 0.7741, 0.7889, 0.9003, 0.7769, 0.8905, 0.7635, 0.8794,
            0.7484, 0.8666,
        ],
        5.1e-5,
    );
    check(
        "the last c",
        states[1].data(),
        &[
            1.1647, 1.6106, 1.1425, 1.5726, 1.1187, 1.5329, 1.0931, 1.4911,
        ],
        5.1e-5,
    );
}

/// Parameters as in Keras' tests: all weights to the input 0.01, to the state before 0.02, biases 0.03.
fn fill(set: &mut ParameterSet<f64>, cell: &dyn Cell<f64>) {
    let weights = cell.weights();
    for (id, x) in [(weights.u, 0.01), (weights.w, 0.02), (weights.b, 0.03)] {
        set.get_mut(id).data_mut().fill(x);
    }
}

fn simple_rnn(units: usize, input: usize) -> (ParameterSet<f64>, Forward<SimpleRnn>) {
    let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(1));
    let cell = SimpleRnn::new(&mut set, "", input, units, &mut rng);
    fill(&mut set, &cell);
    (set, Forward(cell))
}

fn lstm(units: usize, input: usize, forget_bias: f64) -> (ParameterSet<f64>, Forward<Lstm>) {
    let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(1));
    let cell = Lstm::new(&mut set, "", input, units, &mut rng);
    fill(&mut set, &cell);
    let cell = cell.with_forget_bias(&mut set, forget_bias);
    (set, Forward(cell))
}

/// Where the reset gate comes after the product, Keras has a second bias for each gate.
fn gru(units: usize, input: usize, reset: Reset) -> (ParameterSet<f64>, Forward<Gru>) {
    let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(1));
    let cell = Gru::new(&mut set, "", input, units, reset, &mut rng);
    fill(&mut set, &cell);
    if let Some(c) = cell.c {
        set.get_mut(cell.weights.b).data_mut()[..2 * units].fill(0.06); // of r and z they are added
        set.get_mut(c).data_mut().fill(0.03);
    }
    (set, Forward(cell))
}

/// Keras' tables have eight digits of f32.
const KERAS: f64 = 2e-6;

#[test]
fn simple_networks_of_keras() {
    let x = counting(2, 3, 4);
    let (set, rnn) = simple_rnn(4, 4);
    let (h, state) = run(&set, &rnn, &x, &[], false);
    check("forwards", &last(&h), &[0.405432, 0.73605347], KERAS);
    let (h, _) = run(&set, &rnn, &x, &state, false);
    check("stateful", &last(&h), &[0.40559256, 0.7361247], KERAS);
    let (h, _) = run(&set, &rnn, &x, &[], true);
    check("backwards", &last(&h), &[0.11144729, 0.5528889], KERAS);

    let (x, (set, rnn)) = (counting(2, 4, 3), simple_rnn(4, 3));
    let start = [Matrix::from_fn(2, 4, |r, c| (4 * r + c) as f64)];
    let (h, _) = run(&set, &rnn, &x, &start, false);
    check("from a state", &last(&h), &[0.33621645, 0.6262637], KERAS);
    let (h, _) = run(&set, &rnn, &x, &start, true);
    check(
        "backwards from a state",
        &last(&h),
        &[0.07344437, 0.43043602],
        KERAS,
    );
}

#[test]
fn lstms_of_keras() {
    let x = counting(3, 6, 4);
    let (set, cell) = lstm(3, 4, 1.0);
    let (h, _) = run(&set, &cell, &x, &[], false);
    check(
        "forwards",
        &last(&h),
        &[0.6288687, 0.86899155, 0.9460773],
        KERAS,
    );
    let (h, _) = run(&set, &cell, &x, &[], true);
    check(
        "backwards",
        &last(&h),
        &[0.35622165, 0.74789524, 0.8872726],
        KERAS,
    );
    let (mut set, cell) = lstm(3, 4, 0.03);
    let (h, _) = run(&set, &cell, &x, &[], false);
    check(
        "no bias of 1",
        &last(&h),
        &[0.57019705, 0.8661914, 0.9459622],
        KERAS,
    );
    set.get_mut(cell.0.weights.b).data_mut().fill(0.0);
    let (h, _) = run(&set, &cell, &x, &[], false);
    check(
        "no bias",
        &last(&h),
        &[0.54986924, 0.86226785, 0.9443936],
        KERAS,
    );

    let (x, (set, cell)) = (counting(2, 3, 4), lstm(4, 4, 1.0));
    let (_, state) = run(&set, &cell, &x, &[], false);
    let (h, _) = run(&set, &cell, &x, &state, false);
    check("stateful", &last(&h), &[0.3124785, 0.6863672], KERAS);

    let (x, (set, cell)) = (counting(2, 4, 3), lstm(2, 3, 1.0));
    let start = Matrix::from_fn(2, 2, |r, c| (2 * r + c) as f64);
    let start = [start.clone(), start];
    let (_, state) = run(&set, &cell, &x, &start, false);
    let table = [0.20574439, 0.3558822, 0.64930826, 0.66276];
    check("from a state", state[0].data(), &table, KERAS);
    let (_, state) = run(&set, &cell, &x, &start, true);
    let table = [0.13281618, 0.2790356, 0.5839337, 0.5992567];
    check("backwards from a state", state[0].data(), &table, KERAS);
}

#[test]
fn grus_of_keras() {
    let x = counting(3, 6, 4);
    let (set, cell) = gru(3, 4, Reset::After);
    let (h, _) = run(&set, &cell, &x, &[], false);
    check(
        "forwards",
        &last(&h),
        &[0.5217289, 0.6371659, 0.39384964],
        KERAS,
    );
    let (h, _) = run(&set, &cell, &x, &[], true);
    check(
        "backwards",
        &last(&h),
        &[0.24406259, 0.611516, 0.3928808],
        KERAS,
    );
    let (set, cell) = gru(3, 4, Reset::Before);
    let (h, _) = run(&set, &cell, &x, &[], false);
    check(
        "reset before",
        &last(&h),
        &[0.51447755, 0.6426879, 0.40208298],
        KERAS,
    );
    let (mut set, cell) = gru(3, 4, Reset::After);
    for id in [Some(cell.0.weights.b), cell.0.c].into_iter().flatten() {
        set.get_mut(id).data_mut().fill(0.0);
    }
    let (h, _) = run(&set, &cell, &x, &[], false);
    check(
        "no bias",
        &last(&h),
        &[0.49988455, 0.64701194, 0.4103359],
        KERAS,
    );

    let (x, (set, cell)) = (counting(2, 3, 4), gru(4, 4, Reset::After));
    let (_, state) = run(&set, &cell, &x, &[], false);
    let (h, _) = run(&set, &cell, &x, &state, false);
    check("stateful", &last(&h), &[0.29542392, 0.5885018], KERAS);

    let (x, (set, cell)) = (counting(2, 4, 3), gru(2, 3, Reset::After));
    let start = [Matrix::from_fn(2, 2, |r, c| (2 * r + c) as f64)];
    let (_, state) = run(&set, &cell, &x, &start, false);
    let table = [0.23774096, 0.33508456, 0.83659905, 1.0227708];
    check("from a state", state[0].data(), &table, KERAS);
    let (_, state) = run(&set, &cell, &x, &start, true);
    let table = [0.13486053, 0.23261218, 0.78257304, 0.9691353];
    check("backwards from a state", state[0].data(), &table, KERAS);
}

/// What a mask leaves of samples: the steps that are named. Keras skips the others, and repeats the state there.
fn masked(x: &[Matrix<f64>], kept: [&[usize]; 2]) -> Vec<Matrix<f64>> {
    x.iter()
        .zip(kept)
        .map(|(x, kept)| x.gather_rows(kept))
        .collect()
}

/// The first unit of each step of two samples.
fn steps(h: &[Matrix<f64>]) -> Vec<f64> {
    h.iter()
        .flat_map(|h| (0..h.row_count()).map(|t| h[(t, 0)]))
        .collect()
}

#[test]
fn masks_of_keras() {
    let x = counting(2, 4, 3);
    let holes = masked(&x, [&[0, 1, 3], &[0, 3]]);

    let (set, rnn) = simple_rnn(4, 3);
    let (h, _) = run(&set, &rnn, &holes, &[], false);
    check(
        "simple network",
        &last(&h),
        &[0.32951632, 0.61799484],
        KERAS,
    );
    let (h, _) = run(&set, &rnn, &holes, &[], true);
    check(
        "simple network, backwards",
        &last(&h),
        &[0.07376196, 0.43645123],
        KERAS,
    );
    let (set, rnn) = simple_rnn(2, 3);
    let (h, _) = run(&set, &rnn, &holes, &[], false);
    let table = [0.0599281, 0.15122814, 0.32394567, 0.3969304, 0.608085];
    check("all steps of a simple network", &steps(&h), &table, KERAS);

    let (set, cell) = gru(2, 3, Reset::After);
    let (h, _) = run(&set, &cell, &holes, &[], false);
    let table = [0.03606692, 0.09497581, 0.19393763, 0.16051409, 0.30818558];
    check("all steps of a GRU", &steps(&h), &table, KERAS);
    let (h, _) = run(&set, &cell, &holes, &[], true);
    check(
        "GRU, backwards",
        &last(&h),
        &[0.11669192, 0.28380975],
        KERAS,
    );

    let (set, cell) = lstm(2, 3, 1.0);
    let padded = masked(&x, [&[0, 1, 2], &[0, 1]]);
    let (h, _) = run(&set, &cell, &padded, &[], false);
    let table = [0.01588910, 0.05552048, 0.11755939, 0.14185596, 0.28556206];
    check("all steps of an LSTM", &steps(&h), &table, KERAS);
    let padded = masked(&x, [&[1, 2, 3], &[2, 3]]);
    let (h, _) = run(&set, &cell, &padded, &[], true);
    check(
        "LSTM, backwards",
        &last(&h),
        &[0.15341201, 0.3844719],
        KERAS,
    );
}

/// The outputs y of each step, the labels, the loss and its gradient by what the softmax is of; the last symbol is blank.
struct Graves {
    y: [[f64; 6]; 5],
    labels: &'static [usize],
    loss: f64,
    gradient: [[f64; 6]; 5],
}

#[test]
fn ctc_of_graves() {
    let cases = [
        Graves {
            y: [
                [
                    0.633766, 0.221185, 0.0917319, 0.0129757, 0.0142857, 0.0260553,
                ],
                [
                    0.111121, 0.588392, 0.278779, 0.0055756, 0.00569609, 0.010436,
                ],
                [
                    0.0357786, 0.633813, 0.321418, 0.00249248, 0.00272882, 0.0037688,
                ],
                [
                    0.0663296, 0.643849, 0.280111, 0.00283995, 0.0035545, 0.00331533,
                ],
                [
                    0.458235, 0.396634, 0.123377, 0.00648837, 0.00903441, 0.00623107,
                ],
            ],
            labels: &[0, 1, 2, 1, 0],
            loss: 3.34211,
            gradient: [
                [
                    -0.366234, 0.221185, 0.0917319, 0.0129757, 0.0142857, 0.0260553,
                ],
                [
                    0.111121, -0.411608, 0.278779, 0.0055756, 0.00569609, 0.010436,
                ],
                [
                    0.0357786, 0.633813, -0.678582, 0.00249248, 0.00272882, 0.0037688,
                ],
                [
                    0.0663296, -0.356151, 0.280111, 0.00283995, 0.0035545, 0.00331533,
                ],
                [
                    -0.541765, 0.396634, 0.123377, 0.00648837, 0.00903441, 0.00623107,
                ],
            ],
        },
        Graves {
            y: [
                [0.30176, 0.28562, 0.0831517, 0.0862751, 0.0816851, 0.161508],
                [0.24082, 0.397533, 0.0557226, 0.0546814, 0.0557528, 0.19549],
                [0.230246, 0.450868, 0.0389607, 0.038309, 0.0391602, 0.202456],
                [
                    0.280884, 0.429522, 0.0326593, 0.0339046, 0.0326856, 0.190345,
                ],
                [
                    0.423286, 0.315517, 0.0338439, 0.0393744, 0.0339315, 0.154046,
                ],
            ],
            labels: &[0, 1, 1, 0],
            loss: 5.42262,
            gradient: [
                [-0.69824, 0.28562, 0.0831517, 0.0862751, 0.0816851, 0.161508],
                [0.24082, -0.602467, 0.0557226, 0.0546814, 0.0557528, 0.19549],
                [
                    0.230246, 0.450868, 0.0389607, 0.038309, 0.0391602, -0.797544,
                ],
                [
                    0.280884, -0.570478, 0.0326593, 0.0339046, 0.0326856, 0.190345,
                ],
                [
                    -0.576714, 0.315517, 0.0338439, 0.0393744, 0.0339315, 0.154046,
                ],
            ],
        },
    ];
    for case in cases {
        let tape = Tape::<f64>::new();
        let a = tape.var(Matrix::from(case.y).map(f64::ln));
        let ctc = Ctc::new(5).reduction(Reduction::Sum);
        let e = ctc.loss(&[a.log_softmax()], &[case.labels]).unwrap();
        let what = format!("{:?}", case.labels);
        // They have six digits each, and what is computed from five of them has not all.
        check(&format!("loss of {what}"), &[e.item()], &[case.loss], 1e-5);
        let gradient = e.backward().of(a);
        check(
            &format!("gradient of {what}"),
            gradient.data(),
            case.gradient.as_flattened(),
            3e-6,
        );
    }
}
