//! The character model and its parts, together.

use autograd::{Matrix, Tape};
use layers::{Carried, Cell, CellKind, CharModel, Embedding, Generator, ParameterSet, dropout};
use rand::{SeedableRng, rngs::ChaCha8Rng};

const KINDS: [CellKind; 3] = [CellKind::Rnn, CellKind::Lstm, CellKind::Gru];

fn model(kind: CellKind) -> (ParameterSet<f64>, CharModel<f64>) {
    let mut set = ParameterSet::new();
    let model = CharModel::new(&mut set, kind, 5, 4, 2, &mut ChaCha8Rng::seed_from_u64(1));
    (set, model)
}

fn logits(
    set: &ParameterSet<f64>,
    model: &CharModel<f64>,
    symbols: &[usize],
    carried: &mut [Carried<f64>],
) -> Matrix<f64> {
    let tape = Tape::new();
    let (logits, states) = model.logits(&set.bind(&tape), symbols, 2, carried);
    Carried::store_all(carried, &states);
    logits.value().to_matrix()
}

#[test]
fn a_carried_state_continues_the_sequence() {
    for kind in KINDS {
        let (set, model) = model(kind);
        let symbols = [0, 4, 1, 3, 2, 2, 3, 0];
        let (mut whole, mut parts) = (model.zeros(2), model.zeros(2));
        let all = logits(&set, &model, &symbols, &mut whole);
        let mut pieces = logits(&set, &model, &symbols[..4], &mut parts).into_vec();
        pieces.extend(logits(&set, &model, &symbols[4..], &mut parts).into_vec());
        let pieces = Matrix::from_vec(8, 5, pieces).unwrap();
        assert!(all.max_abs_diff(&pieces) < 1e-14, "{kind}");
        assert!(whole[1].h.max_abs_diff(&parts[1].h) < 1e-14, "{kind}");
        parts.iter_mut().for_each(Carried::reset);
        assert_eq!(parts, model.zeros(2));
    }
}

#[test]
fn symbols_are_one_hot_rows() {
    for kind in KINDS {
        let (mut set, mut rng) = (ParameterSet::<f64>::new(), ChaCha8Rng::seed_from_u64(1));
        let cell = kind.build(&mut set, "layer", 5, 4, &mut rng);
        let tape = Tape::new();
        let p = set.bind(&tape);
        let symbols = [3, 0, 3];
        let product = cell
            .project(&p, tape.one_hot(&symbols, 5))
            .value()
            .to_matrix();
        let looked_up = cell
            .project_symbols(&p, &symbols)
            .rows(0..symbols.len())
            .value()
            .to_matrix();
        assert!(product.max_abs_diff(&looked_up) < 1e-15);
    }
}

#[test]
fn nodes_have_the_names_of_the_lecture() {
    let (set, model) = model(CellKind::Lstm);
    let tape = Tape::new();
    let (_, states) = model.logits(&set.bind(&tape), &[0, 1, 2, 3], 1, &model.zeros(1));
    assert_eq!(states[1].h.info().label(), "lstm2/h.3");
    assert_eq!(states[0].c.unwrap().info().label(), "lstm1/c.3");
}

#[test]
fn a_second_pass_allocates_nothing() {
    let (set, model) = model(CellKind::Gru);
    let mut tape = Tape::new();
    let model = model.with_dropout(0.3);
    let mut pass = || {
        let p = set.bind(&tape).training(7);
        let (y, _) = model.logits(&p, &[0, 1, 2, 3], 1, &model.zeros(1));
        drop(y.cross_entropy(&[1, 2, 3, 4]).backward());
        tape.clear();
        tape.stats().allocated
    };
    let first = pass();
    assert_eq!(pass(), first);
}

#[test]
fn dropout_keeps_the_expected_value() {
    let tape = Tape::<f64>::new();
    let x = tape.var(Matrix::filled(100, 100, 2.0));
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    assert!(dropout(x, 0.0, &mut rng) == x);
    let y = dropout(x, 0.25, &mut rng);
    assert!((y.mean().item() - 2.0).abs() < 0.05);
    assert!(
        y.value()
            .iter()
            .all(|v| v == 0.0 || (v - 2.0 / 0.75).abs() < 1e-12)
    );
}

#[test]
fn kinds_have_names() {
    for kind in KINDS {
        assert_eq!(kind.to_string().parse(), Ok(kind));
    }
    assert!("gnu".parse::<CellKind>().is_err());
}

#[test]
fn an_embedding_is_its_rows() {
    let mut set = ParameterSet::<f64>::new();
    let embedding = Embedding::new(&mut set, "words", 4, 3, &mut ChaCha8Rng::seed_from_u64(1));
    let tape = Tape::new();
    let p = set.bind(&tape);
    let rows = embedding.apply(&p, &[2, 0, 2]);
    assert_eq!(rows.value().row(0), set.get(embedding.e).view().row(2));
    let gradient = rows.sum().backward().of(p.var(embedding.e));
    assert_eq!(gradient.view().row(2), [2.0; 3]);
}

#[test]
fn a_generator_gives_the_logits_of_the_unrolled_model() {
    for kind in KINDS {
        let (set, model) = model(kind);
        let symbols = [3, 0, 1, 4, 4, 2, 0, 3]; // four steps of two texts
        let tape = Tape::new();
        let (logits, states) = model.logits(&set.bind(&tape), &symbols, 2, &model.zeros(2));
        let mut generator = Generator::new(&model, &set, 2);
        for (t, symbols) in symbols.chunks(2).enumerate() {
            let expected = logits.value().rows(2 * t..2 * t + 2).to_matrix();
            let found = generator.read(symbols).to_matrix();
            assert!(found.max_abs_diff(&expected) < 1e-14, "{kind}, step {t}");
        }
        for (carried, state) in generator.states().iter().zip(&states) {
            assert!(carried.h.max_abs_diff(&state.h.value().to_matrix()) < 1e-14);
        }
    }
}

/// As written in [`autograd::Tape::round_weights`]: what a row is multiplied with keeps the upper half of its bits.
#[test]
fn a_generator_with_rounded_weights_is_one_whose_weights_have_been_rounded() {
    let round = |x: f32| f32::from_bits((x.to_bits() + 0x7fff + (x.to_bits() >> 16 & 1)) & !0xffff);
    for kind in KINDS {
        let (mut set, mut rng) = (ParameterSet::<f32>::new(), ChaCha8Rng::seed_from_u64(1));
        let model = CharModel::new(&mut set, kind, 5, 40, 2, &mut rng);
        let mut rounded = set.clone();
        let ids: Vec<_> = set.ids().collect();
        let is_factor = |name: &str| name.ends_with(['U', 'W', 'V']) && !name.ends_with("1.U");
        for id in ids.into_iter().filter(|&id| is_factor(set.name(id))) {
            *rounded.get_mut(id) = set.get(id).map(round);
        }
        let mut by_tape = Generator::new(&model, &set, 1).with_rounded_weights();
        let mut by_hand = Generator::new(&model, &rounded, 1);
        let mut exact = Generator::new(&model, &set, 1);
        for symbol in [3, 0, 1, 4] {
            let found = by_tape.read(&[symbol]).to_matrix();
            assert_eq!(found, by_hand.read(&[symbol]).to_matrix(), "{kind}");
            let error = found.max_abs_diff(&exact.read(&[symbol]).to_matrix());
            assert!((1e-6..1e-2).contains(&error), "{kind}: {error}");
        }
    }
}

/// The shapes are known before there are parameters: both must say the same.
#[test]
fn a_model_has_the_parameters_that_were_foretold() {
    for (kind, layers) in KINDS.into_iter().flat_map(|k| [(k, 1), (k, 2), (k, 3)]) {
        let mut set = ParameterSet::<f32>::new();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        CharModel::new(&mut set, kind, 5, 4, layers, &mut rng);
        let made = set
            .ids()
            .map(|id| (set.name(id).to_string(), set.get(id).shape()));
        let foretold = CharModel::parameter_shapes(kind, 5, 4, layers);
        assert!(foretold.eq(made), "{kind}, {layers} layers: {set:?}");
    }
}

#[test]
fn shapes_beyond_any_memory_can_be_asked_for() {
    let shapes = CharModel::parameter_shapes(CellKind::Lstm, 5, usize::MAX, usize::MAX);
    for (name, shape) in shapes.take(20) {
        assert!(
            shape.rows == usize::MAX || shape.cols == usize::MAX,
            "{name} {shape}"
        );
    }
}
