//! The lower tier: what is foreseen of a sample, from the samples before it and what the upper tier says of its frame.

use train::prelude::*;

use crate::density::{self, Foreseen};
use crate::lattice;
use crate::mu_law::{loudness, sample};
use crate::voice::{LOUDNESS, Sizes, heard};

/// Samples that it reads, R.
pub const REACH: usize = 64;
/// What sound pressure is multiplied by where it is read: it is small, and what is next depends on little in it.
const PRESSURE: f32 = 16.0;

/// Its layers, none of which has a state.
#[derive(Debug)]
pub struct Lower {
    lattice: Linear,
    /// G and C beside each other.
    gates: Linear,
    /// A and B.
    samples: [Linear; 2],
    /// D.
    density: Linear,
    width: usize,
}

/// What the state means for samples, a row for each.
#[derive(Clone, Copy, Debug)]
pub struct Context<'t> {
    /// Of the linear predictor.
    coefficients: Var<'t>,
    /// G h + g and C h + c beside each other.
    gates: Var<'t>,
}

impl Context<'_> {
    /// That of these rows.
    #[must_use]
    pub fn gather_rows(self, rows: &[usize]) -> Self {
        Context {
            coefficients: self.coefficients.gather_rows(rows),
            gates: self.gates.gather_rows(rows),
        }
    }
}

impl Lower {
    /// Adds its parameters. The predictor begins with these coefficients, whatever the state.
    pub fn new(
        set: &mut ParameterSet,
        sizes: Sizes,
        coefficients: &[f64],
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let [_, lattice, gates, first, second, density] = sizes.layers();
        let mut linear = |(name, inputs, outputs)| Linear::new(set, name, inputs, outputs, rng);
        let (lattice, gates) = (linear(lattice), linear(gates));
        let samples = [linear(first), linear(second)];
        let density = linear(density);
        set.get_mut(lattice.v).data_mut().fill(0.0);
        let bias = set.get_mut(lattice.d).data_mut();
        bias.fill(0.0);
        lattice::begin(bias, coefficients);
        density::begin(set.get_mut(density.d).data_mut());
        Lower {
            lattice,
            gates,
            samples,
            density,
            width: sizes.width,
        }
    }

    /// What these states mean for the samples of their frames.
    pub fn context<'t>(&self, p: &Bound<'t>, h: Var<'t>) -> Context<'t> {
        Context {
            coefficients: lattice::coefficients(self.lattice.apply(p, h)),
            gates: self.gates.apply(p, h),
        }
    }

    /// What is foreseen of some samples, from those before each, the last one first.
    pub fn foresee<'t>(
        &self,
        p: &Bound<'t>,
        before: impl ExactSizeIterator<Item = impl Iterator<Item = u8>>,
        context: Context<'t>,
    ) -> Foreseen<'t> {
        let read = p.tape().constant(read(before, p.noise()));
        let (opening, shift) = (0..self.width, self.width..2 * self.width);
        let [opening, shift] = [opening, shift].map(|columns| context.gates.cols(columns));
        let u = self.samples[0].apply(p, read);
        let u = (u + u * opening + shift).relu();
        let v = self.samples[1].apply(p, u).relu();
        let terms = read.cols(0..lattice::ORDER) * context.coefficients;
        Foreseen {
            centre: terms.sum_cols() * (1.0 / PRESSURE),
            mixture: self.density.apply(p, v),
        }
    }
}

/// The samples before each, as sound pressure and as levels: `[rows, 2 R]`.
fn read(
    before: impl ExactSizeIterator<Item = impl Iterator<Item = u8>>,
    mut noise: Option<ChaCha8Rng>,
) -> Matrix {
    let mut read = Matrix::zeros(before.len(), 2 * REACH);
    for (row, before) in read.data_mut().chunks_exact_mut(2 * REACH).zip(before) {
        let (x, y) = row.split_at_mut(REACH);
        for (i, q) in before.take(REACH).enumerate() {
            let q = heard(q, &mut noise);
            (x[i], y[i]) = (PRESSURE * sample(q), LOUDNESS * loudness(q));
        }
    }
    read
}
