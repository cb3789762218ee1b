//! Greedy decoding and sampled sequences: chains, batches, ends, refusals.

use autograd::Matrix;
use layers::{
    DecodingError, GatherRows, Hypothesis, Sampling, SamplingError, Stop, greedy, sample_sequence,
};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::ChaCha8Rng};

const V: usize = 4;

/// ln P(next | last), a row for each last symbol.
fn tables() -> impl Strategy<Value = Matrix<f64>> {
    let logits = prop::collection::vec(-4.0..4.0, V * V);
    logits.prop_map(|logits| Matrix::from_vec(V, V, logits).unwrap())
}

/// A Markov chain as a model without a state.
fn chain(table: &Matrix<f64>) -> impl FnMut(&[usize], ()) -> (Matrix<f64>, ()) + use<'_> {
    |symbols, ()| (table.gather_rows(symbols), ())
}

fn softmax(logits: &[f64]) -> Vec<f64> {
    let total: f64 = logits.iter().map(|x| x.exp()).sum();
    logits.iter().map(|x| x.exp() / total).collect()
}

/// The log-probability of what was written, its end included.
fn log_probability(table: &Matrix<f64>, start: usize, written: &Hypothesis, stop: Stop) -> f64 {
    let end = stop.end.filter(|_| written.finished);
    let (mut last, mut sum) = (start, 0.0);
    for symbol in written.symbols.iter().copied().chain(end) {
        sum += softmax(table.row(last))[symbol].ln();
        last = symbol;
    }
    sum
}

proptest! {
    #[test]
    fn greedy_takes_the_most_probable_symbol_up_to_the_end(
        table in tables(), end in prop::option::of(0..V), max_length in 0..8_usize,
        starts in prop::collection::vec(0..V, 0..4),
    ) {
        let stop = Stop { end, max_length };
        let written = greedy(&starts, (), stop, chain(&table)).unwrap();
        prop_assert_eq!(written.len(), starts.len());
        for (&start, written) in starts.iter().zip(&written) {
            let mut next = start;
            for &symbol in &written.symbols {
                next = table.rows(next..next + 1).row_argmax()[0];
                prop_assert_eq!(symbol, next);
                prop_assert_ne!(Some(symbol), end);
            }
            let last = table.rows(next..next + 1).row_argmax()[0];
            match written.finished {
                true => prop_assert_eq!(Some(last), end),
                false => prop_assert_eq!(written.symbols.len(), max_length),
            }
            prop_assert!(written.length() <= max_length);
            let expected = log_probability(&table, start, written, stop);
            prop_assert!((written.log_probability - expected).abs() < 1e-12);
            prop_assert_eq!(written.score, written.log_probability);
        }
    }

    #[test]
    fn a_batch_is_each_of_its_sequences_alone(
        table in tables(), end in prop::option::of(0..V), starts in prop::collection::vec(0..V, 1..5),
    ) {
        let stop = Stop { end, max_length: 6 };
        let together = greedy(&starts, (), stop, chain(&table)).unwrap();
        for (start, together) in starts.into_iter().zip(together) {
            prop_assert_eq!(greedy(&[start], (), stop, chain(&table)).unwrap(), vec![together]);
        }
    }

    #[test]
    fn sampling_with_one_candidate_is_greedy(
        table in tables(), end in prop::option::of(0..V), starts in prop::collection::vec(0..V, 1..5), seed: u64,
    ) {
        let (stop, mut rng) = (Stop { end, max_length: 6 }, ChaCha8Rng::seed_from_u64(seed));
        for sampling in [Sampling::greedy(), Sampling { top_p: Some(1e-9), ..Sampling::default() }] {
            let drawn = sample_sequence(&starts, (), stop, sampling, &mut rng, chain(&table)).unwrap();
            prop_assert_eq!(drawn, greedy(&starts, (), stop, chain(&table)).unwrap());
        }
    }

    #[test]
    fn sampled_sequences_have_the_models_probability_and_repeat_with_their_seed(
        table in tables(), end in prop::option::of(0..V), temperature in 0.2..3.0, seed: u64,
    ) {
        let stop = Stop { end, max_length: 8 };
        let sampling = Sampling { temperature, top_k: Some(3), top_p: Some(0.9) };
        let draw = |seed| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            sample_sequence(&[0; 6], (), stop, sampling, &mut rng, chain(&table)).unwrap()
        };
        let drawn = draw(seed);
        for written in &drawn {
            let expected = log_probability(&table, 0, written, stop);
            prop_assert!((written.log_probability - expected).abs() < 1e-12);
        }
        prop_assert_eq!(drawn, draw(seed));
    }
}

#[test]
fn other_seeds_draw_other_sequences() {
    let table = Matrix::zeros(V, V);
    let stop = Stop {
        end: None,
        max_length: 20,
    };
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let drawn = sample_sequence(
        &[0; 2],
        (),
        stop,
        Sampling::default(),
        &mut rng,
        chain(&table),
    );
    let drawn = drawn.unwrap();
    assert_ne!(drawn[0].symbols, drawn[1].symbols);
    let again = sample_sequence(
        &[0; 2],
        (),
        stop,
        Sampling::default(),
        &mut rng,
        chain(&table),
    );
    assert_ne!(drawn, again.unwrap());
}

#[test]
fn a_sampled_chain_has_the_frequencies_of_its_table() {
    let table = Matrix::from([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.3, 0.4, 0.3]]);
    let logits = table.map(f64::ln);
    let stop = Stop {
        end: None,
        max_length: 40_000,
    };
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let sampling = Sampling::default();
    let drawn = sample_sequence(&[0], (), stop, sampling, &mut rng, chain(&logits)).unwrap();
    let mut counts = Matrix::zeros(3, 3);
    for pair in drawn[0].symbols.windows(2) {
        counts[(pair[0], pair[1])] += 1.0;
    }
    for (counts, probabilities) in counts.row_iter().zip(table.row_iter()) {
        let total: f64 = counts.iter().sum();
        for (count, probability) in counts.iter().zip(probabilities) {
            assert!((count / total - probability).abs() < 0.015);
        }
    }
}

#[test]
fn of_equal_symbols_the_lowest_is_taken() {
    let stop = Stop {
        end: None,
        max_length: 2,
    };
    let written = greedy(&[3], (), stop, chain(&Matrix::zeros(V, V))).unwrap();
    assert_eq!(written[0].symbols, [0, 0]);
}

#[test]
fn what_is_finished_reads_its_end_and_the_last_one_to_finish_ends_it() {
    // 0 goes to 1, 1 to 2, 2 to the end 3.
    let table = Matrix::from_fn(V, V, |r, c| if c == r + 1 { 0.0 } else { -50.0 });
    let mut read = Vec::new();
    let step = |symbols: &[usize], steps: usize| {
        read.push(symbols.to_vec());
        (table.gather_rows(symbols), steps + 1)
    };
    let stop = Stop {
        end: Some(3),
        max_length: 100,
    };
    let written = greedy(&[2, 0], 0, stop, step).unwrap();
    assert_eq!(read, [[2, 0], [3, 1], [3, 2]]);
    assert_eq!(written[1].symbols, [1, 2]);
    assert!(written.iter().all(|hypothesis| hypothesis.finished));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let stop = Stop {
        end: Some(V),
        max_length: 3,
    };
    let table = Matrix::zeros(V, V);
    let error = greedy(&[0], (), stop, chain(&table)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the end symbol 4 is not below the 4 symbols that the model has logits for"
    );
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let sampling = Sampling {
        top_p: Some(0.0),
        ..Sampling::default()
    };
    let stop = Stop { end: None, ..stop };
    let error = sample_sequence(&[0], (), stop, sampling, &mut rng, chain(&table));
    assert_eq!(
        error,
        Err(DecodingError::Sampling(SamplingError::TopP(0.0)))
    );
}

#[test]
fn logits_that_are_none_are_told_with_step_row_and_symbol() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let stop = Stop {
        end: None,
        max_length: 10,
    };
    for (value, told) in [
        (f64::NAN, "step 2, row 1: the logit of symbol 3 is NaN"),
        (f64::INFINITY, "step 2, row 1: the logit of symbol 3 is inf"),
    ] {
        let step = |symbols: &[usize], t: usize| {
            let mut logits = Matrix::zeros(symbols.len(), V);
            if t == 2 {
                logits[(1, 3)] = value;
            }
            (logits, t + 1)
        };
        let error = greedy(&[0; 2], 0, stop, step).unwrap_err();
        assert_eq!(error.to_string(), told);
        let sampling = Sampling::default();
        let error = sample_sequence(&[0; 2], 0, stop, sampling, &mut rng, step).unwrap_err();
        assert_eq!(error.to_string(), told);
    }
    let nothing = |symbols: &[usize], ()| {
        let logits = Matrix::filled(symbols.len(), V, f64::NEG_INFINITY);
        (logits, ())
    };
    assert_eq!(
        greedy(&[0], (), stop, nothing).unwrap_err().to_string(),
        "step 0, row 0: all 4 logits are -inf, which leaves nothing to choose from"
    );
}
