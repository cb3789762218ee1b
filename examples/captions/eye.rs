//! What turns pictures into vectors.

use train::prelude::*;

use crate::picture::{COLOURS, PATCH_NUMBERS, PATCHES, Picture};

/// Features of a patch, and of what the colours are.
const LOCAL: usize = 24;
pub const PAINT: usize = 64;

/// A picture as a vector v. Patches are turned into features one by one, by the same layers (a convolution, LeCun et al.
/// 1989, is the same), then all of them together; and beside that stands which colours are where.
///
/// ```text
/// m_j = relu(norm(V_2 relu(norm(V_1 x_j + d_1)) + d_2))  patch x_j, by itself
/// s   = relu(norm(V_see [m_1 … m_J] + d_see))            all of them
/// c   = relu(norm(V_colours x_colours + d_colours))
/// v   = [s, c]
/// ```
pub struct Eye {
    patches: Stack,
    whole: Stack,
    colours: Stack,
}

impl Eye {
    /// Adds its parameters: from pictures to `features` + PAINT.
    pub fn new(
        set: &mut ParameterSet,
        features: usize,
        dropout: f64,
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let mut layer = |name: &str, inputs, outputs| {
            let linear = Linear::new(set, name, inputs, outputs, rng);
            let norm = LayerNorm::new(set, &format!("{name}.norm"), outputs);
            let stack = Stack::new().with(linear).with(norm);
            stack.with(Map::new("relu", |x| x.relu()))
        };
        let patches = layer("patch1", PATCH_NUMBERS, LOCAL);
        let patches = patches.with(layer("patch2", LOCAL, LOCAL));
        let whole = Stack::new().with(Dropout::new(dropout));
        Eye {
            patches,
            whole: whole.with(layer("see", PATCHES * LOCAL, features)),
            colours: layer("colours", COLOURS, PAINT),
        }
    }

    /// v of each picture, `[pictures, features + PAINT]`.
    pub fn look<'t>(&self, p: &Bound<'t>, pictures: &[&Picture]) -> Var<'t> {
        let count = pictures.len();
        let patches: Vec<_> = pictures.iter().map(|picture| picture.patches()).collect();
        let x = Sequence::from_samples(p.tape(), &patches).expect("pictures have patches");
        let m = self.patches.run(p, x);
        let all: Vec<_> = (0..PATCHES).map(|j| m.step(j)).collect();
        let all = Sequence::from_stacked(Var::concat_cols(&all), count);
        let colours: Vec<_> = pictures.iter().map(|picture| picture.colours()).collect();
        let colours = Matrix::from_fn(count, COLOURS, |r, c| colours[r][c]);
        let colours = p.tape().constant(colours).named("colours");
        let colours = Sequence::from_stacked(colours, count);
        let both = [self.whole.run(p, all), self.colours.run(p, colours)];
        Var::concat_cols(&both.map(|seen| seen.stacked())).named("v")
    }
}
