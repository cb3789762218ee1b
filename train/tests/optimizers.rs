//! The optimizers against PyTorch's numbers, in f64; what they remember; groups of parameters; the
//! average of weights.

use rayon::ThreadPoolBuilder;
use train::prelude::*;
use train::{Descent, UpdateRule};

use crate::reference::{self, Case, wave};

/// The optimizer of a case of optimizers_reference.py.
fn optimizer<T: Scalar>(title: &str) -> Box<dyn Optimizer<T>> {
    fn boxed<R: UpdateRule + 'static, T: Scalar>(descent: Descent<R, T>) -> Box<dyn Optimizer<T>> {
        Box::new(descent)
    }
    let (w, b) = (
        Group::new().rate(0.1).weight_decay(0.2),
        Group::new().weight_decay(0.0),
    );
    match title {
        "sgd" => boxed(Sgd::new(0.1)),
        "sgd decay" => boxed(Sgd::new(0.1).weight_decay(0.1)),
        "sgd momentum" => boxed(Sgd::new(0.1).momentum(0.9)),
        "sgd momentum decay" => boxed(Sgd::new(0.1).momentum(0.9).weight_decay(0.1)),
        "sgd nesterov" => boxed(Sgd::new(0.1).nesterov(0.9)),
        "sgd nesterov decay" => boxed(Sgd::new(0.1).nesterov(0.8).weight_decay(0.1)),
        "sgd groups" => {
            let sgd = Sgd::new(0.05).momentum(0.9).weight_decay(0.1);
            boxed(sgd.group("*.W", w).group("*", b))
        }
        "adam" => boxed(Adam::new(0.05)),
        "adam all" => {
            let adam = Adam::new(0.05).betas(0.8, 0.95).epsilon(1e-3);
            boxed(adam.weight_decay(0.1))
        }
        "adam amsgrad" => boxed(Adam::new(0.05).betas(0.8, 0.9).amsgrad()),
        "adamw" => boxed(Adam::decoupled(0.05, 0.01)),
        "adamw all" => boxed(Adam::decoupled(0.05, 0.1).betas(0.8, 0.95).epsilon(1e-3)),
        "adamw amsgrad" => boxed(Adam::decoupled(0.05, 0.1).betas(0.8, 0.9).amsgrad()),
        "adamw groups" => boxed(
            Adam::decoupled(0.05, 0.1)
                .group("line.W", w)
                .group("*.b", b),
        ),
        "adagrad" => boxed(Adagrad::new(0.1)),
        "adagrad all" => {
            let adagrad = Adagrad::new(0.1).rate_decay(0.1).initial_sum(0.5);
            boxed(adagrad.epsilon(1e-3).weight_decay(0.1))
        }
        "adadelta" => boxed(Adadelta::new(1.0)),
        "adadelta all" => boxed(Adadelta::new(0.5).rho(0.95).epsilon(1e-3).weight_decay(0.1)),
        "rmsprop" => boxed(RmsProp::new(0.01)),
        "rmsprop all" => boxed(
            RmsProp::new(0.02)
                .alpha(0.9)
                .epsilon(1e-3)
                .weight_decay(0.1),
        ),
        "rmsprop momentum" => boxed(RmsProp::new(0.01).alpha(0.9).momentum(0.8)),
        "rmsprop centered" => boxed(RmsProp::new(0.01).alpha(0.9).centered()),
        "rmsprop centered momentum" => {
            boxed(RmsProp::new(0.01).alpha(0.9).momentum(0.8).centered())
        }
        "nadam" => boxed(NAdam::new(0.02)),
        "nadam all" => {
            let nadam = NAdam::new(0.05).betas(0.8, 0.95).epsilon(1e-3);
            boxed(nadam.momentum_decay(0.1).weight_decay(0.1))
        }
        "nadam decoupled" => boxed(NAdam::new(0.05).decoupled_weight_decay(0.1)),
        "radam" => boxed(RAdam::new(0.05)),
        "radam all" => {
            let radam = RAdam::new(0.05).betas(0.8, 0.95).epsilon(1e-3);
            boxed(radam.weight_decay(0.1))
        }
        "radam decoupled" => boxed(RAdam::new(0.05).decoupled_weight_decay(0.1)),
        _ => panic!("no optimizer for {title}"),
    }
}

/// The cases of a kind, by what follows in the title.
fn cases(kind: &str) -> Vec<Case> {
    let mut cases = reference::cases(include_str!("reference/optimizers.txt"));
    cases.retain_mut(|case| match case.title.split_once(' ') {
        Some((first, title)) if first == kind => {
            case.title = title.to_string();
            true
        }
        _ => false,
    });
    assert!(!cases.is_empty(), "no cases of {kind}");
    cases
}

fn titles() -> Vec<String> {
    cases("optimizer")
        .into_iter()
        .map(|case| case.title)
        .collect()
}

fn set<T: Scalar>() -> ParameterSet<T> {
    let mut set = ParameterSet::new();
    set.add("line.W", wave(1, 2, 2));
    set.add("line.b", wave(2, 1, 2));
    set
}

fn trainer<T: Scalar>(title: &str) -> Trainer<T> {
    Trainer::with_optimizer(set(), optimizer(title))
}

/// A step on E = Σ a (θ − c)² / 2.
fn step<T: Scalar>(trainer: &mut Trainer<T>) {
    let ids: Vec<_> = trainer.parameters().ids().collect();
    let report = trainer.step(|p| {
        let loss = |(k, &id): (usize, &ParameterId)| {
            let (rows, cols) = (p.var(id).row_count(), p.var(id).col_count());
            let a = p
                .tape()
                .constant(wave::<T>(3 + k, rows, cols).map(|x| T::ONE + x));
            let c = p.tape().constant(wave(5 + k, rows, cols));
            (a * (p.var(id) - c).square() * T::from_f64(0.5)).sum()
        };
        ids.iter().enumerate().map(loss).sum()
    });
    report.expect("a finite loss");
}

fn elements<T: Scalar>(set: &ParameterSet<T>) -> Vec<T> {
    set.ids()
        .flat_map(|id| set.get(id).data())
        .copied()
        .collect()
}

/// That numbers are PyTorch's to 1e-12.
#[track_caller]
fn check(what: &str, ours: &[f64], theirs: &[f64]) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
        assert!((a - b).abs() < 1e-12, "{what}, number {i}: {a} against {b}");
    }
}

#[test]
fn every_optimizer_is_pytorchs_over_20_steps() {
    let cases = cases("optimizer");
    assert_eq!(cases.len(), 29);
    for Case { title, lines } in cases {
        let mut trainer = trainer(&title);
        assert_eq!(lines.len(), 20);
        for (t, (_, theirs)) in lines.iter().enumerate() {
            if t == 10 {
                let rate = trainer.optimizer().learning_rate();
                trainer.set_learning_rate(rate * 0.5);
            }
            step(&mut trainer);
            let what = format!("{title}, step {}", t + 1);
            check(&what, &elements(trainer.parameters()), theirs);
        }
        assert_eq!(trainer.optimizer().steps(), 20);
    }
}

fn resumed_runs_are_whole_ones<T: Scalar>() {
    for title in titles() {
        let mut whole = trainer::<T>(&title);
        (0..3).for_each(|_| step(&mut whole));
        let checkpoint = whole.checkpoint(serde_json::Value::Null);
        (0..8).for_each(|_| step(&mut whole)); // RAdam changes its rule on the way
        let mut resumed = trainer::<T>(&title);
        resumed.restore(&checkpoint).unwrap();
        (0..8).for_each(|_| step(&mut resumed));
        let [ours, theirs] = [&whole, &resumed].map(|t| t.checkpoint(serde_json::Value::Null));
        assert_eq!(ours, theirs, "{title}");
        assert_eq!(resumed.optimizer().steps(), 11);
    }
}

#[test]
fn a_resumed_run_is_the_same_bit_for_bit() {
    resumed_runs_are_whole_ones::<f64>();
    resumed_runs_are_whole_ones::<f32>();
}

/// Parameters of so many elements that threads share them, and their gradients.
fn large() -> (ParameterSet, ParameterGradients) {
    let mut set = ParameterSet::new();
    set.add("line.W", wave(1, 501, 301));
    set.add("line.b", wave(2, 1, 301));
    let mut gradients = ParameterGradients::new(&set);
    for (k, id) in set.ids().enumerate() {
        let shape = set.get(id).shape();
        *gradients.get_mut(id) = wave(3 + k, shape.rows, shape.cols);
    }
    (set, gradients)
}

#[test]
fn one_thread_or_two_give_the_same_parameters() {
    for title in titles() {
        let run = |threads| {
            let pool = ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| {
                let (mut set, gradients) = large();
                let (mut optimizer, mut ema) = (optimizer(&title), Ema::new(&set, 0.9));
                for _ in 0..3 {
                    optimizer.step(&mut set, &gradients, 0.7);
                    ema.update(&set);
                }
                (elements(&set), elements(ema.average()))
            })
        };
        assert!(run(1) == run(2), "{title}");
    }
}

#[test]
fn the_factor_is_on_the_gradients() {
    for title in titles() {
        let (mut whole, gradients) = large();
        let (mut half, mut halved) = (whole.clone(), gradients.clone());
        for id in half.ids() {
            *halved.get_mut(id) = gradients.get(id).map(|g| 0.5 * g);
        }
        let [mut by_factor, mut by_gradient] = [(); 2].map(|()| optimizer(&title));
        for _ in 0..2 {
            by_factor.step(&mut whole, &gradients, 0.5);
            by_gradient.step(&mut half, &halved, 1.0);
        }
        assert!(elements(&whole) == elements(&half), "{title}");
    }
}

/// A run of before optimizers had a loop in common is gone on with as it was.
#[test]
fn adam_is_its_formula_to_the_bit() {
    fn run<T: Scalar>(rate: f64, lambda: f64) {
        let (mut set, factor) = (set::<T>(), 0.3);
        let mut gradients = ParameterGradients::new(&set);
        let id = set.ids().next().unwrap();
        let mut adam = Adam::decoupled(rate, lambda);
        let real = T::from_f64;
        let mut theta = set.get(id).data().to_vec();
        let (mut m, mut v) = ([T::ZERO; 4], [T::ZERO; 4]);
        for t in 1..50 {
            *gradients.get_mut(id) = wave(t, 2, 2);
            adam.step(&mut set, &gradients, factor);
            let root = (1.0 - 0.999_f64.powi(t as i32)).sqrt();
            let eta = real(rate * root / (1.0 - 0.9_f64.powi(t as i32)));
            let (epsilon, keep) = (real(1e-8 * root), real(1.0 - rate * lambda));
            for (i, &g) in wave::<T>(t, 2, 2).data().iter().enumerate() {
                let g = real(factor) * g;
                m[i] = real(0.9) * m[i] + real(1.0 - 0.9) * g;
                v[i] = real(0.999) * v[i] + real(1.0 - 0.999) * g * g;
                theta[i] = keep * theta[i] - eta * m[i] / (v[i].sqrt() + epsilon);
            }
            assert_eq!(set.get(id).data(), theta);
        }
    }
    for (rate, lambda) in [(1e-3, 0.0), (0.05, 0.01)] {
        run::<f32>(rate, lambda);
        run::<f64>(rate, lambda);
    }
}

#[test]
fn tensors_have_the_names_of_what_the_equations_have() {
    let set = set::<f32>();
    for (title, kinds) in [
        ("sgd", &[][..]),
        ("sgd nesterov", &["v"]),
        ("adamw", &["m", "v"]),
        ("adam amsgrad", &["m", "v", "v_max"]),
        ("adagrad", &["s"]),
        ("adadelta", &["v", "u"]),
        ("rmsprop", &["v"]),
        ("rmsprop momentum", &["v", "b"]),
        ("rmsprop centered", &["v", "m"]),
        ("rmsprop centered momentum", &["v", "m", "b"]),
        ("nadam", &["m", "v"]),
        ("radam", &["m", "v"]),
    ] {
        let first = title.split(' ').next().unwrap();
        let name = if first == "adamw" { "adam" } else { first };
        let tensor = |kind: &&str| ["W", "b"].map(|x| format!("{name}.{kind}.line.{x}"));
        let mut expected = vec![format!("{name}.step")];
        expected.extend(kinds.iter().flat_map(tensor));
        let state = optimizer(title).state(&set);
        let names: Vec<_> = state.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, expected);
    }
}

#[test]
fn state_that_does_not_suit_changes_nothing() {
    let mut adam = trainer::<f64>("adam");
    step(&mut adam);
    let before = adam.checkpoint(serde_json::Value::Null);

    let mut other = before.clone();
    other.tensors[0].1 = Matrix::from([[9.0, 9.0], [9.0, 9.0]]);
    other.tensors[5].1 = Matrix::scalar(0.0);
    let error = adam.restore(&other).unwrap_err();
    let expected = "tensor adam.v.line.W is [1, 1] in the checkpoint and [2, 2] in the model";
    assert_eq!(error.to_string(), expected);
    assert_eq!(adam.checkpoint(serde_json::Value::Null), before);

    other.tensors.truncate(2);
    let error = adam.restore(&other).unwrap_err();
    assert_eq!(error.to_string(), "the checkpoint has no tensor adam.step");
    assert_eq!(adam.checkpoint(serde_json::Value::Null), before);

    let error = trainer("adam amsgrad").restore(&before).unwrap_err();
    let expected = "the checkpoint has no tensor adam.v_max.line.W";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn counts_of_steps_survive_f32() {
    let set = ParameterSet::<f32>::new();
    let mut sgd = Sgd::<f32>::new(0.1);
    let state = |high, low| vec![("sgd.step".into(), Matrix::from([[high, low]]))];
    sgd.load_state(&set, &state(40.0, 3.0)).unwrap();
    assert_eq!(sgd.steps(), 40 * (1 << 20) + 3);
    assert_eq!(sgd.state(&set), state(40.0, 3.0));
    let error = sgd.load_state(&set, &state(0.0, -1.0)).unwrap_err();
    assert_eq!(error.to_string(), "tensor sgd.step is not a count of steps");
}

#[test]
fn after_very_many_steps_every_optimizer_still_steps() {
    for title in titles() {
        let mut trainer = trainer::<f64>(&title);
        step(&mut trainer);
        let mut late = trainer.checkpoint(serde_json::Value::Null);
        late.tensors[2].1 = Matrix::from([[1e6, 7.0]]); // 10¹² steps
        trainer.restore(&late).unwrap();
        let before = elements(trainer.parameters());
        step(&mut trainer);
        let after = elements(trainer.parameters());
        assert!(after.iter().all(|x| x.is_finite()), "{title}: {after:?}");
        assert_ne!(after, before, "{title}");
    }
}

#[test]
fn a_parameter_is_in_the_first_group_that_fits() {
    let (fixed, fast) = (Group::new().rate(0.0), Group::new().rate(2.0));
    let run = |adam: Adam<f64>| {
        let mut trainer = Trainer::new(set(), adam);
        (0..5).for_each(|_| step(&mut trainer));
        elements(trainer.parameters())
    };
    let start = elements(&set::<f64>());
    let (plain, doubled) = (run(Adam::new(0.05)), run(Adam::new(0.1)));
    let found = run(Adam::new(0.05).group("*.W", fixed).group("line.*", fast));
    assert_eq!(found, [&start[..4], &doubled[4..]].concat());
    let found = run(Adam::new(0.05).group("line.b", fixed));
    assert_eq!(found, [&plain[..4], &start[4..]].concat());
    // A parameter that is held fixed does not decay either.
    let found = run(Adam::decoupled(0.05, 0.5).group("line.b", fixed));
    assert_eq!(found[4..], start[4..]);
    // And a group's own decay is of the optimizer's kind.
    let decay = Group::new().weight_decay(0.5);
    for make in [Adam::weight_decay, Adam::decoupled_weight_decay] {
        let whole = run(make(Adam::new(0.05), 0.5));
        let found = run(make(Adam::new(0.05), 0.0).group("*.b", decay));
        assert_eq!(found, [&plain[..4], &whole[4..]].concat());
    }
}

#[test]
fn an_average_of_weights_is_pytorchs() {
    for Case { title, lines } in cases("average") {
        let decay = title.parse().unwrap();
        let mut trainer = trainer("sgd");
        let mut ema = Ema::new(trainer.parameters(), decay);
        for (t, (_, theirs)) in lines.iter().enumerate() {
            if t == 10 {
                trainer.set_learning_rate(0.05);
            }
            step(&mut trainer);
            ema.update(trainer.parameters());
            check(&format!("step {t}"), &elements(ema.average()), theirs);
            if t == 12 {
                let state = ema.state();
                assert_eq!(state[1].0, "ema.line.b");
                let mut resumed = Ema::new(&set(), decay);
                let error = resumed.load_state(&state[..1]).unwrap_err();
                assert_eq!(error.to_string(), "the checkpoint has no tensor ema.line.b");
                assert_eq!(elements(resumed.average()), elements(&set::<f64>()));
                resumed = Ema::new(trainer.parameters(), decay);
                resumed.load_state(&state).unwrap();
                ema = resumed;
            }
        }
        let (average, current) = (elements(ema.average()), elements(trainer.parameters()));
        ema.swap(trainer.parameters_mut());
        assert_eq!(elements(trainer.parameters()), average);
        ema.swap(trainer.parameters_mut());
        assert_eq!(elements(trainer.parameters()), current);
    }
}
