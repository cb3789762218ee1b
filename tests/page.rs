//! The page that plays a sweep, in a real browser. It needs Chromium and its driver:
//!
//!     cargo test --test page -- --ignored
#![allow(missing_docs)]

mod browser;

use autograd::{Gradients, Matrix, Tape, Var};
use layers::{Cell, Linear, Lstm, ParameterSet, unroll};
use pictures::VarPictures;
use rand::{SeedableRng, rngs::ChaCha8Rng};
use serde_json::json;

use browser::Browser;

const HOSTILE: &str =
    "</script><script>window.evil = 1</script>\"'><img src=x onerror='window.evil=1'>";
const RIGHT: &str = "\u{e014}";
const LEFT: &str = "\u{e012}";
const END: &str = "\u{e010}";
const HOME: &str = "\u{e011}";
const SPACE: &str = " ";

/// An LSTM over three steps, with names that try to get out.
fn lstm(tape: &Tape<f64>) -> Var<'_, f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut set = ParameterSet::new();
    let lstm = Lstm::new(&mut set, HOSTILE, 2, 3, &mut rng);
    let output = Linear::new(&mut set, "output", 3, 2, &mut rng);
    let p = set.bind(tape);
    let x = tape
        .constant(Matrix::from([[1.0, 0.5], [0.1, -0.2], [0.3, 0.9]]))
        .named(HOSTILE);
    let unrolled = unroll(&lstm, &p, lstm.project(&p, x), 1, lstm.initial_state(&p, 1));
    let y = output.apply(&p, unrolled.state.h).named("y");
    y.cross_entropy(&[1]).named("E")
}

fn page(browser_test: impl FnOnce(&Browser, Var<'_, f64>, &Gradients<'_, f64>)) {
    let tape = Tape::new();
    let e = lstm(&tape);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sweep.html");
    std::fs::write(&file, e.page().to_string()).unwrap();
    let browser = Browser::open(&format!("file://{}", file.display()));
    browser_test(&browser, e, &e.backward());
    assert_eq!(browser.console(), json!([]));
    assert_eq!(browser.script("return typeof window.evil"), "undefined");
}

#[test]
#[ignore = "needs chromedriver"]
fn keys_and_slider_go_through_the_sweep() {
    page(|browser, e, gradients| {
        let events: Vec<_> = e.replay().collect();
        let count = events.len();
        let at = |k: usize| assert_eq!(browser.text("#where"), format!("{k} of {count}"));
        at(0);
        for (k, event) in events.iter().enumerate() {
            browser.press(RIGHT);
            at(k + 1);
            let node = e.tape().node(event.node.index);
            assert_eq!(
                browser.numbers("#now"),
                gradients.of(node).data(),
                "{}",
                event.node
            );
            let current = browser.script("return document.querySelector('.current')?.dataset.node");
            assert_eq!(current, json!(event.node.index.to_string()));
        }
        browser.press(RIGHT);
        at(count); // there is nothing behind the end
        browser.press(LEFT);
        at(count - 1);
        browser.press(HOME);
        at(0);
        browser.press(LEFT);
        at(0);
        browser.press(END);
        at(count);
        browser.press(SPACE); // plays from the beginning
        browser.press(SPACE);
        at(0);
        browser.script(
            "const s = document.getElementById('slider'); s.value = 3; s.dispatchEvent(new Event('input'))",
        );
        at(3);
        for (button, k) in [("#next", 4), ("#back", 3), ("#last", count), ("#first", 0)] {
            browser.click(button);
            at(k);
        }
    });
}

#[test]
#[ignore = "needs chromedriver"]
fn the_last_frame_has_the_gradients_of_backward() {
    page(|browser, e, gradients| {
        browser.press(END);
        let tape = e.tape();
        let boxes = browser.script(
            "return [...document.querySelectorAll('#drawing [data-node]')].map(g => g.dataset.node)",
        );
        let boxes: Vec<usize> = boxes
            .as_array()
            .unwrap()
            .iter()
            .map(|b| b.as_str().unwrap().parse().unwrap())
            .collect();
        assert!(boxes.len() > 30, "{boxes:?}");
        let mut leaves = 0;
        for index in boxes {
            let node = tape.node(index);
            browser.click(&format!("#drawing [data-node='{index}']"));
            assert_eq!(browser.text("#node h2"), node.info().label());
            let value = node.value().to_matrix();
            let is_whole = value.row_count() <= 16 && value.col_count() <= 16; // of larger ones, a part
            if !is_whole {
                continue;
            }
            assert_eq!(browser.numbers("#node"), value.data(), "{}", node.info());
            let Some(gradient) = gradients.get(node) else {
                continue;
            };
            let shown = browser.numbers("#node .gradient");
            assert_eq!(shown, gradient.to_matrix().data(), "{}", node.info());
            leaves += usize::from(node.info().parents.is_empty());
        }
        assert!(leaves > 1);
    });
}

#[test]
#[ignore = "needs chromedriver"]
fn before_a_node_has_sent_the_page_shows_what_it_has_received() {
    page(|browser, e, _| {
        let events: Vec<_> = e.replay().collect();
        let named = |s: &&autograd::inspect::Sent<f64>| s.to.name == Some("W");
        let (k, sent) = events
            .iter()
            .enumerate()
            .find_map(|(k, event)| event.sent.iter().find(named).map(|s| (k, s)))
            .unwrap();
        browser.click(&format!("#drawing [data-node='{}']", sent.to.index));
        assert!(browser.text("#node").contains("nothing yet"));
        for _ in 0..=k {
            browser.press(RIGHT);
        }
        assert!(browser.text("#node").contains("received so far"));
    });
}

/// In a notebook, the page is in a frame of its own.
#[test]
#[ignore = "needs chromedriver"]
fn a_framed_page_plays_too() {
    let tape = Tape::new();
    let e = lstm(&tape);
    let count = e.replay().count();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notebook.html");
    let page = e.page().iframe();
    std::fs::write(
        &file,
        format!("<!DOCTYPE html><meta charset=\"utf-8\">{page}"),
    )
    .unwrap();
    let browser = Browser::open(&format!("file://{}", file.display()));
    browser.post("/frame", json!({ "id": 0 }));
    assert_eq!(browser.text("#where"), format!("0 of {count}"));
    browser.click("#last");
    assert_eq!(browser.text("#where"), format!("{count} of {count}"));
    assert_eq!(browser.script("return typeof window.evil"), "undefined");
    assert_eq!(browser.console(), json!([]));
}
