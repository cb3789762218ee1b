//! Drawings of real networks can be read: nothing overlaps, and every step looks the same.

use autograd::{Matrix, Tape, Var};
use layers::{Bound, Cell, Gru, Linear, Lstm, ParameterSet, Reset, SimpleRnn, State, unroll};
use pictures::{Drawing, TapePictures};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

const BATCH: usize = 2;
const KINDS: [&str; 5] = ["rnn", "learned", "lstm", "before", "after"];

fn cell(kind: &str, name: &str, input: usize, set: &mut ParameterSet<f64>) -> Box<dyn Cell<f64>> {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    match kind {
        "rnn" => Box::new(SimpleRnn::new(set, name, input, 4, rng)),
        "learned" => Box::new(SimpleRnn::new(set, name, input, 4, rng).with_learned_state(set)),
        "lstm" => Box::new(Lstm::new(set, name, input, 4, rng)),
        "before" => Box::new(Gru::new(set, name, input, 4, Reset::Before, rng)),
        _ => Box::new(Gru::new(set, name, input, 4, Reset::After, rng)),
    }
}

/// Layers on top of each other with a loss a step, drawn.
fn network(kind: &str, layers: usize, steps: usize, cut: bool) -> Drawing {
    let mut set = ParameterSet::new();
    let names: Vec<_> = (1..=layers).map(|l| format!("{kind}{l}")).collect();
    let input = |layer| if layer == 0 { 3 } else { 4 };
    let named = names.iter().enumerate();
    let cells: Vec<_> = named
        .map(|(l, name)| cell(kind, name, input(l), &mut set))
        .collect();
    let output = Linear::new(&mut set, "out", 4, 5, &mut ChaCha8Rng::seed_from_u64(2));
    let tape = Tape::new();
    let p = set.bind(&tape);
    let wave = |r: usize, c: usize| ((r * 3 + c) as f64).sin();
    let mut x = tape
        .constant(Matrix::from_fn(BATCH * steps, 3, wave))
        .named("x");
    let mut outputs = Vec::new();
    for cell in &cells {
        let mut start = cell.initial_state(&p, BATCH);
        if cut {
            start = State::detach(start);
        }
        let unrolled = unroll(cell.as_ref(), &p, cell.project(&p, x), BATCH, start);
        x = unrolled.stacked();
        outputs = unrolled.outputs;
    }
    let e = losses(&p, output, &outputs);
    tape.drawing(Some(&e.backward()))
}

fn losses<'t>(p: &Bound<'t, f64>, output: Linear, hidden: &[Var<'t, f64>]) -> Var<'t, f64> {
    let loss = |(t, &h)| {
        let _step = p.tape().step(t);
        output
            .apply(p, h)
            .named("y")
            .cross_entropy(&[0, 1])
            .named("E")
    };
    let losses = hidden.iter().enumerate().map(loss);
    losses
        .reduce(|a, b| a + b)
        .expect("there is a step")
        .named("E")
}

struct Frame {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

fn attribute<'a>(element: &'a str, name: &str) -> &'a str {
    let rest = element.split(&format!(" {name}=\"")).nth(1).unwrap();
    rest.split('"').next().unwrap()
}

/// The boxes of a picture.
fn boxes(svg: &str) -> Vec<Frame> {
    let elements = svg.lines().filter(|l| l.contains("class=\"box\""));
    let number = |line, name| attribute(line, name).parse::<f64>().unwrap();
    elements
        .map(|line| Frame {
            left: number(line, "x"),
            top: number(line, "y"),
            right: number(line, "x") + number(line, "width"),
            bottom: number(line, "y") + number(line, "height"),
        })
        .collect()
}

fn check(svg: &str) {
    let boxes = boxes(svg);
    for (i, a) in boxes.iter().enumerate() {
        for b in &boxes[i + 1..] {
            let meet = a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
            assert!(!meet, "boxes overlap");
        }
    }
    let mut nodes: Vec<_> = svg.lines().filter(|l| l.contains("data-node=")).collect();
    assert_eq!(nodes.len(), boxes.len());
    nodes.sort_by_key(|line| attribute(line, "data-node"));
    nodes.dedup_by_key(|line| attribute(line, "data-node"));
    assert_eq!(nodes.len(), boxes.len(), "a node is drawn twice");
    for line in svg.lines().filter(|l| l.contains("data-edge=")) {
        let (from, to) = attribute(line, "data-edge").split_once('-').unwrap();
        for end in [from, to] {
            assert!(svg.contains(&format!("data-node=\"{end}\"")), "{line}");
        }
    }
}

#[test]
fn real_networks_are_drawn_without_overlaps() {
    for kind in KINDS {
        for steps in 1..=6 {
            for layers in 1..=2 {
                let drawing = network(kind, layers, steps, steps % 2 == 0);
                for view in [drawing.clone(), drawing.collapse_all()] {
                    check(&view.svg().to_string());
                }
            }
        }
    }
}

#[test]
fn boxes_say_the_equations() {
    let svg = network("lstm", 1, 3, false).svg().to_string();
    for line in [
        "zx + hₜ₋₁ Wᵀ",
        "i ⊙ g + f ⊙ cₜ₋₁",
        "o ⊙ tanh c",
        "σ z[0..4]",
        "tanh z[8..12]",
    ] {
        assert_eq!(svg.matches(&format!(">{line}</text>")).count(), 3, "{line}");
    }
    assert!(svg.contains("[16, 4]  ·  3 uses  ·  lstm1"), "{svg}");
}

#[test]
fn every_step_looks_the_same() {
    let svg = network("lstm", 1, 4, false).svg().to_string();
    let mut boxes = boxes(&svg);
    let widest = boxes.iter().map(|b| b.right - b.left).fold(0.0, f64::max);
    boxes.retain(|b| b.right - b.left < widest); // bars are for all steps
    boxes.sort_by(|a, b| a.top.total_cmp(&b.top));
    let rows: Vec<_> = boxes
        .chunk_by(|a, b| a.top == b.top)
        .map(<[_]>::len)
        .collect();
    // From the top: E, p, y, h, tanh, c, two products, four gates, z and zx; the states h and c
    // have a box before the first step, too.
    assert_eq!(rows, [4, 4, 4, 4 + 1, 4, 4 + 1, 8, 16, 4, 4]);
}
