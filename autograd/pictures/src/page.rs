//! [`Page`]: the reverse sweep as an interactive page.

use std::fmt;

use autograd::inspect::html::{self, escape, escape_lines};
use autograd::inspect::notebook::show;
use autograd::inspect::{Event, Line};
use autograd::{Gradients, Scalar, Tape, Var};

use crate::Drawing;

/// Frames that a page has at most; the rest of a longer sweep is its last frame.
const FRAMES: usize = 600;

const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

/// A reverse sweep as an HTML document that plays it, made by
/// [`VarPictures::page`](crate::VarPictures::page): its `Display` is the
/// document, to be written to a file.
///
/// The drawing of the tape stands at the left; with the arrow keys or the slider the sweep goes
/// forward and back, one node a frame, and shows what the node sends by which rule. A click on a
/// node shows its value, its gradient so far and its rules. "sweep.html#12" opens it at frame 12. The
/// document needs no network.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    title: String,
    drawing: String,
    frames: String,
    nodes: String,
    count: usize,
}

/// What one node sends.
fn frame<T: Scalar>(tape: &Tape<T>, event: &Event<T>) -> String {
    let owner = |index: usize| tape.node(index).owner().index();
    let to = event
        .sent
        .iter()
        .map(|s| format!("{}/{}", s.to.index, owner(s.to.index)));
    let to: Vec<_> = to.collect();
    format!(
        "<section data-node=\"{}\" data-to=\"{}\">{}</section>\n",
        event.node.index,
        to.join(" "),
        event.html()
    )
}

/// What is to be seen of a node when it has been clicked on.
fn node<T: Scalar>(node: Var<'_, T>, line: &Line, gradients: &Gradients<'_, T>) -> String {
    let info = &line.node;
    let (label, line) = (escape(&info.label()), escape(&line.to_string()));
    let value = html::matrix(node.value());
    let gradient = match gradients.get(node) {
        Some(gradient) => html::matrix(gradient),
        None => "<p>none: no path leads from it to the loss, or it is a constant</p>".into(),
    };
    let rule = |(operand, &parent): (usize, &usize)| {
        let (to, rule) = (
            node.tape().node(parent).info().label(),
            node.update(operand),
        );
        format!(
            "<tr><td>{}</td><td>{}</td></tr>",
            escape(&to),
            escape(&rule)
        )
    };
    let rules: String = info.parents.iter().enumerate().map(rule).collect();
    let rules = match rules.is_empty() {
        true => String::new(),
        false => {
            format!("<h3>its rules</h3><table><tr><th>to</th><th>rule</th></tr>{rules}</table>")
        }
    };
    format!(
        "<section data-node=\"{}\"><h2>{label}</h2><p><code>{line}</code></p>\
         <h3>value</h3>{value}<div class=\"gradient\">{gradient}</div>{rules}</section>\n",
        info.index
    )
}

impl Page {
    #[inline(never)] // see `compiled`
    #[track_caller]
    pub(crate) fn of<T: Scalar>(start: Var<'_, T>) -> Self {
        let mut replay = start.replay();
        let events: Vec<_> = replay.by_ref().take(FRAMES).collect();
        let rest = replay.skip_all();
        let (tape, gradients) = (start.tape(), replay.finish());
        let mut frames: String = events.iter().map(|event| frame(tape, event)).collect();
        if rest > 0 {
            frames += &format!(
                "<section data-node=\"\" data-to=\"\"><p>The rest of the sweep at once: {rest} nodes.</p></section>\n"
            );
        }
        let program = tape.program();
        let lines = program.lines()[..=start.index()].iter();
        let nodes = lines.map(|line| node(tape.node(line.node.index), line, &gradients));
        Page {
            title: format!("the reverse sweep from {}", start.info().label()),
            drawing: Drawing::of(tape, None).whole().to_string(),
            frames,
            nodes: nodes.collect(),
            count: events.len() + usize::from(rest > 0),
        }
    }

    /// The number of frames after the one before the sweep: one for each node that sends something, up
    /// to 600, and one for all others.
    pub fn frame_count(&self) -> usize {
        self.count
    }

    /// The page in a frame, as an element of another page.
    pub fn iframe(&self) -> String {
        let page = escape_lines(&self.to_string()); // a comment in the script ends with its line
        // What is within the element is shown where a notebook lets nothing play yet.
        let otherwise = "Run this cell, and the reverse sweep plays here.";
        format!("<iframe srcdoc=\"{page}\" width=\"100%\" height=\"720\">{otherwise}</iframe>")
    }

    /// Displays the page in a notebook.
    pub fn evcxr_display(&self) {
        show("text/html", &self.iframe(), &self.title);
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Page {
            title,
            drawing,
            frames,
            nodes,
            count,
        } = self;
        let title = escape(title);
        write!(
            f,
            r##"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
{STYLE}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<button id="first" title="to the beginning (Home)">«</button>
<button id="back" title="one node back (←)">‹</button>
<button id="play" title="play (space)">play</button>
<button id="next" title="one node on (→)">›</button>
<button id="last" title="to the end (End)">»</button>
<input id="slider" type="range" min="0" max="{count}" value="0" aria-label="nodes that have sent">
<span id="where"></span>
</header>
<main>
<div id="drawing">{drawing}</div>
<aside>
<div id="now"></div>
<hr>
<div id="node"><p class="help">Click on a node to see its value, its gradient and its rules.</p></div>
</aside>
</main>
<template id="before"><p>The sweep has not begun: the loss has the gradient 1, all others nothing.</p>
<p class="help">→ and ← go from node to node, Home and End to the ends, space plays.</p></template>
<div id="frames">
{frames}</div>
<div id="nodes">
{nodes}</div>
<script>
{SCRIPT}</script>
</body>
</html>
"##
        )
    }
}
