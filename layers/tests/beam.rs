//! Beam search: against the enumeration of all sequences, against greedy decoding, and with networks.

use autograd::{Matrix, Scalar, Tape};
use layers::{
    Beam, Carried, Cell, DecodingError, GatherRows, Hypothesis, Linear, Lstm, ParameterSet, State,
    Stop, beam_search, greedy, unroll,
};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::ChaCha8Rng};

/// A Markov chain of second order: the state is the symbol before the last.
#[derive(Clone, Debug)]
struct Chain {
    symbols: usize,
    /// Row V·before + last has the logits of the next symbol.
    table: Matrix<f64>,
}

impl Chain {
    fn step(&self, symbols: &[usize], before: Matrix<f64>) -> (Matrix<f64>, Matrix<f64>) {
        let rows: Vec<_> = (0..symbols.len())
            .map(|r| self.symbols * before[(r, 0)] as usize + symbols[r])
            .collect();
        let last = Matrix::from_fn(symbols.len(), 1, |r, _| symbols[r] as f64);
        (self.table.gather_rows(&rows), last)
    }

    fn search(&self, stop: Stop, beam: Beam) -> Vec<Hypothesis> {
        let step = |symbols: &[usize], before| {
            assert!(symbols.len() <= beam.width);
            self.step(symbols, before)
        };
        beam_search(0, Matrix::scalar(0.0), stop, beam, step).unwrap()
    }

    /// Every sequence that there is, with its log-probability, the best first.
    fn enumerate(&self, stop: Stop, beam: Beam) -> Vec<Hypothesis> {
        let mut complete = Vec::new();
        let mut open = vec![(Hypothesis::default(), [0, 0])];
        while let Some((hypothesis, [before, last])) = open.pop() {
            if hypothesis.finished || hypothesis.symbols.len() == stop.max_length {
                complete.push(hypothesis);
                continue;
            }
            let logits = self.table.row(self.symbols * before + last);
            let total: f64 = logits.iter().map(|x| x.exp()).sum();
            for symbol in 0..self.symbols {
                let mut next = hypothesis.clone();
                next.log_probability += (logits[symbol].exp() / total).ln();
                match Some(symbol) == stop.end {
                    true => next.finished = true,
                    false => next.symbols.push(symbol),
                }
                let lp = (5.0 + next.length() as f64).powf(beam.alpha) / 6f64.powf(beam.alpha);
                next.score = next.log_probability / lp;
                open.push((next, [last, symbol]));
            }
        }
        complete.retain(|hypothesis| hypothesis.score > f64::NEG_INFINITY);
        complete.sort_by(|a, b| b.score.total_cmp(&a.score));
        complete
    }
}

/// With some symbols that are impossible.
fn chains() -> impl Strategy<Value = Chain> {
    let logit = prop_oneof![8 => -5.0..5.0, 1 => Just(f64::NEG_INFINITY)];
    (1..4_usize).prop_flat_map(move |symbols| {
        let logits = prop::collection::vec(logit.clone(), symbols.pow(3));
        logits.prop_map(move |logits| {
            let mut table = Matrix::from_vec(symbols.pow(2), symbols, logits).unwrap();
            for r in 0..table.row_count() {
                table[(r, r % symbols)] = 0.5; // something is possible everywhere
            }
            Chain { symbols, table }
        })
    })
}

fn stops() -> impl Strategy<Value = Stop> {
    (prop::option::of(Just(0)), 0..5_usize).prop_map(|(end, max_length)| Stop { end, max_length })
}

fn alphas() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), 0.0..3.0]
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-12
}

proptest! {
    #[test]
    fn a_beam_that_holds_all_prefixes_finds_what_enumeration_finds(
        chain in chains(), stop in stops(), n_best in 1..6_usize, alpha in alphas(),
    ) {
        let width = chain.symbols.pow(stop.max_length as u32).max(n_best);
        let beam = Beam { width, n_best, alpha };
        let (all, found) = (chain.enumerate(stop, beam), chain.search(stop, beam));
        prop_assert_eq!(found.len(), n_best.min(all.len()));
        for (found, best) in found.iter().zip(&all) {
            prop_assert!(close(found.score, best.score), "{found:?} for {best:?}");
            let same = |h: &&Hypothesis| (&h.symbols, h.finished) == (&found.symbols, found.finished);
            let same = all.iter().find(same).expect("a sequence that there is");
            prop_assert!(close(found.log_probability, same.log_probability));
            prop_assert!(close(found.score, same.score));
        }
        for (i, hypothesis) in found.iter().enumerate() {
            prop_assert!(!found[..i].contains(hypothesis));
        }
    }

    #[test]
    fn a_beam_of_one_is_greedy(chain in chains(), stop in stops()) {
        let beam = Beam { width: 1, n_best: 1, alpha: 0.0 };
        let step = |symbols: &[usize], before| chain.step(symbols, before);
        prop_assert_eq!(chain.search(stop, beam), greedy(&[0], Matrix::scalar(0.0), stop, step).unwrap());
    }

    #[test]
    fn hypotheses_of_a_narrow_beam_are_sequences_with_their_scores_in_order(
        chain in chains(), stop in stops(), width in 1..5_usize, alpha in alphas(),
    ) {
        let beam = Beam { width, n_best: width, alpha };
        let (all, found) = (chain.enumerate(stop, beam), chain.search(stop, beam));
        prop_assert!(!found.is_empty());
        prop_assert!(found.is_sorted_by(|a, b| a.score >= b.score));
        for found in &found {
            let same = |h: &&Hypothesis| (&h.symbols, h.finished) == (&found.symbols, found.finished);
            let same = all.iter().find(same).expect("a sequence that there is");
            prop_assert!(close(found.log_probability, same.log_probability));
            prop_assert!(close(found.score, same.score));
            if alpha == 0.0 {
                prop_assert_eq!(found.score, found.log_probability);
            }
        }
    }
}

/// A network that was not trained, but far from uniform.
struct Network {
    set: ParameterSet<f64>,
    lstm: Lstm,
    output: Linear,
}

const V: usize = 5;
const START: usize = 0;
const END: usize = 4;

impl Network {
    fn new(seed: u64) -> Self {
        let rng = &mut ChaCha8Rng::seed_from_u64(seed);
        let mut set = ParameterSet::new();
        let lstm = Lstm::new(&mut set, "lstm1", V, 6, rng);
        let output = Linear::new(&mut set, "output", 6, V, rng);
        for id in [lstm.weights.u, lstm.weights.w, output.v] {
            set.get_mut(id)
                .data_mut()
                .iter_mut()
                .for_each(|x| *x *= 6.0);
        }
        Network { set, lstm, output }
    }

    /// With states on a tape that grows with every step.
    fn search_on_one_tape(&self, stop: Stop, beam: Beam) -> Vec<Hypothesis> {
        let tape = Tape::new();
        let p = self.set.bind(&tape);
        let start = self.lstm.initial_state(&p, 1);
        let search = beam_search(
            START,
            start,
            stop,
            beam,
            |symbols, state: State<'_, f64>| {
                let x = tape.constant(Matrix::one_hot(symbols, V));
                let state = self.lstm.step(&p, self.lstm.project(&p, x), state);
                (self.output.apply(&p, state.h).value().to_matrix(), state)
            },
        );
        search.unwrap()
    }

    /// With states carried from one small tape to the next.
    fn search_step_by_step(&self, stop: Stop, beam: Beam) -> Vec<Hypothesis> {
        let mut tape = Tape::new();
        let start = vec![Carried::zeros(1, 6, true)];
        let search = beam_search(START, start, stop, beam, |symbols, mut carried| {
            tape.clear();
            let p = self.set.bind(&tape);
            let zx = self.lstm.project_symbols(&p, symbols);
            let state = carried[0].on(&tape);
            let state = unroll(&self.lstm, &p, zx, symbols.len(), state).state;
            Carried::store_all(&mut carried, &[state]);
            (self.output.apply(&p, state.h).value().to_matrix(), carried)
        });
        search.unwrap()
    }

    /// ln p of symbols that are known, all read in one go.
    fn log_probability(&self, symbols: &[usize]) -> f64 {
        let tape = Tape::new();
        let p = self.set.bind(&tape);
        let read: Vec<_> = [START]
            .iter()
            .chain(symbols)
            .copied()
            .take(symbols.len())
            .collect();
        let zx = self.lstm.project_symbols(&p, &read);
        let h = unroll(&self.lstm, &p, zx, 1, self.lstm.initial_state(&p, 1)).stacked();
        let log_p = self.output.apply(&p, h).log_softmax().value().to_matrix();
        symbols
            .iter()
            .enumerate()
            .map(|(t, &s)| log_p[(t, s)])
            .sum()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_networks_hypotheses_have_the_probability_of_teacher_forcing(seed: u64, width in 1..6_usize) {
        let network = Network::new(seed);
        let stop = Stop { end: Some(END), max_length: 8 };
        let beam = Beam { width, n_best: width, alpha: 0.6 };
        let found = network.search_on_one_tape(stop, beam);
        for found in &found {
            let mut symbols = found.symbols.clone();
            symbols.extend(stop.end.filter(|_| found.finished));
            let expected = network.log_probability(&symbols);
            prop_assert!((found.log_probability - expected).abs() < 1e-10);
        }
        let carried = network.search_step_by_step(stop, beam);
        prop_assert_eq!(found.len(), carried.len());
        for (found, carried) in found.iter().zip(&carried) {
            prop_assert_eq!(&found.symbols, &carried.symbols);
            prop_assert!((found.score - carried.score).abs() < 1e-10);
        }
    }

    #[test]
    fn gathered_states_have_the_rows_asked_for(rows in prop::collection::vec(0..3_usize, 1..6)) {
        let h = Matrix::from_fn(3, 2, |r, c| (10 * r + c) as f64);
        let carried = Carried { h: h.clone(), c: Some(h.map(|x| -x)) };
        let expected = Matrix::from_fn(rows.len(), 2, |r, c| h[(rows[r], c)]);
        let tape = Tape::new();
        let (state, carried) = (carried.on(&tape), vec![(carried, h)].gather_rows(&rows));
        prop_assert_eq!(&carried[0].1, &expected);
        prop_assert_eq!(&carried[0].0.h, &expected);
        prop_assert_eq!(carried[0].0.c.as_ref().unwrap(), &expected.map(|x| -x));
        let state = state.gather_rows(&rows);
        prop_assert_eq!(state.h.value().to_matrix(), expected.clone());
        prop_assert_eq!(state.c.unwrap().value().to_matrix(), expected.map(|x| -x));
        prop_assert_eq!(state.h.gather_rows(&[0]).value().to_matrix(), expected.rows(0..1).to_matrix());
    }
}

/// A model with the same logits after every symbol; counts its steps.
fn constant<T: Scalar>(
    logits: &[f64],
    steps: &mut usize,
) -> impl FnMut(&[usize], ()) -> (Matrix<T>, ()) {
    move |symbols, ()| {
        *steps += 1;
        let row = |_, c| T::from_f64(logits[c]);
        (Matrix::from_fn(symbols.len(), logits.len(), row), ())
    }
}

#[test]
fn the_search_is_over_when_nothing_better_can_come() {
    let stop = Stop {
        end: Some(1),
        max_length: 1000,
    };
    for (end, n_best, alpha, expected) in [
        (0.8, 1, 0.0, 1),
        (0.8, 2, 0.0, 2),
        (0.8, 1, 0.1, 1),
        (0.5, 1, 0.0, 1), // what is as good does not beat it
        (0.4, 1, 0.0, 2),
    ] {
        let logits = [1.0 - end, end].map(f64::ln);
        let beam = Beam {
            width: 2,
            n_best,
            alpha,
        };
        let mut steps = 0;
        let found = beam_search(0, (), stop, beam, constant::<f32>(&logits, &mut steps)).unwrap();
        assert_eq!((found.len(), steps), (n_best, expected));
        assert!(found.iter().all(|hypothesis| hypothesis.finished));
    }
}

#[test]
fn length_normalisation_prefers_the_longer() {
    let stop = Stop {
        end: Some(1),
        max_length: 6,
    };
    let logits = [0.45, 0.55].map(f64::ln);
    let length = |alpha| {
        let beam = Beam {
            width: 4,
            n_best: 1,
            alpha,
        };
        beam_search(0, (), stop, beam, constant::<f64>(&logits, &mut 0)).unwrap()[0].length()
    };
    assert_eq!(length(0.0), 1);
    assert_eq!(length(5.0), 6);
}

#[test]
fn of_equal_sequences_the_lower_symbols_come_first() {
    let stop = Stop {
        end: None,
        max_length: 2,
    };
    let beam = Beam {
        width: 3,
        n_best: 3,
        ..Beam::default()
    };
    let found = beam_search(0, (), stop, beam, constant::<f32>(&[0.0; 5], &mut 0)).unwrap();
    let symbols: Vec<_> = found.iter().map(|found| found.symbols.as_slice()).collect();
    assert_eq!(symbols, [[0, 0], [0, 1], [0, 2]]);
}

#[test]
fn the_penalty_is_the_papers() {
    let beam = Beam::default();
    assert_eq!(beam.length_penalty(1), 1.0);
    assert!((beam.length_penalty(10) - 15f64.powf(0.6) / 6f64.powf(0.6)).abs() < 1e-12);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let stop = Stop {
        end: Some(1),
        max_length: 3,
    };
    let search = |stop, beam| {
        let found = beam_search(0, (), stop, beam, constant::<f64>(&[0.0; 2], &mut 0));
        found.unwrap_err().to_string()
    };
    let beam = Beam::default();
    let told = search(stop, Beam { width: 0, ..beam });
    assert_eq!(told, "a beam of width 0 has room for no hypothesis");
    let told = search(stop, Beam { n_best: 5, ..beam });
    assert_eq!(
        told,
        "the 5 best of a beam of width 4: from 1 to 4 can be had"
    );
    let told = search(stop, Beam { n_best: 0, ..beam });
    assert_eq!(
        told,
        "the 0 best of a beam of width 4: from 1 to 4 can be had"
    );
    for alpha in [-0.5, f64::NAN, f64::INFINITY] {
        let told = search(stop, Beam { alpha, ..beam });
        assert!(
            told.starts_with("a length normalisation with α = "),
            "{told}"
        );
    }
    let end = Some(2);
    let told = search(Stop { end, ..stop }, beam);
    assert!(told.starts_with("the end symbol 2 is not below"), "{told}");
}

#[test]
fn a_logit_that_is_none_is_told_with_step_row_and_symbol() {
    let stop = Stop {
        end: None,
        max_length: 3,
    };
    let step = |symbols: &[usize], ()| {
        let mut logits = Matrix::zeros(symbols.len(), 3);
        if symbols.len() == 3 {
            logits[(2, 1)] = f32::NAN;
        }
        (logits, ())
    };
    let error = beam_search(0, (), stop, Beam::default(), step).unwrap_err();
    assert!(matches!(
        error,
        DecodingError::Logits {
            step: Some(1),
            row: 2,
            ..
        }
    ));
    assert_eq!(
        error.to_string(),
        "step 1, row 2: the logit of symbol 1 is NaN"
    );
}
