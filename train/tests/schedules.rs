//! Schedules and plateaus against PyTorch's numbers.

use serde_json::{Value, json};
use train::prelude::*;

use crate::reference::cases;

/// The factors of the cases of a kind, by title.
fn factors(kind: &str) -> Vec<(String, Vec<f64>)> {
    let cases = cases(include_str!("reference/optimizers.txt"));
    let factors = cases.into_iter().filter_map(|mut case| {
        let title = case.title.strip_prefix(kind)?.trim_start().to_string();
        Some((title, case.lines.remove(0).1))
    });
    factors.collect()
}

#[track_caller]
fn check(what: &str, ours: Vec<f64>, theirs: &[f64]) {
    assert_eq!(ours.len(), theirs.len());
    for (s, (a, b)) in ours.iter().zip(theirs).enumerate() {
        assert!((a - b).abs() < 1e-12, "{what}, step {s}: {a} against {b}");
    }
}

fn schedule(title: &str) -> Schedule {
    match title {
        "constant" => Schedule::constant(1.0 / 3.0).then_after(5, Schedule::default()),
        "linear" => Schedule::linear(15, 0.1),
        "warm-up" => Schedule::warm_up(8),
        "cosine" => Schedule::cosine(20, 0.1),
        "steps" => Schedule::steps(6, 0.3),
        "milestones" => Schedule::milestones([3, 11, 11, 12], 0.3),
        "exponential" => Schedule::exponential(0.9),
        "one cycle" => Schedule::one_cycle(20, OneCycle::default()),
        "one cycle all" => {
            let (rise, start, end) = (0.42, 0.25, 0.0025);
            Schedule::one_cycle(20, OneCycle { rise, start, end })
        }
        "sequence" => Schedule::warm_up(5)
            .then(Schedule::cosine(8, 0.1))
            .then(Schedule::exponential(0.9)),
        "product" => Schedule::warm_up(5) * Schedule::steps(6, 0.3),
        _ => panic!("no schedule for {title}"),
    }
}

#[test]
fn every_schedule_is_pytorchs_over_20_steps() {
    let cases = factors("schedule");
    assert_eq!(cases.len(), 11);
    for (title, theirs) in cases {
        assert_eq!(theirs.len(), 20);
        let schedule = schedule(&title);
        check(
            &title,
            (0..20).map(|s| schedule.factor(s)).collect(),
            &theirs,
        );
    }
}

/// The plateau of a case, and what is added to the figures.
fn plateau(title: &str) -> (Plateau, f64) {
    match title {
        "relative" => (Plateau::new(0.5).patience(2).threshold(0.1), 1.0),
        "absolute" => (Plateau::new(0.5).patience(1).absolute_threshold(0.2), 0.0),
        "cooldown" => (Plateau::new(0.5).patience(2).cooldown(3).floor(0.2), 1.0),
        "maximize" => {
            let plateau = Plateau::new(0.3).patience(4).threshold(0.05);
            (plateau.maximize(), 1.0)
        }
        "maximize absolute" => {
            let plateau = Plateau::new(0.3).patience(4).absolute_threshold(1e-4);
            (plateau.maximize(), 0.0)
        }
        "defaults" => (Plateau::new(0.1), 1000.0),
        _ => panic!("no plateau for {title}"),
    }
}

fn figures(offset: f64) -> Vec<f64> {
    let wave = crate::reference::wave::<f64>(3, 1, 40);
    wave.data().iter().map(|x| offset + x).collect()
}

#[test]
fn every_plateau_is_pytorchs() {
    let cases = factors("plateau");
    assert_eq!(cases.len(), 6);
    for (title, theirs) in cases {
        assert!(theirs[39] < 1.0, "{title} has no plateau");
        let (mut plateau, offset) = plateau(&title);
        let observe = |figure| plateau.observe(figure);
        check(
            &title,
            figures(offset).into_iter().map(observe).collect(),
            &theirs,
        );
    }
}

#[test]
fn a_resumed_plateau_is_the_same_wherever_it_stopped() {
    for (title, _) in factors("plateau") {
        let (start, offset) = plateau(&title);
        let figures = figures(offset);
        for stop in 0..figures.len() {
            let (mut whole, mut resumed) = (start.clone(), start.clone());
            for &figure in &figures[..stop] {
                whole.observe(figure);
            }
            let text = whole.state().to_string();
            resumed.load_state(&text.parse().unwrap()).unwrap();
            assert_eq!(resumed, whole);
            assert_eq!(resumed.factor(), whole.factor());
            for &figure in &figures[stop..] {
                assert_eq!(resumed.observe(figure), whole.observe(figure));
            }
        }
    }
}

#[test]
fn what_is_no_state_of_a_plateau_changes_nothing() {
    let (mut plateau, before) = (Plateau::new(0.5), Plateau::new(0.5));
    let good = plateau.state();
    let with = |key: &str, value: Value| {
        let mut state = good.clone();
        state[key] = value;
        state
    };
    for bad in [
        Value::Null,
        json!([1, 2]),
        json!({"factor": 1.0}),
        with("factor", json!(-0.5)),
        with("factor", json!(1.5)),
        with("best", json!("2")),
        with("bad", json!(-1)),
        with("cooling", json!(0.5)),
    ] {
        let error = plateau.load_state(&bad).unwrap_err().to_string();
        assert_eq!(error, format!("{bad} is not the state of a plateau"));
        assert_eq!(plateau, before);
    }
    plateau.load_state(&good).unwrap();
}

#[test]
fn a_figure_that_is_not_a_number_is_not_better() {
    let mut plateau = Plateau::new(0.5).patience(1);
    let factors = [f64::NAN, 1.0, f64::NAN, f64::NAN].map(|x| plateau.observe(x));
    assert_eq!(factors, [1.0, 1.0, 1.0, 0.5]);
}
