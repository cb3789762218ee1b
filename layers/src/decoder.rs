//! [`Decoder`]: a sequence written from another one.

use std::fmt;
use std::sync::Arc;

use autograd::{Matrix, Scalar, Var};

use crate::{Attention, Bound, Layer, Memory, Sequence, State};

/// Writes a sequence of symbols with attention on a memory, such as the outputs of an encoder (Luong et
/// al. 2015): its layers read the symbols so far and give h_t, which looks up a context c_t in the memory
/// of its sample, and the logits of the next symbol come from both.
///
/// ```text
/// h_t = layers(y_1 … y_t)
/// c_t = attention(h_t, memory)
/// logits_t = output([h_t, c_t])
/// ```
///
/// In training it is given the whole target, one symbol behind ([`Decoder::run`], teacher forcing); it
/// writes symbol by symbol ([`Decoder::step`]), by [`greedy`](crate::greedy),
/// [`sample_sequence`](crate::sample_sequence) or [`beam_search`](crate::beam_search). See
/// [`ScheduledSampling`](crate::ScheduledSampling) for what lies between.
pub struct Decoder<T = f32> {
    layers: Arc<dyn Layer<T> + Send + Sync>,
    attention: Attention,
    output: Arc<dyn Layer<T> + Send + Sync>,
}

/// What a decoder gives, made by [`Decoder::run`].
#[derive(Clone, Debug)]
pub struct Decoded<'t, T: Scalar = f32> {
    /// The logits of the symbol after each of those read, `[Σ_t B_t, V]`.
    pub logits: Var<'t, T>,
    /// The states of the recurrent layers after the last symbols.
    pub states: Vec<State<'t, T>>,
    /// Where each sample looked, `[its symbols, steps of its memory]`.
    pub weights: Vec<Var<'t, T>>,
}

impl<T: Scalar> Decoder<T> {
    /// Layers from symbols to H features, attention, and an output from H and the memory's features to
    /// the logits.
    pub fn new(
        layers: impl Layer<T> + Send + Sync + 'static,
        attention: Attention,
        output: impl Layer<T> + Send + Sync + 'static,
    ) -> Self {
        let (layers, output) = (Arc::new(layers), Arc::new(output));
        Decoder {
            layers,
            attention,
            output,
        }
    }

    /// Prepares the outputs of an encoder, once for all that is read or written.
    ///
    /// # Panics
    /// If they have another number of features than the attention was made for.
    #[track_caller]
    pub fn remember<'t>(&self, p: &Bound<'t, T>, encoded: &Sequence<'t, T>) -> Memory<'t, T> {
        self.attention.remember(p, encoded)
    }

    /// Reads whole sequences of symbols from given states, one for each recurrent layer. The nodes are of
    /// a timeline "decoder": its steps are not those of the encoder.
    ///
    /// # Panics
    /// If there are not as many samples as in the memory, or a shape does not fit.
    #[track_caller]
    pub fn run<'t>(
        &self,
        p: &Bound<'t, T>,
        symbols: Sequence<'t, T>,
        memory: &Memory<'t, T>,
        states: &[State<'t, T>],
    ) -> Decoded<'t, T> {
        let samples = symbols.lengths().clone();
        self.read(p, symbols, memory, states, |h| {
            Sequence::from_stacked(h, &samples)
        })
    }

    /// The next symbol of each sample; or, where the memory is of one sample, those of several hypotheses
    /// about it: the logits of the symbols after, `[B, V]`, and the states after.
    ///
    /// # Panics
    /// If there are not as many symbols as samples in the memory, or a shape does not fit.
    #[track_caller]
    pub fn step<'t>(
        &self,
        p: &Bound<'t, T>,
        symbols: &[usize],
        memory: &Memory<'t, T>,
        states: Vec<State<'t, T>>,
    ) -> (Matrix<T>, Vec<State<'t, T>>) {
        let x = Sequence::from_stacked_symbols(symbols, symbols.len());
        let Decoded { logits, states, .. } = self.read(p, x, memory, &states, |h| {
            // Hypotheses about one sample are as steps of it to the attention, which knows no time.
            let samples = if memory.samples() == 1 {
                1
            } else {
                symbols.len()
            };
            Sequence::from_stacked(h, samples)
        });
        (logits.value().to_matrix(), states)
    }

    #[track_caller]
    fn read<'t>(
        &self,
        p: &Bound<'t, T>,
        symbols: Sequence<'t, T>,
        memory: &Memory<'t, T>,
        states: &[State<'t, T>],
        queries: impl FnOnce(Var<'t, T>) -> Sequence<'t, T>,
    ) -> Decoded<'t, T> {
        let _decoder = p.tape().timeline("decoder");
        let (h, states) = self.layers.run_from(p, symbols, states);
        let queries = queries(h.stacked());
        let attended = self.attention.apply(p, &queries, memory);
        let both = Sequence::concat(&[queries, attended.contexts]);
        let logits = self.output.run(p, both).stacked().named("logits");
        let weights = attended.weights;
        Decoded {
            logits,
            states,
            weights,
        }
    }
}

impl<T> Clone for Decoder<T> {
    fn clone(&self) -> Self {
        Decoder {
            layers: self.layers.clone(),
            attention: self.attention.clone(),
            output: self.output.clone(),
        }
    }
}

impl<T: Scalar> fmt::Debug for Decoder<T> {
    /// `Decoder(words: 12 -> 16, gru1: 16 -> 48; output: 96 -> 12)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (layers, output) = (self.layers.description(), self.output.description());
        write!(f, "Decoder({layers}; {output})")
    }
}
