//! The kinds of recurrent layers that are compared.

use clap::ValueEnum;
use train::prelude::*;

/// A recurrent layer.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum Kind {
    Rnn,
    Gru,
    /// With a forget gate that is rather open at the start, by a bias of 1.
    Lstm,
    /// With a forget bias of 0, so that half of the cell is forgotten at each step.
    Lstm0,
}

impl Kind {
    /// As charts and tables have it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Rnn => "RNN",
            Kind::Gru => "GRU",
            Kind::Lstm => "LSTM",
            Kind::Lstm0 => "LSTM, forget bias 0",
        }
    }

    pub fn cell(self) -> CellKind {
        match self {
            Kind::Rnn => CellKind::Rnn,
            Kind::Gru => CellKind::Gru,
            Kind::Lstm | Kind::Lstm0 => CellKind::Lstm,
        }
    }

    /// The units with which this layer has about as many parameters as an LSTM of `hidden` units.
    pub fn units(self, words: usize, hidden: usize) -> usize {
        let count = |cell: CellKind, units| {
            let shapes = cell.parameter_shapes("", words, units);
            shapes.iter().map(|(_, shape)| shape.len()).sum::<usize>()
        };
        let aim = count(CellKind::Lstm, hidden);
        let units = (1..=4 * hidden).min_by_key(|&units| count(self.cell(), units).abs_diff(aim));
        units.unwrap_or(hidden)
    }

    /// The layer, with its parameters added to `set`.
    pub fn build(
        self,
        set: &mut ParameterSet,
        words: usize,
        units: usize,
        rng: &mut ChaCha8Rng,
    ) -> Recurrent {
        let name = format!("{}1", self.cell());
        let bias = match self {
            Kind::Rnn => return Box::new(Forward(SimpleRnn::new(set, &name, words, units, rng))),
            Kind::Gru => {
                return Box::new(Forward(Gru::new(
                    set,
                    &name,
                    words,
                    units,
                    Reset::After,
                    rng,
                )));
            }
            Kind::Lstm => 1.0,
            Kind::Lstm0 => 0.0,
        };
        let lstm = Lstm::new(set, &name, words, units, rng);
        Box::new(Forward(lstm.with_forget_bias(set, bias)))
    }
}

/// A layer that reads words.
pub type Recurrent = Box<dyn Layer<f32> + Send + Sync>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_have_about_as_many_parameters() {
        let counts = [Kind::Rnn, Kind::Gru, Kind::Lstm, Kind::Lstm0].map(|kind| {
            let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(1));
            kind.build(&mut set, 40, kind.units(40, 48), &mut rng);
            set.element_count() as f64
        });
        for count in counts {
            assert!((count / counts[2] - 1.0).abs() < 0.02, "{counts:?}");
        }
    }

    #[test]
    fn a_forget_bias_is_that_of_the_second_gate() {
        for (kind, bias) in [(Kind::Lstm, 1.0), (Kind::Lstm0, 0.0)] {
            let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(1));
            kind.build(&mut set, 3, 4, &mut rng);
            let b = set.get(set.find("lstm1.b").unwrap());
            assert!(b.row(0)[4..8].iter().all(|&x| x == bias), "{b}");
        }
    }
}
