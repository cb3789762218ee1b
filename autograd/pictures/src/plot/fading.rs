//! [`FadingMemory`]: the influence of the first input on all that follows, as shades of grey.

use super::{INK, short};
use crate::Svg;

/// Pixels between the centres of two circles, from column to column and from row to row.
const DX: f64 = 74.0;
const DY: f64 = 84.0;
const RADIUS: f64 = 17.0;
/// The centre of the circle at the bottom left.
const ORIGIN: (f64, f64) = (120.0, 60.0 + 2.0 * DY);
/// How far from a circle's centre its gates stand.
const GATE: f64 = RADIUS + 17.0;

/// The picture of how a recurrent network forgets (after Graves 2012, *Supervised Sequence Labelling
/// with Recurrent Neural Networks*, chapter 4): one column a step, with the input, the state and the
/// output; the more a circle depends on the first input, the darker it is. Gates stand where they
/// act, below, left of and above the state: "o" is open, "–" is closed.
///
/// The numbers are real ones, such as those of [`Var::influence`](autograd::Var::influence); each row
/// is relative to its largest.
///
/// ```
/// # use pictures::FadingMemory;
/// let picture = FadingMemory::new("LSTM", &[1.0, 0.9, 0.8], &[0.0, 0.0, 0.7])
///     .with_gates(&[1.0, 0.0, 0.0], &[0.0, 1.0, 1.0], &[0.0, 0.0, 1.0]);
/// assert!(picture.svg().to_string().contains("LSTM"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct FadingMemory {
    title: String,
    state: Vec<f64>,
    output: Vec<f64>,
    /// Input, forget and output gate at each step.
    gates: Option<[Vec<f64>; 3]>,
}

impl FadingMemory {
    /// Of the influence of the first input on the states and the outputs of all steps.
    ///
    /// # Panics
    /// If there are more of the ones than of the others.
    #[track_caller]
    pub fn new(title: &str, on_states: &[f64], on_outputs: &[f64]) -> Self {
        let (states, outputs) = (on_states.len(), on_outputs.len());
        assert!(states == outputs, "{states} states and {outputs} outputs");
        FadingMemory {
            title: title.into(),
            state: on_states.to_vec(),
            output: on_outputs.to_vec(),
            gates: None,
        }
    }

    /// With gates, which are open from 0.5 on: one number a step, such as the mean of the gate.
    ///
    /// # Panics
    /// If there is not a number for each step.
    #[track_caller]
    pub fn with_gates(&self, input: &[f64], forget: &[f64], output: &[f64]) -> Self {
        let gates = [input, forget, output].map(<[f64]>::to_vec);
        for gate in &gates {
            let (found, steps) = (gate.len(), self.state.len());
            assert!(
                found == steps,
                "{found} numbers of a gate for {steps} steps"
            );
        }
        FadingMemory {
            gates: Some(gates),
            ..self.clone()
        }
    }

    /// The picture.
    pub fn svg(&self) -> Svg {
        let steps = self.state.len();
        let (left, bottom) = ORIGIN;
        let mut svg = Svg::new(left + steps as f64 * DX, bottom + 60.0);
        let bold = format!(r#"font-size="14" font-weight="bold" fill="{INK}""#);
        svg.text((20.0, 24.0), &self.title, &bold);
        let input: Vec<f64> = (0..steps).map(|t| f64::from(t == 0)).collect();
        let rows = [
            ("input", &input),
            ("state", &self.state),
            ("output", &self.output),
        ];
        for (row, (name, _)) in rows.iter().enumerate() {
            let y = bottom - row as f64 * DY + 4.0;
            svg.text((20.0, y), name, &format!(r#"fill="{INK}""#));
        }
        for t in 0..steps {
            self.draw_arrows(&mut svg, t);
            for (row, (name, numbers)) in rows.iter().enumerate() {
                draw_circle(
                    &mut svg,
                    centre(t, row),
                    (name, t),
                    (numbers[t], largest(numbers)),
                );
            }
            let below = (centre(t, 0).0, bottom + 40.0);
            let style = format!(r#"text-anchor="middle" fill="{INK}""#);
            svg.text(below, &(t + 1).to_string(), &style);
        }
        svg
    }

    /// Into the state and out of it, with the gates on the way.
    fn draw_arrows(&self, svg: &mut Svg, t: usize) {
        let (x, y) = centre(t, 1);
        let ways = [(0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)]; // where the gates stand
        for (gate, (dx, dy)) in ways.into_iter().enumerate() {
            if gate == 1 && t == 0 {
                continue; // nothing is before the first step
            }
            let (long, outwards) = (if gate == 1 { DX } else { DY }, gate == 2);
            let near = (x + dx * RADIUS, y + dy * RADIUS);
            let far = (x + dx * (long - RADIUS), y + dy * (long - RADIUS));
            let (from, to) = if outwards { (near, far) } else { (far, near) };
            arrow(svg, from, to);
            if let Some(gates) = &self.gates {
                draw_gate(svg, (x + dx * GATE, y + dy * GATE), gates[gate][t]);
            }
        }
    }

    /// Displays the picture in a notebook.
    pub fn evcxr_display(&self) {
        let what = format!("fading memory: {}", self.title);
        self.svg().show(&what, &what);
    }
}

fn centre(t: usize, row: usize) -> (f64, f64) {
    let (left, bottom) = ORIGIN;
    (left + t as f64 * DX, bottom - row as f64 * DY)
}

fn largest(numbers: &[f64]) -> f64 {
    numbers
        .iter()
        .fold(f64::MIN_POSITIVE, |most, &x| x.max(most))
}

fn draw_circle(svg: &mut Svg, at: (f64, f64), (name, t): (&str, usize), (x, most): (f64, f64)) {
    let grey = (255.0 * (1.0 - (x / most).clamp(0.0, 1.0))).round() as u8;
    let style = format!(r##"fill="rgb({grey},{grey},{grey})" stroke="#333" stroke-width="1.2""##);
    let title = format!("{name} {}: {}", t + 1, short(x));
    svg.group("", &title, |svg| svg.circle(at, RADIUS, &style));
}

/// An arrow of which a gate hides the middle, if there is one.
fn arrow(svg: &mut Svg, from: (f64, f64), to: (f64, f64)) {
    svg.line(from, to, r##"stroke="#999" stroke-width="1.2""##);
    let (dx, dy) = ((to.0 - from.0).signum(), (to.1 - from.1).signum());
    let (dx, dy) = match to.0 == from.0 {
        true => (0.0, dy),
        false => (dx, 0.0),
    };
    let wing = |side: f64| {
        let (x, y) = (
            to.0 - 6.0 * dx + side * 3.5 * dy,
            to.1 - 6.0 * dy + side * 3.5 * dx,
        );
        format!("{x:.1} {y:.1}")
    };
    let tip = format!(
        "M {} L {:.1} {:.1} L {} Z",
        wing(1.0),
        to.0,
        to.1,
        wing(-1.0)
    );
    svg.path(&tip, r##"fill="#999""##);
}

fn draw_gate(svg: &mut Svg, (x, y): (f64, f64), open: f64) {
    svg.circle((x, y), 8.0, r##"fill="#fff""##);
    let mark = if open >= 0.5 { "o" } else { "–" };
    let style = format!(r#"text-anchor="middle" font-size="14" fill="{INK}""#);
    svg.group("", &short(open), |svg| svg.text((x, y + 4.5), mark, &style));
}
