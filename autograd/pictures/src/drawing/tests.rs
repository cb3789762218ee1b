//! Nothing overlaps, whatever the graph; and what users write stays text.

mod shown;

use std::collections::HashMap;

use autograd::{Matrix, Tape, Var};
use proptest::prelude::*;

use super::Drawing;
use super::across::BAR_TEXT;
use super::fold::folds;
use super::geometry::{Geometry, Point, Rect};
use super::model::Graph;
use super::place::{DETAIL, NAME};
use super::wire::Net;
use crate::TapePictures;
use crate::svg::text_width;

const NAMES: [&str; 6] = ["h", "z", "a_rather_long_name_of_a_node", "W", "⊙", "x"];
const TIMELINES: [&str; 2] = ["encoder", "decoder"];
const SCOPES: [&str; 3] = ["lstm1", "lstm2", "lstm1/inner"];

/// A graph of operations chosen by `choices`: in steps or not, which may run backwards, in scopes
/// and timelines or not, named or not.
fn graph<'t>(tape: &'t Tape<f64>, choices: &[u32]) -> Var<'t, f64> {
    let wave = |seed: usize| Matrix::from_fn(2, 2, |r, c| ((r * 5 + c * 3 + seed) as f64).sin());
    let mut nodes = vec![tape.var(wave(1)).named("U"), tape.var(wave(2))];
    for (i, &choice) in choices.iter().enumerate() {
        let (pick, place) = (choice as usize, (choice >> 16) as usize);
        let _timeline = (place / 1024 % 3 > 0).then(|| tape.timeline(TIMELINES[i / 12 % 2]));
        let step = if place / 4096 % 4 > 0 {
            i / 5
        } else {
            20 - i / 5
        };
        let _step = (place % 4 > 0).then(|| tape.step(step));
        let _scope = (place % 3 > 0).then(|| tape.scope(SCOPES[place / 4 % 3]));
        let (a, b) = (
            nodes[nodes.len() - 1 - pick / 16 % nodes.len().min(4)],
            nodes[pick / 64 % nodes.len()],
        );
        let node = match pick % 12 {
            0 => a.tanh(),
            1 => a + b,
            2 => a * b,
            3 => a.matmul_t(nodes[0]),
            4 => b.add_matmul_t(a, nodes[1]),
            5 => Var::concat_cols(&[a.cols(0..1), b.cols(1..2)]).sigmoid(),
            6 => a - b.detach(),
            7 => a.rows(0..1).cols(0..1) + b,
            8 => tape.constant(wave(i)),
            9 => tape.var(wave(i)),
            10 => a.detach(),
            _ => (a * a).sigmoid() + b,
        };
        nodes.push(match place / 16 % 3 {
            0 => node,
            _ => node.named(NAMES[place / 64 % NAMES.len()]),
        });
    }
    nodes[nodes.len() - 1].sum().named("E")
}

impl Rect {
    fn right(&self) -> f64 {
        self.at.0 + self.size.0
    }
}

fn meet(a: &Rect, b: &Rect) -> bool {
    a.at.0 < b.right() && b.at.0 < a.right() && a.at.1 < b.bottom() && b.at.1 < a.bottom()
}

fn check(drawing: &Drawing) {
    let graph = drawing.graph();
    let geometry = Geometry::new(&graph);
    boxes_are_apart(&geometry);
    texts_fit(&graph, &geometry);
    for (edge, path) in graph.edges.iter().zip(&geometry.paths) {
        // What closes a circle between a bar and a collapsed scope comes to it from above.
        let ends = match graph.rises(edge) {
            true => vec![edge.from, edge.to],
            false => Vec::new(),
        };
        path.windows(2)
            .for_each(|s| is_clear(&graph, &geometry, &ends, s));
    }
    lines_are_apart(&graph, &geometry);
}

fn boxes_are_apart(geometry: &Geometry) {
    let page = geometry.size;
    for (i, a) in geometry.boxes.iter().enumerate() {
        assert!(a.at.0 >= 0.0 && a.at.1 >= 0.0 && a.right() <= page.0 && a.bottom() <= page.1);
        for b in &geometry.boxes[i + 1..] {
            assert!(!meet(a, b), "{a:?} and {b:?}");
        }
    }
}

fn texts_fit(graph: &Graph, geometry: &Geometry) {
    for (item, rect) in graph.items.iter().zip(&geometry.boxes) {
        let (name, detail) = (
            text_width(&item.name, NAME),
            text_width(&item.detail, DETAIL),
        );
        match item.column {
            Some(_) => assert!(name.max(detail) <= rect.size.0, "{}", item.name),
            None => assert!(geometry.text + name + BAR_TEXT + detail <= rect.right()),
        }
    }
}

/// A segment goes straight across or down, through no box, and through bars only down.
fn is_clear(graph: &Graph, geometry: &Geometry, ends: &[usize], segment: &[Point]) {
    let (a, b) = (segment[0], segment[1]);
    let down = (a.0 - b.0).abs() < 0.01;
    assert!(down || (a.1 - b.1).abs() < 0.01, "{segment:?}");
    let line = Rect {
        at: (a.0.min(b.0), a.1.min(b.1)),
        size: ((a.0 - b.0).abs(), (a.1 - b.1).abs()),
    };
    for (index, rect) in geometry.boxes.iter().enumerate() {
        let across = down && graph.items[index].column.is_none() && !ends.contains(&index);
        assert!(across || !meet(&line, rect), "{segment:?} behind {rect:?}");
    }
}

/// Lines of different nets may cross, but none runs along another.
fn lines_are_apart(graph: &Graph, geometry: &Geometry) {
    type Line = (f64, f64, Net);
    let mut lines: HashMap<(bool, i64), Vec<Line>> = HashMap::new();
    for (edge, path) in graph.edges.iter().zip(&geometry.paths) {
        for s in path.windows(2) {
            let down = (s[0].0 - s[1].0).abs() < 0.01;
            let (at, from, to) = match down {
                true => (s[0].0, s[0].1, s[1].1),
                false => (s[0].1, s[0].0, s[1].0),
            };
            let line = (from.min(to), from.max(to), (edge.from, edge.flow));
            let same = lines.entry((down, (at * 2.0).round() as i64)).or_default();
            for other in same.iter().filter(|other| other.2 != line.2) {
                let along = line.1.min(other.1) - line.0.max(other.0);
                assert!(
                    along < 1.0,
                    "{line:?} along {other:?} at {at}, down: {down}"
                );
            }
            same.push(line);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn nothing_overlaps(choices in prop::collection::vec(any::<u32>(), 0..60)) {
        let tape = Tape::new();
        let e = graph(&tape, &choices);
        let drawing = tape.drawing(Some(&e.backward()));
        let mut folded = drawing.clone();
        folded.view.folds = folds(&drawing.times, 3);
        for view in [
            drawing.clone(),
            folded.collapse("lstm1"),
            folded,
            drawing.collapse("lstm1"),
            drawing.collapse_all(),
            drawing.scope("lstm2"),
            drawing.scope("nowhere"),
        ] {
            check(&view);
            let svg = view.svg().to_string();
            prop_assert!(svg.starts_with("<svg") && !svg.contains("NaN") && !svg.contains("inf"));
            prop_assert_eq!(view.dot().matches('{').count(), view.dot().matches('}').count());
        }
    }
}

#[test]
fn a_tape_of_nothing_and_of_one_node() {
    let tape = Tape::<f64>::new();
    check(&tape.drawing(None));
    tape.var(Matrix::scalar(1.0)).named("x");
    check(&tape.drawing(None));
    let svg = tape.drawing(None).svg().to_string();
    assert_eq!(svg.matches("data-node=\"0\"").count(), 1);
    assert!(!svg.contains("t ="), "a column without a header");
}

/// Names that would mean something to SVG, HTML, Graphviz or LaTeX.
const HOSTILE: [&str; 9] = [
    "\"];evil[",
    "</text><script>alert(1)</script>",
    "\\",
    "two\nlines",
    "a]]>b",
    "$\\input{x}$",
    "nul\0nul",
    "&lt;b&gt;",
    "<b onclick='x'>",
];

#[test]
fn names_are_text_only() {
    let tape = Tape::<f64>::new();
    let x = tape.var(Matrix::scalar(1.0)).named(HOSTILE[1]);
    for (t, name) in HOSTILE.into_iter().enumerate() {
        let _step = tape.step(t);
        let _scope = tape.scope(name);
        x.tanh().named(name).exp().named("y");
    }
    let drawing = tape.drawing(None);
    for view in [drawing.clone(), drawing.collapse_all()] {
        check(&view);
        let svg = view.svg().to_string();
        assert!(!svg.contains("<script") && !svg.contains("<b ") && !svg.contains('\0'));
        assert!(!svg.contains("]]>") && !view.dot().contains('\0'));
        for line in view.dot().lines() {
            let bare = line.replace("\\\\", "").replace("\\\"", "");
            assert_eq!(bare.matches('"').count() % 2, 0, "{line}");
        }
    }
    let overview = tape.overview(None).svg().to_string();
    assert!(!overview.contains("<script") && !overview.contains('\0'));
}

#[test]
fn long_names_are_shortened_but_whole_under_the_pointer() {
    let tape = Tape::<f64>::new();
    let name: &'static str = "n".repeat(1000).leak();
    let scope = "s".repeat(1000);
    let _scope = tape.scope(&scope);
    tape.var(Matrix::scalar(1.0))
        .named(name)
        .tanh()
        .at(1)
        .named(name);
    for view in [tape.drawing(None), tape.drawing(None).collapse_all()] {
        check(&view);
        let svg = view.svg();
        assert!(svg.width() < 1000.0 && svg.to_string().contains(name));
    }
    assert!(tape.overview(None).svg().width() < 2000.0);
}
