//! Whole models in PyTorch's names: there and back to the bit, and all that does not fit in one error.

use autograd::Matrix;
use layers::torch::{Mapping, StateDict};
use layers::{
    Bidirectional, Embedding, Gru, LayerNorm, Linear, Lstm, ParameterSet, Reset, SimpleRnn,
};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::ChaCha8Rng};

/// Every layer that PyTorch has too, under names as a module with modules in it has them.
fn model(seed: u64, input: usize, hidden: usize) -> (ParameterSet<f64>, Mapping) {
    let (set, rng) = (
        &mut ParameterSet::new(),
        &mut ChaCha8Rng::seed_from_u64(seed),
    );
    let embedding = Embedding::new(set, "words", 5, input, rng);
    let mut lstm =
        |name, input| Bidirectional::new(name, |name| Lstm::new(set, name, input, hidden, rng));
    let lstms = [lstm("lstm1", input), lstm("lstm2", 2 * hidden)];
    let mut gru = |name, input| {
        Bidirectional::new(name, |name| {
            Gru::new(set, name, input, hidden, Reset::After, rng)
        })
    };
    let grus = [gru("gru1", input), gru("gru2", 2 * hidden)];
    let rnn = SimpleRnn::new(set, "rnn1", input, hidden, rng);
    let norm = LayerNorm::new(set, "norm", hidden);
    let gain = LayerNorm::without_bias(set, "gain", hidden);
    let output = Linear::new(set, "output", hidden, 3, rng);
    for id in set.ids() {
        let shape = set.get(id).shape();
        *set.get_mut(id) = layers::uniform(shape.rows, shape.cols, 1.0, rng);
    }
    let mapping = Mapping::new()
        .layer("words.*", &embedding)
        .recurrent(
            "reader.encoder",
            &[
                &[&lstms[0].forward.0, &lstms[0].backward.0],
                &[&lstms[1].forward.0, &lstms[1].backward.0],
            ],
        )
        .recurrent(
            "reader.decoder",
            &[
                &[&grus[0].forward.0, &grus[0].backward.0],
                &[&grus[1].forward.0, &grus[1].backward.0],
            ],
        )
        .recurrent("", &[&[&rnn]])
        .layer("norms.0.*", &norm)
        .layer("norms.1.*", &gain)
        .layer("head.*", &output);
    (set.clone(), mapping)
}

#[track_caller]
fn assert_equal(ours: &ParameterSet<f64>, theirs: &ParameterSet<f64>) {
    assert_eq!(ours.len(), theirs.len());
    for (a, b) in ours.ids().zip(theirs.ids()) {
        assert_eq!(ours.get(a), theirs.get(b), "{}", ours.name(a));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn there_and_back_to_the_bit(seed: u64, input in 1usize..5, hidden in 1usize..5) {
        let (ours, mapping) = model(seed, input, hidden);
        let state = mapping.export(&ours);
        let (mut other, of_other) = model(seed.wrapping_add(1), input, hidden);
        of_other.import(&mut other, &state).unwrap();
        assert_equal(&other, &ours);
        prop_assert_eq!(of_other.export(&other), state);
    }

    #[test]
    fn any_one_tensor_that_does_not_fit_is_named_and_changes_nothing(which: prop::sample::Index, rows in 1usize..9) {
        let (mut set, mapping) = model(1, 2, 3);
        let (before, state) = (set.clone(), mapping.export(&set));
        let name = which.get(&state.keys().collect::<Vec<_>>()).to_string();

        let mut other = state.clone();
        let tensor = other.remove(&name).unwrap();
        let renamed = format!("{name}.old");
        other.insert(renamed.clone(), tensor.clone());
        let error = mapping.import(&mut set, &other).unwrap_err();
        prop_assert_eq!(&error.left_over, &[renamed]);
        // Biases may be left out, of a recurrent layer both of them.
        if name.ends_with("bias") {
            prop_assert!(error.missing.is_empty());
        } else {
            prop_assert_eq!(&error.missing[0].0, &name);
        }
        assert_equal(&set, &before);

        let found = Matrix::zeros(rows, tensor.col_count() + 1);
        let mut other = state.clone();
        other.insert(name.clone(), found.clone());
        let error = mapping.import(&mut set, &other).unwrap_err();
        let (found_name, found_shape, _, expected) = &error.shapes[0];
        prop_assert_eq!((error.shapes.len(), found_name, found_shape), (1, &name, &found.shape()));
        prop_assert_eq!(*expected, tensor.shape());
        assert_equal(&set, &before);
    }
}

#[test]
fn all_that_does_not_fit_is_in_one_line() {
    let (mut set, mapping) = model(1, 2, 3);
    let (before, mut state) = (set.clone(), mapping.export(&set));
    state.remove("words.weight");
    state.remove("reader.encoder.bias_hh_l1_reverse");
    state.insert("head.weight".into(), Matrix::zeros(2, 8));
    state.insert("reader.decoder.bias_ih_l0".into(), Matrix::zeros(1, 8));
    state.insert("reader.decoder.bias_hh_l0".into(), Matrix::zeros(1, 7));
    state.insert("head.scale".into(), Matrix::zeros(1, 1));
    state.insert("steps".into(), Matrix::zeros(1, 1));
    let error = mapping.import(&mut set, &state).unwrap_err();
    let expected = "missing: words.weight for words.E, reader.encoder.bias_hh_l1_reverse for lstm2.backward.b; \
                    left over: head.scale, steps; \
                    reader.decoder.bias_ih_l0 is [1, 8], and gru1.forward.b is [1, 9]; \
                    reader.decoder.bias_hh_l0 is [1, 7], and gru1.forward.b is [1, 9]; \
                    head.weight is [2, 8], and output.V is [3, 3]";
    assert_eq!(error.to_string(), expected);
    assert_equal(&set, &before);
}

#[test]
fn without_biases_they_are_zeros() {
    let (mut set, mapping) = model(1, 2, 3);
    let mut state = mapping.export(&set);
    state.retain(|name, _| !name.contains("bias"));
    mapping.import(&mut set, &state).unwrap();
    for id in set.ids() {
        let is_bias = ["b", "c", "d", "bias"].contains(&set.name(id).rsplit('.').next().unwrap());
        assert_eq!(set.get(id).norm() == 0.0, is_bias, "{}", set.name(id));
    }
}

#[test]
fn vectors_are_biases_and_what_a_norm_has() {
    let (set, mapping) = model(1, 2, 3);
    let vectors = mapping.vectors();
    for name in mapping.export(&set).keys() {
        let is_vector = name.contains("bias") || name.starts_with("norms");
        assert_eq!(vectors.contains(name), is_vector, "{name}");
    }
    let recurrent = 2 * 4 + 2 * 4 + 2; // biases of two layers of both directions, twice, and of one
    assert_eq!(vectors.len(), recurrent + 3 + 1);
}

#[test]
fn the_table_is_text() {
    let (set, rng) = (
        &mut ParameterSet::<f32>::new(),
        &mut ChaCha8Rng::seed_from_u64(1),
    );
    let gru = Gru::new(set, "gru1", 2, 3, Reset::After, rng);
    let norm = LayerNorm::new(set, "norm", 3);
    let mapping = Mapping::new()
        .recurrent("reader", &[&[&gru]])
        .layer("norm.*", &norm);
    let expected = "\
reader.weight_ih_l0  gru1.U [9, 2]
reader.weight_hh_l0  gru1.W [9, 3]
reader.bias_ih_l0    gru1.b [1, 9]
reader.bias_hh_l0    gru1.b [1, 9], gru1.c [1, 3]
norm.weight          norm.gain [1, 3]
norm.bias            norm.bias [1, 3]
";
    assert_eq!(mapping.table(set), expected);
    assert_eq!(mapping.export(set).len(), expected.lines().count());
}

#[test]
fn both_biases_are_one_but_for_what_a_gru_resets() {
    let (set, rng) = (
        &mut ParameterSet::<f64>::new(),
        &mut ChaCha8Rng::seed_from_u64(1),
    );
    let gru = Gru::new(set, "gru1", 1, 1, Reset::After, rng);
    let mapping = Mapping::new().recurrent("", &[&[&gru]]);
    let state = StateDict::from([
        ("weight_ih_l0".into(), Matrix::from([[1.0], [2.0], [3.0]])),
        ("weight_hh_l0".into(), Matrix::from([[4.0], [5.0], [6.0]])),
        ("bias_ih_l0".into(), Matrix::from([[1.0, 2.0, 3.0]])),
        ("bias_hh_l0".into(), Matrix::from([[10.0, 20.0, 30.0]])),
    ]);
    mapping.import(set, &state).unwrap();
    assert_eq!(set.get(gru.weights.b), &Matrix::from([[11.0, 22.0, 3.0]]));
    assert_eq!(set.get(gru.c.unwrap()), &Matrix::from([[30.0]]));
}

#[test]
#[should_panic(expected = "layer 0 of encoder has 3 cells: it has one, or one for each direction")]
fn a_layer_has_two_directions_at_most() {
    let (set, rng) = (
        &mut ParameterSet::<f32>::new(),
        &mut ChaCha8Rng::seed_from_u64(1),
    );
    let rnn = SimpleRnn::new(set, "rnn1", 1, 1, rng);
    let _ = Mapping::new().recurrent("encoder", &[&[&rnn, &rnn, &rnn]]);
}

#[test]
#[should_panic(expected = "head.weight is another layer's already")]
fn a_tensor_is_of_one_layer() {
    let (set, rng) = (
        &mut ParameterSet::<f32>::new(),
        &mut ChaCha8Rng::seed_from_u64(1),
    );
    let [first, second] = ["a", "b"].map(|name| Linear::new(set, name, 1, 1, rng));
    let _ = Mapping::new()
        .layer("head.*", &first)
        .layer("head.*", &second);
}
