//! The fading memory: what of the first input is still to be seen later, without gates and with them.
//!
//! After Graves 2012, *Supervised Sequence Labelling with Recurrent Neural Networks*, chapter 4. The shades are
//! measured: ‖∂h_t/∂x_1‖ of the states and ‖∂y_t/∂x_1‖ of the outputs.

use train::prelude::*;

const STEPS: usize = 7;
const SIGNAL: usize = 2;
const HIDDEN: usize = 4;

/// When the input, forget and output gates are open: written at step 1 only, kept until step 7, looked at in
/// steps 4 and 6.
const SWITCHES: [[f64; STEPS]; 3] = [
    [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0],
    [0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0],
];
/// σ(20 − 10) is an open gate, σ(−10) a closed one.
const SWITCHED: f64 = 20.0;
const CLOSED: f64 = -10.0;

/// A picture, and how much of the first input's influence on the state is left at each step, as a part of the
/// largest.
pub struct Fading {
    pub picture: FadingMemory,
    pub left: Vec<f64>,
}

fn signals(rng: &mut ChaCha8Rng) -> Vec<Matrix<f64>> {
    (0..STEPS).map(|_| uniform(1, SIGNAL, 1.0, rng)).collect()
}

fn left(influence: &[f64]) -> Vec<f64> {
    let most = influence.iter().copied().fold(0.0, f64::max);
    influence.iter().map(|x| x / most).collect()
}

/// Of a simple network, with random weights.
pub fn without_gates(seed: u64) -> Fading {
    let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(seed));
    let rnn = SimpleRnn::new(&mut set, "rnn1", SIGNAL, HIDDEN, &mut rng);
    let output = Linear::new(&mut set, "output", HIDDEN, SIGNAL, &mut rng);
    let tape = Tape::new();
    let p = set.bind(&tape);
    let x: Vec<_> = signals(&mut rng).into_iter().map(|x| tape.var(x)).collect();
    let zx = rnn.project(&p, Var::concat_rows(&x));
    let states = unroll(&rnn, &p, zx, 1, rnn.initial_state(&p, 1)).outputs;
    let outputs: Vec<_> = states.iter().map(|&h| output.apply(&p, h)).collect();
    let (on_states, on_outputs) = (x[0].influence(&states), x[0].influence(&outputs));
    Fading {
        picture: FadingMemory::new("simple network", &on_states, &on_outputs),
        left: left(&on_states),
    }
}

/// Of an LSTM whose gates are switched by three inputs beside the signal. What is drawn as its state is the cell.
pub fn with_gates(seed: u64) -> Fading {
    let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(seed));
    let lstm = Lstm::new(&mut set, "lstm1", SIGNAL + 3, HIDDEN, &mut rng);
    switch_gates(&lstm, &mut set);
    let tape = Tape::new();
    let p = set.bind(&tape);
    let x: Vec<_> = signals(&mut rng).into_iter().map(|x| tape.var(x)).collect();
    let at_step = |t: usize| {
        let switches = tape.constant(Matrix::from([SWITCHES.map(|gate| gate[t])]));
        Var::concat_cols(&[x[t], switches])
    };
    let inputs: Vec<_> = (0..STEPS).map(at_step).collect();
    let zx = lstm.project(&p, Var::concat_rows(&inputs));
    let states = unroll(&lstm, &p, zx, 1, lstm.initial_state(&p, 1)).outputs;
    let on_cells = x[0].influence(&tape.over_time("lstm1/c"));
    let on_states = x[0].influence(&states);
    let [i, f, o] = ["lstm1/i", "lstm1/f", "lstm1/o"].map(|gate| {
        let gates = tape.over_time(gate);
        gates
            .iter()
            .map(|gate| gate.value()[(0, 0)])
            .collect::<Vec<_>>() // of the first unit: all are alike
    });
    Fading {
        picture: FadingMemory::new("LSTM", &on_cells, &on_states).with_gates(&i, &f, &o),
        left: left(&on_cells),
    }
}

/// Lets nothing but its switch reach a gate.
fn switch_gates(lstm: &Lstm, set: &mut ParameterSet<f64>) {
    for (switch, block) in [0, 1, 3].into_iter().enumerate() {
        // i, f and o, of the blocks i, f, g and o
        for row in block * HIDDEN..(block + 1) * HIDDEN {
            set.get_mut(lstm.weights.u).view_mut().row(row).fill(0.0);
            set.get_mut(lstm.weights.u)[(row, SIGNAL + switch)] = SWITCHED;
            set.get_mut(lstm.weights.w).view_mut().row(row).fill(0.0);
            set.get_mut(lstm.weights.b)[(0, row)] = CLOSED;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simple_network_forgets_and_a_kept_cell_does_not() {
        for seed in 1..6 {
            let rnn = without_gates(seed).left;
            assert!(rnn[STEPS - 1] < 0.5, "{rnn:?}");
            let lstm = with_gates(seed).left;
            assert!(lstm[1..6].iter().all(|&left| left > 0.99), "{lstm:?}");
            assert!(lstm[6] < 1e-3, "thrown away: {lstm:?}");
        }
    }
}
