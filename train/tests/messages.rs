//! Mistakes in training are told in its words, with the user's line; what would train on silently
//! is an error.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::Once;

use train::prelude::*;
use train::{Descent, Elements, Step, UpdateRule, clipping_factor};

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

fn set() -> (ParameterSet<f64>, ParameterId) {
    let mut set = ParameterSet::new();
    let w = set.add("line.W", Matrix::from([[0.5, 2.0]]));
    (set, w)
}

fn trainer() -> (Trainer<f64>, ParameterId) {
    let (set, w) = set();
    (Trainer::new(set, Sgd::new(0.1)), w)
}

#[test]
fn a_loss_is_one_number_on_the_tape_of_the_parameters() {
    let (mut trainer, w) = trainer();
    let several =
        "the loss is y (mul) of shape [1, 2], and is to be one number: take its mean() or sum()";
    assert_eq!(
        message(|| trainer.step(|p| (p.var(w) * 2.0).named("y"))),
        several.replace("mul", operation())
    );
    assert_eq!(
        message(|| trainer.evaluate(|p| (p.var(w) * 2.0).named("y"))),
        several.replace("mul", operation())
    );
    assert_eq!(
        message(|| trainer.step_in_parts(&mut [1.0, 2.0], |p, x| (p.var(w) * *x).named("y"))),
        several.replace("mul", operation())
    );
    assert_eq!(
        message(|| trainer.step_in_parts(&mut [0.0; 0], |p, x| p.var(w) * *x)),
        "a step on a mini-batch in no parts"
    );
    let elsewhere: &'static Tape<f64> = Tape::leaked();
    assert_eq!(
        message(|| trainer.step(|_| elsewhere.zeros(1, 1).named("E"))),
        "the loss is on another tape than the parameters: what it is made of goes on p.tape(), and E \
         (data) is not"
    );
    trainer.step(|p| p.var(w).square().sum()).unwrap();
}

/// What a product with a number is called on a tape.
fn operation() -> &'static str {
    let tape = Tape::<f64>::new();
    (tape.zeros(1, 1) * 2.0).info().operation
}

#[test]
fn a_loss_that_depends_on_no_parameter_is_an_error_and_changes_nothing() {
    let (mut trainer, w) = trainer();
    let before = trainer.checkpoint(serde_json::Value::Null);
    let constant = trainer.step(|p| p.tape().zeros(2, 2).sum().named("E"));
    assert_eq!(
        constant.unwrap_err().to_string(),
        "the loss E (sum) depends on no parameter: p.var(…) has no part in it"
    );
    // A variable of its own is none of the set.
    let own = trainer.step(|p| p.tape().var(Matrix::scalar(1.0)).square().named("E"));
    let is_independent = |e: &TrainError| matches!(e, TrainError::Independent { cut: None, .. });
    assert!(own.is_err_and(|e| is_independent(&e)));
    let detached = trainer.step(|p| {
        let _step = p.tape().step(3);
        let h = p.var(w).square().detach().named("h");
        p.var(w).tanh(); // beside the way to the loss
        (h * 2.0).sum().named("E")
    });
    assert_eq!(
        detached.unwrap_err().to_string(),
        "the loss E.3 (sum) depends on no parameter: h.3 (detach) cuts it off"
    );
    let parts = trainer.step_in_parts(&mut [1.0, 2.0], |p, x| p.var(w).detach().sum() * *x);
    assert!(parts.is_err());
    assert_eq!(trainer.checkpoint(serde_json::Value::Null), before);
    // A part that has nothing to say is none of this.
    let parts = trainer.step_in_parts(&mut [false, true, false], |p, says| match says {
        true => p.var(w).sum(),
        false => p.tape().zeros(1, 1),
    });
    assert_eq!(parts.unwrap().loss, 2.5);
    assert_eq!(
        *trainer.parameters().get(w),
        Matrix::from([[0.5 - 0.1, 2.0 - 0.1]])
    );
}

#[test]
fn gradients_of_nothing_are_refused() {
    let (set, w) = set();
    let tape = Tape::new();
    let p = set.bind(&tape);
    let mut gradients = ParameterGradients::new(&set);
    let e = p.var(w).detach().sum().named("E");
    assert_eq!(
        message(|| gradients.differentiate(e, &p)),
        "the loss E (sum) depends on no parameter"
    );
    let e = p.var(w).named("W");
    assert_eq!(
        message(|| gradients.differentiate(e, &p)),
        "the loss is W (variable) of shape [1, 2], and is to be one number: take its mean() or sum()"
    );
    gradients.differentiate(p.var(w).sum(), &p);
    assert_eq!(*gradients.get(w), Matrix::filled(1, 2, 1.0));
}

#[test]
fn gradients_and_optimizers_are_of_one_set() {
    let (mut ours, w) = set();
    let (mut theirs, v) = set();
    let mut gradients = ParameterGradients::new(&ours);
    let expected = "parameter 0 is of another set than these gradients, or this state";
    assert_eq!(message(|| gradients.get(v).norm()), expected);
    assert_eq!(message(|| gradients.get_mut(v).norm()), expected);
    let other = "the optimizer has the state of another set than this one, or of fewer parameters";
    let mut adam = Adam::new(0.1);
    gradients.get_mut(w).data_mut().fill(1.0);
    adam.step(&mut ours, &gradients, 1.0);
    let of_theirs = ParameterGradients::new(&theirs);
    assert_eq!(message(|| adam.step(&mut theirs, &of_theirs, 1.0)), other);
    assert_eq!(
        message(|| Adam::new(0.1).step(&mut theirs, &gradients, 1.0)),
        expected
    );
    let mut sgd = Sgd::new(0.1);
    assert_eq!(message(|| sgd.step(&mut theirs, &gradients, 1.0)), expected);
    let mut clone = ours.clone();
    adam.step(&mut clone, &gradients, 1.0);
    clone.add("line.b", Matrix::zeros(1, 1));
    let of_more = ParameterGradients::new(&clone);
    assert_eq!(message(|| adam.step(&mut clone, &of_more, 1.0)), other);
    // A model that is given another set than it was made with.
    let (mut trainer, _) = trainer();
    let text = message(|| trainer.step(|p| p.var(w).sum()));
    assert!(text.starts_with("parameter 0 of another set"), "{text}");
}

#[test]
fn numbers_that_do_not_train_are_refused() {
    type Sgd = train::Sgd<f64>;
    type Adam = train::Adam<f64>;
    let finite = "it must be finite and not negative";
    for rate in [f64::NAN, -0.1, f64::INFINITY] {
        let expected = format!("a learning rate of {rate}: {finite}");
        assert_eq!(message(|| Sgd::new(rate)), expected);
        assert_eq!(message(|| Adam::new(rate)), expected);
        assert_eq!(message(|| Adam::decoupled(rate, 0.0)), expected);
        assert_eq!(message(|| Sgd::new(0.1).set_learning_rate(rate)), expected);
        assert_eq!(message(|| Adam::new(0.1).set_learning_rate(rate)), expected);
        let (mut trainer, _) = trainer();
        assert_eq!(message(|| trainer.set_learning_rate(rate)), expected);
        assert_eq!(trainer.optimizer().learning_rate(), 0.1);
        let expected = format!("a weight decay of {rate}: {finite}");
        assert_eq!(message(|| Adam::decoupled(0.1, rate)), expected);
        assert_eq!(message(|| Sgd::new(0.1).weight_decay(rate)), expected);
        assert_eq!(message(|| Group::new().weight_decay(rate)), expected);
        assert_eq!(
            message(|| Group::new().rate(rate)),
            format!("a factor on the learning rate of {rate}: {finite}")
        );
        assert_eq!(
            message(|| NAdam::<f64>::new(0.1).momentum_decay(rate)),
            format!("a momentum decay of {rate}: {finite}")
        );
        assert_eq!(
            message(|| Adagrad::<f64>::new(0.1).rate_decay(rate)),
            format!("a decay of the learning rate of {rate}: {finite}")
        );
        assert_eq!(
            message(|| Adagrad::<f64>::new(0.1).initial_sum(rate)),
            format!("an initial sum of {rate}: {finite}")
        );
    }
    for x in [f64::NAN, -0.1, 1.0] {
        let expected = format!("of {x}: it must be from 0 to below 1");
        assert_eq!(
            message(|| Sgd::new(0.1).momentum(x)),
            format!("a momentum {expected}")
        );
        assert_eq!(
            message(|| Sgd::new(0.1).nesterov(x)),
            format!("a momentum {expected}")
        );
        assert_eq!(
            message(|| Adam::new(0.1).betas(x, 0.9)),
            format!("a β₁ {expected}")
        );
        assert_eq!(
            message(|| Adam::new(0.1).betas(0.9, x)),
            format!("a β₂ {expected}")
        );
        assert_eq!(
            message(|| NAdam::<f64>::new(0.1).betas(0.9, x)),
            format!("a β₂ {expected}")
        );
        assert_eq!(
            message(|| RAdam::<f64>::new(0.1).betas(x, 0.9)),
            format!("a β₁ {expected}")
        );
        assert_eq!(
            message(|| RmsProp::<f64>::new(0.1).alpha(x)),
            format!("an α {expected}")
        );
        assert_eq!(
            message(|| RmsProp::<f64>::new(0.1).momentum(x)),
            format!("a momentum {expected}")
        );
        assert_eq!(
            message(|| Adadelta::<f64>::new(0.1).rho(x)),
            format!("a ρ {expected}")
        );
        assert_eq!(
            message(|| Ema::new(&set().0, x)),
            format!("a decay of an average {expected}")
        );
        assert_eq!(message(|| Plateau::new(x)), format!("a γ {expected}"));
        assert_eq!(
            message(|| Plateau::new(0.1).floor(x)),
            format!("a floor {expected}")
        );
    }
    for x in [f64::NAN, -0.1, 0.0, f64::INFINITY] {
        let expected = format!("an ε of {x}: it must be positive and finite");
        assert_eq!(message(|| Adam::new(0.1).epsilon(x)), expected);
        assert_eq!(message(|| NAdam::<f64>::new(0.1).epsilon(x)), expected);
        assert_eq!(message(|| RAdam::<f64>::new(0.1).epsilon(x)), expected);
        assert_eq!(message(|| RmsProp::<f64>::new(0.1).epsilon(x)), expected);
        assert_eq!(message(|| Adagrad::<f64>::new(0.1).epsilon(x)), expected);
        assert_eq!(message(|| Adadelta::<f64>::new(0.1).epsilon(x)), expected);
    }
    for x in [f64::NAN, -1.0, 0.0] {
        let expected = format!(
            "a clipping threshold of {x}: it must be positive, such as 1.0; not to clip, give none"
        );
        let ((set, _), (mut trainer, _)) = (set(), trainer());
        let mut gradients = ParameterGradients::new(&set);
        assert_eq!(message(|| clip_by_global_norm(&mut gradients, x)), expected);
        assert_eq!(message(|| clipping_factor(1.0, x)), expected);
        assert_eq!(message(|| trainer.set_clip(Some(x))), expected);
        assert_eq!(message(|| trainer.clip(x)), expected);
        let limit = message(|| clip_by_value(&mut gradients, x));
        assert_eq!(
            limit,
            format!("a clipping limit of {x}: it must be positive, such as 1.0")
        );
    }
    let (mut trainer, _) = trainer();
    trainer.set_learning_rate(0.0); // as a warm-up begins
    trainer.set_clip(Some(f64::INFINITY));
    trainer.set_clip(None);
}

#[test]
fn schedules_that_make_no_rate_are_refused() {
    let finite = "it must be finite and not negative";
    for x in [f64::NAN, -0.1, f64::INFINITY] {
        let gamma = format!("a γ of {x}: {finite}");
        assert_eq!(message(|| Schedule::exponential(x)), gamma);
        assert_eq!(message(|| Schedule::steps(3, x)), gamma);
        assert_eq!(message(|| Schedule::milestones([3], x)), gamma);
        let floor = format!("a floor of the learning rate of {x}: {finite}");
        assert_eq!(message(|| Schedule::linear(3, x)), floor);
        assert_eq!(message(|| Schedule::cosine(3, x)), floor);
        let factor = format!("a factor on the learning rate of {x}: {finite}");
        assert_eq!(message(|| Schedule::constant(x)), factor);
        let (rise, start, end) = (x, x, x);
        let shape = OneCycle::default();
        assert_eq!(
            message(|| Schedule::one_cycle(9, OneCycle { rise, ..shape })),
            format!("a share of {x} of the steps to rise in, which is not in 0..=1")
        );
        assert_eq!(
            message(|| Schedule::one_cycle(9, OneCycle { start, ..shape })),
            format!("a factor at the start of {x}: {finite}")
        );
        assert_eq!(
            message(|| Schedule::one_cycle(9, OneCycle { end, ..shape })),
            format!("a factor at the end of {x}: {finite}")
        );
        let threshold = format!("a threshold of {x}: {finite}");
        assert_eq!(message(|| Plateau::new(0.1).threshold(x)), threshold);
        assert_eq!(
            message(|| Plateau::new(0.1).absolute_threshold(x)),
            threshold
        );
    }
    assert_eq!(
        message(|| Schedule::steps(0, 0.5)),
        "a factor on the learning rate every 0 steps"
    );
    let endless = "a schedule without an end: say with then_after(steps, …) where the next begins";
    let next = || Schedule::cosine(9, 0.1);
    for first in [Schedule::default(), Schedule::steps(3, 0.5) * next()] {
        assert_eq!(message(|| first.clone().then(next())), endless);
        let later = next().then(first);
        assert_eq!(message(|| later.clone().then(next())), endless);
    }
}

#[test]
fn groups_have_parameters() {
    let (mut set, _) = set();
    set.add("line.b", Matrix::zeros(1, 1));
    let gradients = ParameterGradients::new(&set);
    let adam = |patterns: &[&str]| {
        let mut adam = Adam::new(0.1);
        for &pattern in patterns {
            adam = adam.group(pattern, Group::new().rate(0.5));
        }
        adam
    };
    let none = "the group \"lstm*.U\" fits no parameter of line.W, line.b";
    let patterns = ["line.*", "lstm*.U"];
    assert_eq!(message(|| Trainer::new(set.clone(), adam(&patterns))), none);
    assert_eq!(
        message(|| adam(&patterns).step(&mut set, &gradients, 1.0)),
        none
    );
    let boxed = || -> Box<dyn Optimizer<f64>> { Box::new(adam(&patterns)) };
    assert_eq!(
        message(|| Trainer::with_optimizer(set.clone(), boxed())),
        none
    );
    assert_eq!(
        message(|| Trainer::new(set.clone(), adam(&["line.*", "*.b"]))),
        "the group \"*.b\" has no parameter left: line.b is in \"line.*\", which stands before it"
    );
    Trainer::new(set, adam(&["*.b", "line.*"]));
}

#[test]
fn a_rule_takes_what_it_names() {
    let (mut set, _) = set();
    let gradients = ParameterGradients::new(&set);
    let text = message(|| {
        #[derive(Clone, Debug)]
        struct Forgetful;
        impl UpdateRule for Forgetful {
            const NAME: &'static str = "forgetful";
            fn memory(&self) -> &'static [&'static str] {
                &["m", "v"]
            }
            fn update<T: Scalar>(&self, _: Step, elements: Elements<'_, T>) {
                elements.each(|theta, g, [m]| *theta -= *m * g);
            }
        }
        Descent::with_rule(Forgetful, 0.1).step(&mut set, &gradients, 1.0)
    });
    let expected = "a rule whose memory() names 2 tensors takes 1 in each()";
    assert_eq!(text, expected);
}

#[test]
fn an_average_is_of_one_set() {
    let ((ours, _), (mut theirs, _)) = (set(), set());
    let mut ema = Ema::new(&ours, 0.9);
    let other = "the average is of another set than this one, or of fewer parameters";
    assert_eq!(message(|| ema.update(&theirs)), other);
    assert_eq!(message(|| ema.swap(&mut theirs)), other);
    ema.update(&ours);
}

#[test]
fn data_that_is_not_there_is_named() {
    let vocabulary = Vocabulary::new("hello");
    assert_eq!(
        message(|| vocabulary.decode(&[0, 3, 4])),
        "number 4 at position 2 is of none of the 4 tokens"
    );
    let windows = Windows::new((0..9).collect(), 2, 2).unwrap();
    let (mut x, mut y) = (vec![], vec![]);
    assert_eq!(message(|| windows.fill(2, &mut x, &mut y)), "window 2 of 2");
    assert_eq!(
        message(|| windows.fill_streams(0, 1..3, &mut x, &mut y)),
        "streams 1..3 of 2"
    );
    assert_eq!(
        message(|| split(&[1, 2], f64::NAN)),
        "a fraction of NaN to hold out, which is not in 0..=1"
    );
}

/// Debug is for a line of a log.
#[test]
fn every_type_prints_in_a_line() {
    let (mut trainer, w) = trainer();
    trainer.step(|p| p.var(w).sum()).unwrap();
    let checkpoint = trainer.checkpoint(serde_json::json!({"epoch": 3}));
    let mut adam = Adam::<f64>::new(0.1);
    adam.step(&mut trainer.parameters().clone(), trainer.gradients(), 1.0);
    let printed = [
        format!("{trainer:?}"),
        format!("{:?}", trainer.gradients()),
        format!("{checkpoint:?}"),
        format!("{:?}", Windows::new((0..9).collect(), 2, 2).unwrap()),
        format!("{adam:?}"),
        format!("{:?}", Ema::new(trainer.parameters(), 0.9)),
    ];
    let expected = [
        "Trainer { parameters: {line.W: [1, 2]}, learning_rate: 0.1, steps: 1, clip: None, .. }",
        "ParameterGradients { shapes: [[1, 2]], norm: 1.4142135623730951 }",
        "Checkpoint { line.W: [1, 2] of norm 1.9416487838947598, sgd.step: [1, 2] of norm 1, metadata: \
         {\"epoch\":3} }",
        "Windows { symbols: 9, streams: 2, steps: 2, windows: 2 }",
        "Descent { rule: AdamRule { betas: (0.9, 0.999), epsilon: 1e-8, amsgrad: false }, rate: 0.1, \
         weight_decay: 0.0, decoupled: false, groups: Groups([]), steps: 1, memory: 2 of 1 parameters }",
        "Ema { decay: 0.9, average: {line.W: [1, 2]} }",
    ];
    assert_eq!(printed, expected);
}
