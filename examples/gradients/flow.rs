//! A gradient on its way back through time, by the spectral radius of W.
//!
//! ∂E/∂h_t = ∂E/∂h_T · ∂h_T/∂h_{T-1} ⋯ ∂h_{t+1}/∂h_t: a product of T − t Jacobians. Each of them is
//! diag(1 − h_k²) W, and no longer than γ ‖W‖, where γ = 1 is the largest slope of tanh. So
//!
//!   ‖∂h_T/∂h_t‖ ≤ (γ ‖W‖)^(T − t)
//!
//! (Pascanu, Mikolov, Bengio 2013, *On the difficulty of training recurrent neural networks*, section 2.1).

use train::prelude::*;

use crate::network::simple_rnn;

/// The inputs at each step are drawn from U(-this, this). So small, tanh(z) is z, and a gradient changes by W alone.
pub const SMALL: f64 = 1e-12;
/// Such inputs move the state to where tanh is flatter.
pub const ORDINARY: f64 = 1.0;
/// Features of the input, and classes of the output.
const SIZES: (usize, usize) = (4, 2);

/// What was measured of one network. Numbers over time begin with h_T itself, and go back.
#[derive(Clone, Debug)]
pub struct Flow {
    pub radius: f64,
    /// ‖W‖, the largest singular value.
    pub norm: f64,
    /// ‖∂E/∂h_t‖.
    pub gradients: Vec<f64>,
    /// σ₁ of ∂h_T/∂h_t: how much longer a gradient can at most become on its way.
    pub largest: Vec<f64>,
    /// σ₁ of each factor ∂h_t/∂h_{t-1}.
    pub factors: Vec<f64>,
}

/// Unrolls a network of this radius over random inputs, with an error at the last step only.
pub fn measure(radius: f64, input: f64, (hidden, steps): (usize, usize), seed: u64) -> Flow {
    let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(seed));
    let rnn = simple_rnn(&mut set, (SIZES.0, hidden), radius, &mut rng);
    let output = Linear::new(&mut set, "output", hidden, SIZES.1, &mut rng);
    let norm = set.get(rnn.weights.w).singular_values()[0];

    let tape = Tape::new();
    let p = set.bind(&tape);
    let x = tape
        .constant(uniform(steps, SIZES.0, input, &mut rng))
        .named("x");
    let states = unroll(&rnn, &p, rnn.project(&p, x), 1, rnn.initial_state(&p, 1)).outputs;
    let error = output
        .apply(&p, states[steps - 1])
        .cross_entropy(&[0])
        .named("E");

    let flow = error.gradient_flow(&states);
    let factor = |t: usize| states[t].jacobian(states[t - 1]).singular_values()[0];
    let backward = |numbers: Vec<f64>| numbers.into_iter().rev().collect();
    Flow {
        radius,
        norm,
        gradients: backward(flow.gradients),
        largest: backward(flow.largest),
        factors: (1..steps).rev().map(factor).collect(),
    }
}

impl Flow {
    /// (γ ‖W‖)^(T − t), with γ = 1.
    pub fn bound(&self) -> Vec<f64> {
        let steps = self.largest.len() as i32;
        (0..steps).map(|back| self.norm.powi(back)).collect()
    }

    /// Whether the measured singular values keep to the bound, but for what is rounded.
    pub fn is_bounded(&self) -> bool {
        let below = |(found, bound): (&f64, f64)| *found <= bound * (1.0 + 1e-9);
        self.largest.iter().zip(self.bound()).all(below)
    }

    /// What the gradient is multiplied by at each step back: e to the slope of ln ‖∂E/∂h_t‖, by least squares, as
    /// far as the gradient is a number above zero.
    pub fn growth(&self) -> f64 {
        let above_zero = self.gradients.iter().take_while(|&&norm| norm > 0.0);
        slope(&above_zero.map(|norm| norm.ln()).collect::<Vec<_>>()).exp()
    }
}

/// Of the straight line through numbers at 0, 1, 2 and so on that has the least squared error.
fn slope(numbers: &[f64]) -> f64 {
    let count = numbers.len() as f64;
    let (x, y) = ((count - 1.0) / 2.0, numbers.iter().sum::<f64>() / count);
    let from_middle = (0..numbers.len()).map(|i| i as f64 - x);
    let products = from_middle.clone().zip(numbers).map(|(dx, n)| dx * (n - y));
    products.sum::<f64>() / from_middle.map(|dx| dx * dx).sum::<f64>()
}

/// A line for each network.
pub fn table(flows: &[Flow]) -> String {
    let mut text = String::from(
        "  radius of W   ‖W‖   growth a step   mean σ₁ a step   σ₁ over all steps      bound\n",
    );
    for flow in flows {
        let mean = flow.factors.iter().sum::<f64>() / flow.factors.len() as f64;
        let last = |numbers: &[f64]| numbers[numbers.len() - 1];
        text += &format!(
            "{:13.2} {:5.2} {:15.3} {:16.3} {:19.2e} {:10.2e}\n",
            flow.radius,
            flow.norm,
            flow.growth(),
            mean,
            last(&flow.largest),
            last(&flow.bound()),
        );
    }
    text
}

/// ‖∂E/∂h_t‖ against the distance, for every radius.
pub fn gradient_chart(title: &str, flows: &[Flow]) -> LineChart {
    let chart = LineChart::new(title, "T − t, steps back", "‖∂E/∂h_t‖").log();
    flows.iter().fold(chart, |chart, flow| {
        chart.line(&format!("radius {}", flow.radius), &flow.gradients)
    })
}

/// Singular values of Jacobians beside the bound, for some of the radii.
pub fn bound_chart(flows: &[Flow]) -> LineChart {
    let title = "what a gradient can at most be multiplied by, and the bound ‖W‖^(T − t)";
    let chart = LineChart::new(title, "T − t, steps back", "σ₁ of ∂h_T/∂h_t").log();
    flows.iter().fold(chart, |chart, flow| {
        chart
            .line(&format!("radius {}", flow.radius), &flow.largest)
            .dashed("its bound", &flow.bound())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_evenly_has_that_growth() {
        assert!((slope(&[3.0, 5.0, 7.0]) - 2.0).abs() < 1e-12);
        assert!((slope(&[0.0, 1.0, 0.0]) - 0.0).abs() < 1e-12);
        let flow = Flow {
            radius: 0.5,
            norm: 0.5,
            gradients: vec![8.0, 4.0, 2.0, 1.0],
            largest: vec![1.0, 0.5, 0.25, 0.125],
            factors: vec![0.5; 3],
        };
        assert!((flow.growth() - 0.5).abs() < 1e-12);
        assert!(flow.is_bounded());
        let faster = Flow { norm: 0.4, ..flow };
        assert!(!faster.is_bounded());
    }

    /// Of two networks from one seed, W of the one is three times that of the other.
    #[test]
    fn by_small_states_the_radius_is_what_a_step_multiplies_by() {
        let [small, large] = [0.5, 1.5].map(|radius| measure(radius, SMALL, (16, 30), 1));
        assert!(small.is_bounded() && large.is_bounded());
        assert!(small.growth() < 1.0, "{small:?}");
        let ratio = large.growth() / small.growth();
        assert!((ratio - 3.0).abs() < 1e-6, "{ratio}");
    }

    #[test]
    fn by_ordinary_states_tanh_takes_from_the_gradient() {
        let [small, ordinary] = [SMALL, ORDINARY].map(|input| measure(1.5, input, (16, 30), 1));
        assert!(ordinary.is_bounded(), "{ordinary:?}");
        assert!(ordinary.growth() < small.growth() - 0.2, "{ordinary:?}");
        let factors = ordinary.factors.iter().zip(&small.factors);
        assert!(factors.filter(|(a, b)| a < b).count() > 25);
    }

    /// The product of the factors is the Jacobian over all steps, so its σ₁ is at most theirs.
    #[test]
    fn factors_bound_their_product() {
        let flow = measure(1.2, ORDINARY, (8, 12), 3);
        let product: f64 = flow.factors.iter().product();
        assert!(flow.largest[11] <= product * (1.0 + 1e-9));
        assert!(flow.factors.iter().all(|&s| s <= flow.norm * (1.0 + 1e-9)));
    }
}
