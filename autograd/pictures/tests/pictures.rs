//! What pictures show of a tape is what is on it.
#![allow(missing_docs)]

use autograd::{Matrix, Tape};
use pictures::{
    FadingMemory, FlowPictures, HeatMap, LineChart, ReplayPictures, TapePictures, TrianglePictures,
    VarPictures,
};

#[test]
fn a_page_has_a_frame_for_each_node_that_sends() {
    let tape = Tape::<f64>::new();
    let x = tape.var(Matrix::from([[0.5, 1.0], [0.2, 0.3]])).named("x");
    let unseen = x.tanh();
    let parts = [
        x.cross_entropy(&[0, 1]),
        x.gather_rows(&[1, 1, 0]).transpose().sum(),
        tape.recompute(&[x], |v| v[0].tanh().sum()),
    ];
    let e = (parts[0] + parts[1] * parts[2]).named("E");
    let page = e.page();
    assert_eq!(page.frame_count(), e.replay().count());
    assert_eq!(e.replay().page(), page);
    let unseen = format!("<section data-node=\"{}\" data-to", unseen.index());
    assert!(!page.to_string().contains(&unseen));
}

#[test]
fn the_page_of_a_long_sweep_ends_with_the_rest_at_once() {
    let tape = Tape::<f64>::new();
    let x = tape.var(Matrix::scalar(0.1)).named("x");
    let e = (0..1000).fold(x, |x, t| x.tanh().at(t)).named("E");
    let page = e.page();
    assert_eq!(page.frame_count(), 601);
    assert!(page.to_string().contains("at once: 400 nodes"));
}

#[test]
fn pictures_of_a_decomposition_have_its_names_and_numbers() {
    let tape = Tape::<f64>::new();
    let w = tape.var(Matrix::scalar(0.5)).named("W");
    let mut states = vec![tape.var(Matrix::scalar(1.0)).named("h")];
    for t in 0..3 {
        let _step = tape.step(t);
        states.push(states[t].matmul_t(w).named("h"));
    }
    let e = states[3].sum().named("E");
    let map = w.triangle(&[e]).heat_map().svg().to_string();
    for text in ["‖∂E/∂W‖ by step", ">t = 2<", ">0.250<"] {
        assert!(map.contains(text), "{text} in {map}");
    }
    let chart = e.gradient_flow(&states).chart().svg().to_string();
    assert!(chart.contains("σ₁(∂h_T/∂h_t)"), "{chart}");
}

/// What users call things cannot get out of where it is shown.
#[test]
fn hostile_names_stay_text_everywhere() {
    const EVIL: &str = "</title></svg></script><script>alert(1)</script>\"'&\\input{x}$^_%#~\u{0}";
    let tape = Tape::<f64>::new();
    let scope = tape.scope(EVIL);
    let w = tape.var(Matrix::scalar(0.5)).named(EVIL);
    let e = (w * 2.0).named(EVIL).at(0).square().named(EVIL).at(0);
    drop(scope);
    let map = w.triangle(&[e]).heat_map().titled(EVIL).svg();
    let chart = LineChart::new(EVIL, EVIL, EVIL)
        .line(EVIL, &[1.0, 2.0])
        .svg();
    let fading = FadingMemory::new(EVIL, &[1.0], &[1.0]).svg();
    let gradients = e.backward();
    let drawing = tape.drawing(Some(&gradients)).svg();
    let overview = tape.overview(Some(&gradients)).svg();
    for (what, text) in [
        ("map", map.to_string()),
        ("chart", chart.to_string()),
        ("fading", fading.to_string()),
        ("drawing", drawing.to_string()),
        ("overview", overview.to_string()),
        ("page", e.page().to_string()),
    ] {
        assert!(text.contains("&lt;script&gt;"), "{what} shows the name");
        assert!(!text.contains("<script>alert"), "{what}: {text}");
        assert!(!text.contains('\u{0}'), "{what}");
    }
    let dot = tape.drawing(None).dot();
    let quotes = dot
        .replace("\\\\", "")
        .replace("\\\"", "")
        .matches('"')
        .count();
    assert!(quotes.is_multiple_of(2) && !dot.contains('\u{0}'), "{dot}");
}

#[test]
fn an_overview_keeps_timelines_apart() {
    let tape = Tape::<f64>::new();
    let x = tape.var(Matrix::scalar(0.5));
    for (timeline, steps) in [("encoder", 0..3), ("decoder", 0..2)] {
        let _timeline = tape.timeline(timeline);
        for t in steps {
            x.tanh().named("h").at(t);
        }
    }
    let overview = tape.overview(None);
    let text = overview.to_string();
    let mut lines = text.lines();
    let heads = ["encoder: t = 2", "decoder: t = 0", "decoder: t = 1"];
    let head = lines.next().unwrap();
    assert!(heads.iter().all(|h| head.contains(h)), "{text}");
    let numbers = |line: &str| line.matches("e-1").count();
    assert_eq!(lines.map(numbers).collect::<Vec<_>>(), [3, 2], "{text}");
    let svg = overview.svg().to_string();
    assert!(
        svg.contains(">encoder<") && svg.contains(">decoder<"),
        "{svg}"
    );
}

#[test]
fn a_dashed_line_has_the_colour_of_the_one_before_it() {
    let chart = LineChart::new("t", "x", "y")
        .dashed("chance", &[0.5, 0.5])
        .line("a", &[1.0, 2.0])
        .dashed("bound of a", &[3.0, 3.0])
        .line("b", &[2.0, 1.0]);
    let text = chart.svg().to_string();
    let strokes: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("<path"))
        .collect();
    let colour = |line: &str| line.split("stroke=\"").nth(1).unwrap()[..7].to_string();
    let colours: Vec<_> = strokes.iter().map(|line| colour(line)).collect();
    assert_eq!(colours[1], colours[2]);
    assert!(colours[0] != colours[1] && colours[1] != colours[3] && colours[0] != colours[3]);
    let dashed: Vec<_> = strokes
        .iter()
        .map(|line| line.contains("dasharray"))
        .collect();
    assert_eq!(dashed, [true, false, true, false]);
}

#[test]
fn turned_names_of_columns_are_all_there() {
    let words: Vec<_> = (0..40).map(|i| format!("word{i}")).collect();
    let map = HeatMap::of(&Matrix::<f64>::zeros(2, 40)).labelled(vec![], words.clone());
    let (lying, turned) = (map.svg(), map.turned().svg());
    let shown = |text: &str| {
        words
            .iter()
            .filter(|word| text.contains(&format!(">{word}<")))
            .count()
    };
    assert!(shown(&lying.to_string()) < 40);
    assert_eq!(shown(&turned.to_string()), 40);
    assert!(turned.height() > lying.height());
}
