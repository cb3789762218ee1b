//! What is shown, and in which words.

use autograd::{Matrix, Tape, Var};

use super::check;
use crate::TapePictures;
use crate::drawing::fold::folds;
use crate::drawing::model::Item;
use crate::drawing::{Drawing, READABLE, WIDEST};

#[test]
fn parameters_are_drawn_once() {
    let tape = Tape::<f64>::new();
    let w = tape.var(Matrix::scalar(0.5)).named("W");
    let mut h = tape.constant(Matrix::scalar(1.0)).named("h");
    for t in 0..4 {
        let _step = tape.step(t);
        h = h.matmul_t(w).tanh().named("h");
    }
    let svg = tape.drawing(None).svg().to_string();
    assert_eq!(svg.matches("class=\"node parameter\"").count(), 1);
    assert_eq!(svg.matches("data-edge=\"0-").count(), 4);
    assert!(svg.contains("4 uses") && svg.contains("hₜ₋₁ Wᵀ"), "{svg}");
    assert!(svg.contains("t = 3"));
}

#[test]
fn boxes_say_what_neither_names_nor_edges_do() {
    let tape = Tape::<f64>::new();
    let x = tape.var(Matrix::from([[1.0, 2.0]])).named("x");
    let y = Var::concat_cols(&[x.cols(0..1), x.cols(1..2)]);
    let z = (y.tanh() + x.cols(0..1).exp()).named("z");
    (z.transpose().matmul(x).sum() - z.sum()).named("E");
    let graph = tape.drawing(None).graph();
    let texts = graph
        .items
        .iter()
        .map(|i| (i.name.as_str(), i.detail.as_str()));
    let expected = [
        ("x", "[1, 2]"),
        ("concat_cols", "x[0..1] x[1..2]"),
        ("tanh", ""),
        ("exp", "x[0..1]"),
        ("z", "tanh · + exp x[0..1]"),
        ("transpose", "zᵀ"),
        ("matmul", "zᵀ x"),
        ("sum", ""),
        ("sum", ""),
        ("E", "sum (· x) − sum z"),
    ];
    assert_eq!(texts.collect::<Vec<_>>(), expected);
}

#[test]
fn a_cut_is_seen_in_every_view() {
    let tape = Tape::<f64>::new();
    let w = tape.var(Matrix::scalar(0.5)).named("W");
    let mut h = tape.constant(Matrix::scalar(1.0)).named("h");
    for t in 0..3 {
        let _step = tape.step(t);
        let _scope = tape.scope("rnn");
        h = h.detach().matmul_t(w).tanh().named("h");
    }
    let drawing = tape.drawing(None);
    for view in [drawing.clone(), drawing.collapse_all()] {
        assert!(view.svg().to_string().contains("no gradient passes"));
        assert!(view.dot().contains("style=dashed"));
    }
}

#[test]
fn a_collapsed_scope_is_one_box_a_step() {
    let tape = Tape::<f64>::new();
    let mut h = tape.constant(Matrix::scalar(1.0)).named("h");
    for t in 0..3 {
        let _step = tape.step(t);
        let _outer = tape.scope("a");
        let z = h.exp().named("z");
        let _inner = tape.scope("b");
        h = (z * h).tanh().named("h");
    }
    let svg = |drawing: Drawing| drawing.svg().to_string();
    let boxes = |svg: String| svg.matches("class=\"box\"").count();
    let drawing = tape.drawing(None);
    assert_eq!(boxes(svg(drawing.clone())), 1 + 3 * 3);
    assert_eq!(boxes(svg(drawing.collapse("a"))), 1 + 3);
    assert_eq!(boxes(svg(drawing.collapse("a/b"))), 1 + 3 * 2);
    assert_eq!(boxes(svg(drawing.collapse("nowhere"))), 1 + 3 * 3);
}

/// The headings of the columns that have one, and of others nothing.
fn headings(drawing: &Drawing) -> Vec<String> {
    let columns = drawing.graph().columns.into_iter();
    columns
        .map(|column| column.heading.unwrap_or_default())
        .collect()
}

#[test]
fn timelines_stand_side_by_side_and_may_run_backwards() {
    let tape = Tape::<f64>::new();
    let w = tape.var(Matrix::scalar(0.5)).named("W");
    let read = |timeline: &str, steps: [usize; 3]| {
        let _timeline = tape.timeline(timeline);
        let start = tape.constant(Matrix::scalar(1.0)).named("h");
        steps.into_iter().fold(start, |h, t| {
            let _step = tape.step(t);
            h.matmul_t(w).tanh().named("h")
        });
    };
    read("right", [0, 1, 2]);
    read("left", [2, 1, 0]);
    let drawing = tape.drawing(None);
    check(&drawing);
    let expected = [
        "",
        "right: t = 0",
        "right: t = 1",
        "right: t = 2",
        "left: t = 0",
        "left: t = 1",
        "left: t = 2",
        "",
    ];
    assert_eq!(headings(&drawing), expected);
    let graph = drawing.graph();
    let mut columns: Vec<_> = graph.items.iter().filter_map(|i| i.column).collect();
    columns.sort_unstable();
    columns.dedup();
    assert_eq!(columns, (0..8).collect::<Vec<_>>(), "something in each");
    let svg = drawing.svg().to_string();
    assert!(
        svg.contains("hₜ₋₁ Wᵀ") && svg.contains("hₜ₊₁ Wᵀ") && svg.contains("from another step")
    );
}

#[test]
fn what_is_too_wide_is_folded() {
    let tape = Tape::<f64>::new();
    let w = tape.var(Matrix::scalar(0.5)).named("W");
    let mut h = tape.constant(Matrix::scalar(1.0)).named("h");
    for t in 0..60 {
        let _step = tape.step(t);
        h = h.matmul_t(w).named("z").tanh().named("h");
    }
    let drawing = tape.drawing(None);
    assert!(drawing.whole().width() > WIDEST);
    let svg = drawing.svg();
    assert!(
        svg.width() <= WIDEST && svg.width() > 0.8 * WIDEST,
        "{}",
        svg.width()
    );
    let svg = svg.to_string();
    assert!(svg.contains(" steps<") && svg.contains(">t = 0<") && svg.contains(">t = 59<"));
    assert_eq!(drawing.dot().matches("subgraph").count(), 60);

    let mut folded = drawing.clone();
    folded.view.folds = folds(&drawing.times, 4);
    check(&folded);
    assert_eq!(
        headings(&folded),
        ["", "t = 0", "t = 1", "t = 2 … 58", "t = 59"]
    );

    // One step that is too wide cannot be folded.
    let tape = Tape::<f64>::new();
    let x = tape.var(Matrix::scalar(0.5));
    for _ in 0..100 {
        x.tanh().named("a name as long as this").at(0);
    }
    assert_eq!(tape.drawing(None).svg(), tape.overview(None).svg());
}

#[test]
fn look_ups_say_which_rows_and_of_what() {
    let tape = Tape::<f64>::new();
    let table = || tape.var(Matrix::from_fn(9, 1, |r, _| r as f64)).named("E");
    let (source, target) = (table(), table());
    source.gather_rows(&[3, 1]).named("x");
    (target.gather_rows(&[8, 0, 5, 5, 1]).named("x") + target.square().sum()).named("y");
    let graph = tape.drawing(None).graph();
    let text = |i: &Item| format!("{}: {}", i.name, i.detail);
    let texts: Vec<_> = graph.items.iter().map(text).collect();
    for expected in ["x: gather_rows [3, 1]", "x: gather_rows [8, 0, 5, …]"] {
        assert!(
            texts.contains(&expected.to_string()),
            "{expected} in {texts:?}"
        );
    }
    let bars = texts.iter().filter(|text| text.starts_with("E %"));
    assert_eq!(bars.count(), 2, "{texts:?}");

    // Bars have the names of the scopes that use them.
    let tape = Tape::<f64>::new();
    for scope in ["encoder", "decoder"] {
        let e = tape.var(Matrix::scalar(1.0)).named("E");
        let (_scope, _step) = (tape.scope(scope), tape.step(0));
        e.gather_rows(&[0]);
    }
    let svg = tape.drawing(None).svg().to_string();
    assert!(
        svg.contains(">E<") && svg.contains("encoder<") && svg.contains("decoder<"),
        "{svg}"
    );
}

#[test]
fn what_cannot_be_read_is_an_overview() {
    let tape = Tape::<f64>::new();
    let mut h = tape.constant(Matrix::scalar(1.0));
    for t in 0..2 * READABLE {
        let _step = tape.step(t * 1_000_000);
        h = h.tanh().named("h");
    }
    let overview = tape.overview(None).svg();
    assert_eq!(tape.drawing(None).svg(), overview);
    assert!(overview.to_string().contains("norm of the value"));
}
