//! Mistakes are told in the user's words, with the user's line.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::Once;

use autograd::{Matrix, Tape};
use layers::loss::{
    BinaryCrossEntropy, CrossEntropy, Ctc, MixtureDensity, Reduction, absolute_error, huber_error,
    squared_error,
};
use layers::{
    Beam, Bound, Carried, Cell, CellKind, CharModel, Embedding, Forward, GatherRows, Generator,
    Gru, Init, Layer, LayerNorm, LayerNormGru, LayerNormLstm, Lengths, Linear, Lstm, ParameterSet,
    Reset, Residual, Sampling, Sequence, SimpleRnn, Stack, State, Stop, Weights, beam_search,
    dropout, greedy, scheduled_inputs, torch, uniform, unroll, unroll_in_segments,
};
use rand::{SeedableRng, rngs::ChaCha8Rng};

thread_local! {
    static PANIC: RefCell<Option<(String, u32)>> = const { RefCell::new(None) };
}

/// The message of a panic that names a line of `f`, which follows the caller's.
#[track_caller]
fn message<R>(f: impl FnOnce() -> R) -> String {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let default = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            default(info);
            let place = info.location().expect("a panic has a place");
            PANIC.set(Some((place.file().to_string(), place.line())));
        }));
    });
    let caller = Location::caller();
    let outcome = catch_unwind(AssertUnwindSafe(|| drop(f())));
    let panic = outcome.expect_err("nothing was refused");
    let text = match panic.downcast_ref::<&str>() {
        Some(text) => text.to_string(),
        None => *panic.downcast::<String>().expect("a panic has a text"),
    };
    let (file, line) = PANIC.take().expect("the hook has seen it");
    let lines = caller.line()..caller.line() + 12;
    assert!(
        file == caller.file() && lines.contains(&line),
        "{text}\nat {file}:{line}"
    );
    text
}

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(1)
}

/// Three inputs, four units.
fn lstm() -> (ParameterSet<f64>, Lstm) {
    let mut set = ParameterSet::new();
    let lstm = Lstm::new(&mut set, "lstm1", 3, 4, &mut rng());
    (set, lstm)
}

#[test]
fn a_projection_says_what_the_layer_takes() {
    let (set, lstm) = lstm();
    let tape = Tape::new();
    let p = set.bind(&tape);
    let x = |cols| tape.zeros(6, cols).named("x");
    assert_eq!(
        message(|| lstm.project(&p, x(5))),
        "lstm1: project: x [6, 5] has 5 columns: the layer has 3 inputs"
    );
    assert_eq!(
        message(|| lstm.project(&p, tape.zeros(6, 4).named("h"))),
        "lstm1: project: h [6, 4] has 4 columns: the layer has 3 inputs, and this is as wide as its \
         hidden state"
    );
    assert_eq!(
        message(|| lstm.project(&p, lstm.project(&p, x(3)))),
        "lstm1: project: lstm1/zx [6, 16] has 16 columns: the layer has 3 inputs, and this is as \
         wide as what project() gives"
    );
    let other = Tape::new();
    let elsewhere = other.zeros(6, 3).named("x").at(2);
    assert_eq!(
        message(|| lstm.project(&p, elsewhere)),
        "lstm1: project: x.2 [6, 3] is of another tape than the parameter U [16, 3]"
    );
    assert_eq!(
        message(|| lstm.project_symbols(&p, &[0, 2, 3])),
        "lstm1: symbol 3 of row 2 is not below 3"
    );
}

#[test]
fn a_step_and_an_unrolling_say_what_the_layer_takes() {
    let (set, lstm) = lstm();
    let (tape, other) = (Tape::new(), Tape::new());
    let p = set.bind(&tape);
    let x = tape.zeros(6, 3).named("x");
    let zx = lstm.project(&p, x);
    let start = lstm.initial_state(&p, 2);
    let h = start.h;
    let unrolled = |zx, batch, state| unroll(&lstm, &p, zx, batch, state);
    unrolled(zx, 2, start);
    let raw = "x [6, 3] has 3 columns: z_x has 16 (all gates of 4 units), and this is as wide as its \
               input: that goes through project() first";
    assert_eq!(
        message(|| unroll(&lstm, &p, x, 2, start)),
        format!("lstm1: unroll: {raw}")
    );
    assert_eq!(
        message(|| lstm.step(&p, x, start)),
        format!("lstm1: step: {raw}")
    );
    assert_eq!(
        message(|| unroll(&lstm, &p, tape.zeros(6, 15), 2, start)),
        "lstm1: unroll: %11 [6, 15] has 15 columns: z_x has 16 (all gates of 4 units)"
            .replace("%11", &format!("%{}", tape.len() - 1))
    );
    assert_eq!(
        message(|| unroll(&lstm, &p, zx, 4, start)),
        "6 rows are no steps of a mini-batch of 4: T steps of it are T·4 rows, such as 8"
    );
    assert_eq!(
        message(|| unroll(&lstm, &p, zx, 0, start)),
        "a mini-batch of no rows"
    );
    let fits = "a row for each sample, a column for each hidden unit";
    assert_eq!(
        message(|| unroll(&lstm, &p, zx, 3, start)),
        format!("lstm1: unroll: the state lstm1/h [2, 4] would have to be [3, 4]: {fits}")
    );
    let c = Some(tape.zeros(2, 5).named("c"));
    assert_eq!(
        message(|| lstm.step(&p, zx.rows(0..2), State { h, c })),
        format!("lstm1: step: the state c [2, 5] would have to be [2, 4]: {fits}")
    );
    assert_eq!(
        message(|| unroll(&lstm, &p, zx, 2, State { h, c: None })),
        "lstm1: unroll: the state has no c, and the layer's has one"
    );
    let (mut of_rnn, mut rng) = (ParameterSet::new(), rng());
    let rnn = SimpleRnn::new(&mut of_rnn, "rnn1", 3, 16, &mut rng);
    let gru = Gru::new(&mut of_rnn, "", 3, 4, Reset::After, &mut rng);
    let q = of_rnn.bind(&tape);
    assert_eq!(
        message(|| unroll(&rnn, &q, zx, 2, start)),
        "rnn1: unroll: the state has a c, and the layer's has none"
    );
    assert_eq!(
        message(|| gru.step(&q, zx.cols(0..12).rows(0..2), start)),
        "step: the state has a c, and the layer's has none"
    );
    let elsewhere = lstm.initial_state(&set.bind(&other), 2);
    assert_eq!(
        message(|| unroll(&lstm, &p, zx, 2, elsewhere)),
        "lstm1: unroll: the state lstm1/h [2, 4] is of another tape than the parameter W [16, 4]"
    );
    let there = other.zeros(6, 16).named("zx");
    assert_eq!(
        message(|| unroll(&lstm, &p, there, 2, start)),
        "lstm1: unroll: zx [6, 16] is of another tape than the parameter U [16, 3]"
    );
}

#[test]
fn a_stack_says_which_layer() {
    let (mut set, mut rng) = (ParameterSet::<f64>::new(), rng());
    let mut cell = |name, input| CellKind::Lstm.build(&mut set, name, input, 4, &mut rng);
    let (first, second, third) = (cell("lstm1", 3), cell("lstm2", 4), cell("lstm3", 5));
    let stack = Stack::new()
        .with(Forward(first.clone()))
        .with(Forward(second));
    assert_eq!(
        message(|| stack.clone().with(Forward(third.clone()))),
        "lstm3 takes 5 features, and is given 4"
    );
    assert_eq!(
        message(|| {
            let below = Stack::new().with(Linear::new(
                &mut ParameterSet::<f64>::new(),
                "d",
                3,
                3,
                &mut self::rng(),
            ));
            below.with(Residual(Forward(first.clone())))
        }),
        "a residual connection around lstm1: 3 -> 4, which is given 3 features, and gives 4"
    );
    let tape = Tape::new();
    let p = set.bind(&tape);
    let x = Sequence::from_stacked(tape.zeros(6, 3), 2);
    let narrow = Sequence::from_stacked(tape.zeros(6, 2), 2);
    assert_eq!(
        message(|| stack.run(&p, narrow.clone())),
        "lstm1 takes 3 features, and is given 2"
    );
    let start = State {
        h: tape.zeros(2, 4),
        c: Some(tape.zeros(2, 4)),
    };
    assert_eq!(
        message(|| stack.run_from(&p, x.clone(), &[start; 3])),
        "3 states for 2 recurrent layers"
    );
    assert_eq!(message(|| stack.zeros(0)), "a mini-batch of no rows");
    let zx = first.project(&p, x.stacked());
    assert_eq!(
        message(|| unroll_in_segments(&first, &p, zx, 2, start, 0)),
        "segments of no steps: give the steps of each, such as 2"
    );
    assert_eq!(
        message(|| unroll_in_segments(&first, &p, zx, 3, start, 1)),
        "lstm1: unroll: the state %11 [2, 4] would have to be [3, 4]: a row for each sample, a column \
         for each hidden unit"
    );
}

#[test]
fn sequences_say_which_sample_and_step() {
    let tape = Tape::<f64>::new();
    let text = |samples: &[Matrix<f64>]| {
        Sequence::from_samples(&tape, samples)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(text(&[]), "a mini-batch of no samples");
    let (x, mut broken) = (Matrix::zeros(2, 3), Matrix::zeros(4, 3));
    assert_eq!(
        text(&[x.clone(), Matrix::zeros(2, 4)]),
        "sample 1 has 4 features, and sample 0 has 3"
    );
    broken[(2, 1)] = f64::NAN;
    assert_eq!(text(&[x, broken]), "sample 1, step 2, feature 1 is NaN");
    let symbols = |samples: &[Vec<usize>]| {
        Sequence::<f64>::from_symbols(samples)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        symbols(&[vec![1], vec![]]),
        "sample 1 has no steps: leave it out, or give it a step of its own such as an end"
    );
    let lengths = Lengths::new(&[1, 3]).unwrap();
    assert_eq!(
        lengths
            .stack(&[vec![1], vec![1, 2]])
            .unwrap_err()
            .to_string(),
        "sample 1 has 2 steps, and its length is 3"
    );
    assert_eq!(
        lengths.stack(&[vec![1]]).unwrap_err().to_string(),
        "1 samples, and there are lengths for 2"
    );
    assert_eq!(
        message(|| Sequence::from_stacked(tape.zeros(3, 2), &lengths)),
        "3 rows for 2 sequences of 4 steps in all"
    );
    let mut set = ParameterSet::<f64>::new();
    let words = Embedding::new(&mut set, "words", 6, 2, &mut rng());
    let rnn = Forward(SimpleRnn::new(&mut set, "rnn1", 6, 2, &mut rng()));
    let p = set.bind(&tape);
    let x = Sequence::from_symbols(&[vec![1, 2], vec![3, 4, 6, 5]]).unwrap();
    assert_eq!(
        message(|| words.run(&p, x.clone())),
        "words: symbol 6 of sample 1, step 2, is not below 6"
    );
    assert_eq!(
        message(|| rnn.run(&p, x.clone())),
        "rnn1: symbol 6 of sample 1, step 2, is not below 6"
    );
    assert_eq!(
        message(|| x.stacked()),
        "a sequence of symbols has no features: an embedding or a recurrent layer reads it first"
    );
    let features = Sequence::from_stacked(tape.zeros(3, 2), 1);
    assert_eq!(
        message(|| words.run(&p, features)),
        "words: an embedding reads symbols, and these are features"
    );
}

#[test]
fn a_character_model_says_what_it_reads() {
    let mut set = ParameterSet::<f64>::new();
    let model = CharModel::new(&mut set, CellKind::Lstm, 5, 4, 2, &mut rng());
    let tape = Tape::new();
    let (p, zeros) = (set.bind(&tape), model.zeros(2));
    let read = |symbols: &[usize], states: &[Carried<f64>]| -> String {
        let texts = [
            message(|| model.logits(&p, symbols, 2, states)),
            message(|| model.loss_in_segments(&p, (symbols, symbols), 2, states, 2)),
        ];
        assert_eq!(texts[0], texts[1]);
        texts[0].clone()
    };
    assert_eq!(read(&[], &zeros), "a text of no symbols");
    assert_eq!(
        read(&[0, 1, 2], &zeros),
        "3 symbols are no steps of a mini-batch of 2: T steps of it are T·2 symbols, such as 4"
    );
    assert_eq!(
        read(&[0, 1, 2, 5], &zeros),
        "symbol 5 of row 3 is not below 5"
    );
    assert_eq!(
        read(&[0, 1], &zeros[..1]),
        "1 states for 2 recurrent layers"
    );
    let segments = |targets: &[usize], states: &[Carried<f64>]| {
        message(|| model.loss_in_segments(&p, (&[0, 1], targets), 2, states, 2))
    };
    assert_eq!(
        segments(&[0], &zeros),
        "2 symbols and 1 targets: each symbol has one"
    );
    assert_eq!(
        segments(&[0, 7], &zeros),
        "target 7 of row 1 is not below 5"
    );
    assert_eq!(
        segments(&[0, 1], &model.zeros(3)),
        "the state carried for recurrent layer 0 is h [3, 4] and c [3, 4], and would have to be h [2, 4] and c \
         [2, 4]"
    );
    let without = [0, 1].map(|_| Carried::zeros(2, 4, false));
    assert_eq!(
        segments(&[0, 1], &without),
        "the state carried for recurrent layer 0 is h [2, 4] and no c, and would have to be h [2, 4] and c [2, \
         4]"
    );
    assert_eq!(
        message(|| model.logits(&p, &[0, 1], 2, &without)),
        "the state carried for recurrent layer 0 is h [2, 4] and no c, and would have to be h [2, 4] and c [2, \
         4]"
    );
    let mut generator = Generator::new(&model, &set, 2);
    assert_eq!(message(|| generator.read(&[1])), "1 symbols for 2 texts");
    assert_eq!(
        message(|| generator.read(&[1, 5])),
        "symbol 5 of row 1 is not below 5"
    );
    assert_eq!(
        message(|| Generator::new(&model, &set, 0)),
        "a mini-batch of no rows"
    );
    let mut carried = Carried::zeros(2, 4, true);
    let state = model.zeros(3)[1].on(&tape);
    assert_eq!(
        message(|| carried.store(&state)),
        "the state h [3, 4] for a carried one of [2, 4]"
    );
    let state = model.zeros(2)[1].on(&tape);
    assert_eq!(
        message(|| without[0].clone().store(&state)),
        "a state with c for a carried one without it"
    );
    assert_eq!(
        message(|| Carried::store_all(&mut [], &[state])),
        "1 states for 0 layers"
    );
}

#[test]
fn parameters_of_another_model_are_refused() {
    let (set, lstm) = lstm();
    let (other, theirs) = self::lstm();
    let tape = Tape::new();
    let (p, x) = (set.bind(&tape), tape.zeros(6, 3));
    let zx = lstm.project(&p, x);
    let start = lstm.initial_state(&p, 2);
    let of = |doing: &str| {
        format!(
            "lstm1: {doing}: the layer's parameters are of another set than the one that was bound"
        )
    };
    assert_eq!(message(|| theirs.project(&p, x)), of("project"));
    assert_eq!(
        message(|| theirs.project_symbols(&p, &[0])),
        of("project_symbols")
    );
    assert_eq!(message(|| theirs.symbol_table(&p)), of("project"));
    assert_eq!(message(|| unroll(&theirs, &p, zx, 2, start)), of("unroll"));
    let id = theirs.weights.u;
    assert!(!set.contains(id) && other.contains(id));
    assert_eq!(
        message(|| p.var(id)),
        "parameter 0 of another set than the one that was bound: a model goes with the set that it \
         was made with, or a clone of that"
    );
    let get = "parameter 0 of another set: this one has lstm1.U, lstm1.W, lstm1.b, and goes with the \
               model that was made with it";
    let mut set = set;
    assert_eq!(message(|| set.get(id)), get);
    assert_eq!(message(|| set.get_mut(id)), get);
    assert_eq!(message(|| set.name(id)), get);
    assert_eq!(
        message(|| theirs.with_forget_bias(&mut set, 1.0)),
        get.replace("parameter 0", "parameter 2")
    );
    let late = set.add("late.b", Matrix::scalar(0.0));
    assert_eq!(
        message(|| p.var(late)),
        "parameter 3, and 3 were bound: was it added to the set after that?"
    );
    let mut of_linear = ParameterSet::<f64>::new();
    let linear = Linear::new(&mut of_linear, "output", 3, 2, &mut rng());
    let words = Embedding::new(&mut of_linear, "words", 3, 2, &mut rng());
    let of = |layer: &str| of("apply").replace("lstm1", layer);
    assert_eq!(message(|| linear.apply(&p, x)), of("output"));
    assert_eq!(message(|| words.apply(&p, &[0])), of("words"));
}

#[test]
fn a_clone_is_the_same_model() {
    let (set, lstm) = lstm();
    let mut clone = set.clone();
    clone.get_mut(lstm.weights.b)[(0, 0)] = 7.0;
    assert!(set.get(lstm.weights.b)[(0, 0)] != 7.0);
    let tape = Tape::new();
    let p = clone.bind(&tape);
    lstm.project(&p, tape.zeros(6, 3));
    assert_eq!(p.var(lstm.weights.b).value()[(0, 0)], 7.0);
    let vars: Vec<_> = p.vars().collect();
    assert!(Bound::from_vars(&vars).var(lstm.weights.u) == p.var(lstm.weights.u));
}

#[test]
fn other_layers_say_what_they_take() {
    let mut set = ParameterSet::<f64>::new();
    let linear = Linear::new(&mut set, "output", 3, 2, &mut rng());
    let words = Embedding::new(&mut set, "words", 4, 2, &mut rng());
    let (tape, other) = (Tape::new(), Tape::new());
    let p = set.bind(&tape);
    let h = tape.zeros(6, 4).named("h");
    assert_eq!(
        message(|| linear.apply(&p, h)),
        "output: apply: h [6, 4] has 4 columns: the layer has 3 inputs"
    );
    assert_eq!(
        message(|| linear.apply(&p, other.zeros(6, 3).named("h"))),
        "output: apply: h [6, 3] is of another tape than the parameter V [2, 3]"
    );
    assert_eq!(
        message(|| words.apply(&p, &[0, 4])),
        "words: class 4 of row 1 is not below 4"
    );
    assert_eq!(
        message(|| dropout(h, f64::NAN, &mut rng())),
        "dropout with p = NaN, which is not in 0..1"
    );
    assert_eq!(
        message(|| dropout(h, 1.0, &mut rng())),
        "dropout with p = 1, which is not in 0..1"
    );
    assert_eq!(
        message(|| uniform::<f64>(1, 1, f64::NAN, &mut rng())),
        "parameters drawn from U(-NaN, NaN)"
    );
    let new = |input, hidden| {
        let mut set = ParameterSet::<f64>::new();
        message(|| Lstm::new(&mut set, "lstm1", input, hidden, &mut rng()))
    };
    assert_eq!(new(0, 4), "lstm1: a layer of no inputs");
    assert_eq!(new(4, 0), "lstm1: a layer of no hidden units");
    assert_eq!(
        message(|| Linear::new(&mut set, "output", 3, 2, &mut rng())),
        "there is a parameter output.V already"
    );
    assert_eq!(
        message(|| Weights::new(&mut set, "", 0, (1, 1), &mut rng())),
        "a layer of no gates"
    );
    assert_eq!(
        message(|| CharModel::new(&mut set, CellKind::Rnn, 5, 4, 0, &mut rng())),
        "a model of no layers"
    );
    assert_eq!(
        message(|| Bound::<f64>::from_vars(&[])),
        "a bound set of no variables"
    );
    let vars = [tape.node(1), other.node(0)];
    assert_eq!(
        message(|| Bound::from_vars(&vars)),
        "variable 1 of a bound set, h (data), is of another tape than variable 0, d (variable)"
    );
}

#[test]
fn decoding_says_what_a_step_has_to_give() {
    let stop = Stop {
        end: None,
        max_length: 3,
    };
    let step = |_: &[usize], ()| (Matrix::<f32>::zeros(3, 5), ());
    let told = "a step gave logits [3, 5] for 2 symbols: there must be a row for each";
    assert_eq!(message(|| greedy(&[0, 1], (), stop, step)), told);
    let told = "a step gave logits [3, 5] for 1 symbols: there must be a row for each";
    assert_eq!(
        message(|| beam_search(0, (), stop, Beam::default(), step)),
        told
    );
    let state = Matrix::<f32>::zeros(1, 4);
    let step = |symbols: &[usize], _| (Matrix::<f32>::zeros(symbols.len(), 2), state.clone());
    assert_eq!(
        message(|| beam_search(0, state.clone(), stop, Beam::default(), step)),
        "gather_rows: no row 1 in [1, 4]"
    );
    let mut carried = Carried::<f32>::zeros(2, 4, true);
    assert_eq!(
        message(|| carried.gather_rows(&[0, 2])),
        "gather_rows: no row 2 in [2, 4]"
    );
    carried = carried.gather_rows(&[1]);
    assert_eq!(
        message(|| carried.gather_rows(&[])),
        "a matrix [0, 4] would have no elements"
    );
    let logits = Matrix::<f32>::zeros(3, 5);
    let sampling = Sampling::greedy();
    assert_eq!(
        message(|| scheduled_inputs(&[0; 2], logits.view(), 0.5, sampling, &mut rng())),
        "2 targets for logits [3, 5]"
    );
}

#[test]
fn starts_say_which_parameter() {
    let (mut set, lstm) = lstm();
    let mut init = |name: &str, init| message(|| set.init(name, init, &mut rng()));
    assert_eq!(
        init("lstm1.V", Init::Zeros),
        "there is no parameter lstm1.V: this set has lstm1.U, lstm1.W, lstm1.b"
    );
    assert_eq!(
        init("lstm1.U", Init::Identity(1.0)),
        "lstm1.U: the identity of [4, 3], which is not square"
    );
    assert_eq!(
        init("lstm1.W", Init::Uniform(f64::NAN)),
        "lstm1.W: parameters drawn from U(-NaN, NaN)"
    );
    assert_eq!(
        init("lstm1.W", Init::Normal(-1.0)),
        "lstm1.W: parameters drawn from N(0, -1²)"
    );
    assert_eq!(
        init("lstm1.b", Init::Constant(f64::INFINITY)),
        "lstm1.b: parameters that start as Constant(inf)"
    );
    let matrix = |init: Init| message(|| init.matrix::<f64>(2, 3, &mut rng()));
    assert_eq!(
        matrix(Init::Orthogonal(f64::NAN)),
        "parameters that start as Orthogonal(NaN)"
    );
    assert_eq!(
        matrix(Init::Identity(1.0)),
        "the identity of [2, 3], which is not square"
    );
    let mut none = ParameterSet::<f64>::new();
    assert_eq!(
        message(|| none.init("W", Init::Zeros, &mut rng())),
        "there is no parameter W: this set has no parameters"
    );
    assert_eq!(
        message(|| Init::Zeros.apply(&mut none, lstm.weights.u, &mut rng())),
        "parameter 0 of another set: this one has no parameters, and goes with the model that was made \
         with it"
    );
    assert_eq!(
        message(|| none.add_stacked("W", 2, Matrix::zeros(5, 2))),
        "W [5, 2] of 2 gates, which are not of as many rows each"
    );
}

#[test]
fn normalised_layers_say_what_they_take() {
    let mut set = ParameterSet::<f64>::new();
    let norm = LayerNorm::new(&mut set, "encoder.norm", 3);
    let lstm = LayerNormLstm::new(&mut set, "lstm1", 3, 4, &mut rng());
    let gru = LayerNormGru::new(&mut set, "gru1", 3, 4, &mut rng());
    let tape = Tape::new();
    let (p, q) = (set.bind(&tape), self::lstm().0.bind(&tape));
    let x = |cols| tape.zeros(6, cols).named("x");
    assert_eq!(
        message(|| norm.apply(&p, x(4))),
        "encoder.norm: apply: x [6, 4] has 4 columns: the layer has 3 features"
    );
    let of = |place: &str| {
        format!("{place}: the layer's parameters are of another set than the one that was bound")
    };
    assert_eq!(message(|| norm.apply(&q, x(3))), of("encoder.norm: apply"));
    let cells: [(&str, &dyn Fn(_, _) -> _); 2] = [
        ("lstm1", &|p, x| message(|| lstm.project(p, x))),
        ("gru1", &|p, x| message(|| gru.project(p, x))),
    ];
    for (name, project) in cells {
        assert_eq!(
            project(&p, x(5)),
            format!("{name}: project: x [6, 5] has 5 columns: the layer has 3 inputs")
        );
        assert_eq!(project(&q, x(3)), of(&format!("{name}: project")));
    }
    assert_eq!(message(|| lstm.symbol_table(&q)), of("lstm1: project"));
    assert_eq!(message(|| gru.symbol_table(&q)), of("gru1: project"));
    assert_eq!(
        message(|| LayerNorm::new(&mut set, "norm", 0)),
        "norm: a layer of no features"
    );
}

#[test]
fn pytorchs_parameters_say_where_they_are() {
    let (mut set, lstm) = lstm();
    let gru = Gru::new(&mut set, "gru1", 3, 4, Reset::Before, &mut rng());
    let state = torch::StateDict::new();
    let pattern = "\"encoder\" as names of PyTorch's tensors: a * stands for weight, bias and the like, as \
                   in \"encoder.*_l0\"";
    assert_eq!(
        message(|| torch::import(&mut set, &lstm, &state, "encoder")),
        pattern
    );
    assert_eq!(message(|| torch::export(&set, &lstm, "encoder")), pattern);
    let before = "gru1: it resets before the product, and PyTorch's after it";
    assert_eq!(
        message(|| torch::import(&mut set, &gru, &state, "encoder.*_l0")),
        before
    );
    assert_eq!(
        message(|| torch::export(&set, &gru, "encoder.*_l0")),
        before
    );
}

#[test]
fn a_tape_that_is_never_cleared_is_refused_in_the_end() {
    let mut set = ParameterSet::<f64>::new();
    let w = set.add("rnn.W", Matrix::identity(2));
    set.add("rnn.b", Matrix::zeros(1, 2));
    let pass = |set: &ParameterSet<f64>, tape: &Tape<f64>| {
        let p = set.bind(tape);
        drop((p.var(w) * 0.5).sum().backward());
    };
    let mut tape = Tape::new();
    for _ in 0..2000 {
        pass(&set, &tape);
        set.get_mut(w)[(0, 0)] *= 0.999;
        tape.clear();
    }
    let text = message(|| {
        for _ in 0..1000 {
            set.get_mut(w)[(0, 0)] *= 0.999;
            set.bind(&tape).var(w).sum();
        }
    });
    assert_eq!(
        text,
        "the tape holds 500 bindings of this set (rnn.W, rnn.b) in 1500 nodes, and grows with each: \
         clear() it before each step of a loop, or bind once for several passes"
    );
    tape.clear();
    pass(&set, &tape);
    let mut other = ParameterSet::<f64>::new();
    other.add("other.W", Matrix::identity(3));
    (0..1000).for_each(|_| _ = tape.zeros(2, 2));
    other.bind(&tape);
}

/// Debug is for a line of a log.
#[test]
fn every_type_prints_in_a_line() {
    let mut set = ParameterSet::<f64>::new();
    let model = CharModel::new(&mut set, CellKind::Lstm, 5, 4, 1, &mut rng());
    let tape = Tape::new();
    let p = set.bind(&tape);
    let (mut of_cell, cells_tape) = (ParameterSet::<f64>::new(), Tape::new());
    let cell = CellKind::Lstm.build(&mut of_cell, "lstm1", 5, 4, &mut rng());
    let q = of_cell.bind(&cells_tape);
    let (stacked, looked_up) = (
        layers::Projection::from(cell.project(&q, cells_tape.zeros(6, 5))),
        cell.project_symbols(&q, &[1, 2]),
    );
    let unrolled = unroll(cell.as_ref(), &q, stacked, 2, cell.initial_state(&q, 2));
    let generator = Generator::new(&model, &set, 3);
    let carried = Carried::<f64>::zeros(1, 2, false);
    let printed = [
        format!("{set:?}"),
        format!("{p:?}"),
        format!("{:?}", model.output.v),
        format!("{:?}", model.stack),
        format!("{model:?}"),
        format!("{stacked:?} {looked_up:?}"),
        format!("{unrolled:?}"),
        format!("{generator:?}"),
        format!("{carried:?}"),
    ];
    let expected = [
        "{lstm1.U: [16, 5], lstm1.W: [16, 4], lstm1.b: [1, 16], output.V: [5, 4], output.d: [1, 5]}",
        "Bound(U %0, W %1, b %2, V %3, d %4)",
        "ParameterId(3)",
        "Stack(lstm1: 5 -> 4)",
        "CharModel(lstm1: 5 -> 4, output: 4 -> 5)",
        "Stacked([6, 16]) LookedUp([5, 16], 2 symbols)",
        "Unrolled { outputs: 3 of [2, 4], state: State { h: lstm1/h.2 [2, 4], c: lstm1/c.2 [2, 4] } }",
        "Generator { model: CharModel(lstm1: 5 -> 4, output: 4 -> 5), texts: 3, .. }",
        "Carried { h: [1, 2] [[0.0000, 0.0000]] }",
    ];
    assert_eq!(printed, expected);
}

#[test]
fn a_loss_says_which_row() {
    let tape = Tape::<f64>::new();
    let x = tape.zeros(3, 4).named("y");
    let constant = |m: Matrix<f64>| tape.constant(m);
    let with = |r, c, value| {
        let mut m = Matrix::filled(3, 4, 0.5);
        m[(r, c)] = value;
        constant(m)
    };
    let plain = CrossEntropy::new;
    assert_eq!(
        message(|| plain().loss(x, &[0, 1])),
        "cross_entropy: 2 targets for the 3 rows of y [3, 4]"
    );
    assert_eq!(
        message(|| plain().ignore(&[7]).loss(x, &[7, 0, 8])),
        "cross_entropy: the target 8 of row 2 is not below 4 classes"
    );
    assert_eq!(
        message(|| plain().weights([1.0; 3]).loss(x, &[0, 1, 2])),
        "cross_entropy: 3 weights for 4 classes"
    );
    assert_eq!(
        message(|| plain().weights([1.0, -1.0])),
        "cross_entropy: the weight -1 of class 1 must be finite and not below 0"
    );
    assert_eq!(
        message(|| plain().smoothing(1.5)),
        "cross_entropy: a smoothing of 1.5, which is not in 0..=1"
    );
    let mean = Reduction::Mean;
    assert_eq!(
        message(|| squared_error(x, x.cols(0..2), mean)),
        "squared_error: y [3, 4] against the targets %N [3, 2]: the shapes must be equal"
            .replace("%N", &format!("%{}", tape.len() - 1))
    );
    assert_eq!(
        message(|| absolute_error(x, with(2, 1, f64::NAN), mean)),
        "absolute_error: the target NaN of row 2, column 1, is not a number"
    );
    assert_eq!(
        message(|| huber_error(x, x, 0.0, mean)),
        "huber_error: a delta of 0: it must be positive and finite"
    );
    let binary = BinaryCrossEntropy::new;
    assert_eq!(
        message(|| binary().loss(x, with(1, 3, 1.5))),
        "binary_cross_entropy: the target 1.5 of row 1, column 3, is not between 0 and 1"
    );
    assert_eq!(
        message(|| binary().positive_weights([1.0; 3]).loss(x, with(0, 0, 1.0))),
        "binary_cross_entropy: 3 positive weights for 4 columns"
    );
    assert_eq!(
        message(|| binary().positive_weights([])),
        "binary_cross_entropy: no positive weights"
    );
    assert_eq!(
        message(|| binary().positive_weights([f64::NAN])),
        "binary_cross_entropy: the weight NaN of column 0 must be finite and not below 0"
    );
}

#[test]
fn a_mixture_says_what_it_takes() {
    let tape = Tape::<f64>::new();
    let mixture = MixtureDensity::new(2);
    let outputs = tape.zeros(2, 13).named("y");
    let points = |rows: [[f64; 3]; 2]| tape.constant(Matrix::from(rows)).named("x");
    let fine = [0.5, 0.5, 1.0];
    mixture.loss(outputs, points([fine, fine]));
    assert_eq!(
        message(|| mixture.loss(outputs.cols(0..12).named("y"), points([fine, fine]))),
        "mixture_density: y [2, 12] has 12 columns: 2 Gaussians have 6·2 + 1 = 13"
    );
    assert_eq!(
        message(|| mixture.loss(outputs, points([fine, fine]).rows(0..1).named("x"))),
        "mixture_density: the points x [1, 3] would have to be [2, 3]: two offsets and the end of a \
         stroke for each row of y [2, 13]"
    );
    assert_eq!(
        message(|| mixture.losses(outputs, points([fine, [f64::NAN, 1.0, 0.0]]))),
        "mixture_density: the offsets of row 1, NaN and 1, must be finite"
    );
    assert_eq!(
        message(|| mixture.losses(outputs, points([[0.5, 0.5, 0.3], fine]))),
        "mixture_density: the end of a stroke in row 0 is 0.3, neither 0 nor 1"
    );
    assert_eq!(
        message(|| mixture.sample(&[0.0; 7], 0.0, &mut rng())),
        "mixture_density: 7 outputs: 2 Gaussians have 6·2 + 1 = 13"
    );
    assert_eq!(
        message(|| MixtureDensity::new(0)),
        "mixture_density: a mixture of no Gaussians"
    );
}

#[test]
fn ctc_says_which_sample() {
    let [tape, other] = [(); 2].map(|()| Tape::<f64>::new());
    let y = |symbols| tape.zeros(4, symbols).named("y");
    let (ctc, none): (_, [&[usize]; 0]) = (Ctc::new(3), []);
    assert_eq!(
        message(|| ctc.loss(&[y(4)], &none)),
        "ctc: 0 targets for 1 samples"
    );
    assert_eq!(
        message(|| Ctc::new(0).loss::<f64>(&[], &none)),
        "ctc: no samples"
    );
    assert_eq!(
        message(|| ctc.loss(&[y(3)], &[[0]])),
        "ctc: the blank 3 is not below the 3 symbols of y [4, 3]"
    );
    assert_eq!(
        message(|| ctc.losses(&[y(4), y(5)], &[[0], [1]])),
        "ctc: 4 symbols in sample 0 and 5 in sample 1, y [4, 5]"
    );
    assert_eq!(
        message(|| ctc.loss(&[y(4), other.zeros(4, 4)], &[[0], [1]])),
        "ctc: sample 1, %0 [4, 4], is of another tape than sample 0, y [4, 4]"
    );
    assert_eq!(
        message(|| ctc.greedy(y(2).value())),
        "ctc: the blank 3 is not below 2 symbols"
    );
    assert_eq!(
        message(|| ctc.beam_search(y(4).value(), 0)),
        "ctc: a beam of no prefixes"
    );
}
