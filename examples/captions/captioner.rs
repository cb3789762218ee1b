//! The captioner: what a picture is turned into begins the state of a network that writes words.

use std::path::Path;

use clap::Args;
use serde::{Deserialize, Serialize};
use train::escaped;
use train::prelude::*;
use train::program::{
    self, Outcome, Save, Settings, at_least_one, check_settings, note, positive, probability, up_to,
};

use crate::data::{Emoji, Split};
use crate::eye::{Eye, PAINT};
use crate::picture::Picture;

/// Samples of a mini-batch, and its parts that are computed side by side.
const BATCH: usize = 16;
const PARTS: usize = 2;
/// Weight decay of AdamW.
const DECAY: f64 = 0.01;
/// Features of a word.
const WORD: usize = 32;
/// Pictures that are captioned at once.
const AT_ONCE: usize = 256;
/// Words, and what else counts as one, after which a caption is cut off; the longest of OpenMoji have 19.
const LONGEST: usize = 30;
/// What a saved model is called in the metadata.
const KEY: &str = "captioner";

/// How the network is made and trained, and what of the pictures is held out: a saved model remembers it.
#[derive(Args, Clone, Debug, Serialize, Deserialize)]
pub struct CaptionerSettings {
    /// Features that a picture is turned into first
    #[arg(long, default_value_t = 192, value_parser = up_to(4096))]
    pub features: usize,
    /// Units of the GRU that writes
    #[arg(long, default_value_t = 128, value_parser = up_to(4096))]
    pub hidden: usize,
    /// Passes over the pictures
    #[arg(long, default_value_t = 25, value_parser = at_least_one::<u64>)]
    pub epochs: u64,
    /// Learning rate of Adam at the beginning; it falls to a fiftieth
    #[arg(long, default_value_t = 2e-3, allow_negative_numbers = true, value_parser = positive)]
    pub lr: f64,
    /// Probability that a feature of the picture is dropped
    #[arg(long, default_value_t = 0.1, allow_negative_numbers = true, value_parser = probability)]
    pub dropout: f64,
    /// Seed of what is held out, and of everything random
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// p(w_t | picture, w_1 … w_{t-1}), as in Vinyals et al. 2015, *Show and tell*: one network turns the picture into a
/// vector v, and the other writes with it, word by word.
///
/// ```text
/// v      = eye(picture)
/// h_t    = GRU([w_{t-1}, v], h_{t-1})  w_0 is the start, h_0 = 0
/// p(w_t) = softmax(V h_t + d)
/// ```
///
/// Here v is an input at every step. Seen only once it would have to last in the state up to the skin tone, which comes
/// last in a name: that is learned too, but in many more steps.
pub struct Captioner {
    eye: Eye,
    dropout: Dropout,
    words: Embedding,
    writer: Forward<Gru>,
    output: Linear,
    pub vocabulary: Vocabulary,
    pub settings: CaptionerSettings,
    parameters: ParameterSet,
}

/// Where captions are: what is seen, v, and the writer's state.
type Begun<'t> = (Var<'t>, Vec<State<'t>>);

/// A picture, and the words of its name.
type Sample = (Picture, Vec<usize>);

impl Captioner {
    fn new(settings: &CaptionerSettings, vocabulary: Vocabulary) -> Self {
        let (mut set, mut rng) = (
            ParameterSet::new(),
            ChaCha8Rng::seed_from_u64(settings.seed),
        );
        let (features, hidden) = (settings.features, settings.hidden);
        let eye = Eye::new(&mut set, features, settings.dropout, &mut rng);
        let (count, inputs) = (vocabulary.len(), WORD + features + PAINT);
        let gru = Gru::new(&mut set, "gru1", inputs, hidden, Reset::After, &mut rng);
        Captioner {
            eye,
            dropout: Dropout::new(settings.dropout),
            words: Embedding::new(&mut set, "words", count, WORD, &mut rng),
            writer: Forward(gru),
            output: Linear::new(&mut set, "output", hidden, count, &mut rng),
            vocabulary,
            settings: settings.clone(),
            parameters: set,
        }
    }

    /// Trains a captioner with whole names at once ("teacher forcing").
    pub fn train(settings: &CaptionerSettings, split: &Split, save: &Save) -> Outcome<Self> {
        let names: Vec<_> = split.training.iter().map(|e| e.name.as_str()).collect();
        let vocabulary = Vocabulary::words(&names.join("\n"), 1).with_ends();
        let mut captioner = Self::new(settings, vocabulary);
        let set = std::mem::take(&mut captioner.parameters);
        println!(
            "{} pictures, {} words, {} parameters",
            split.training.len(),
            captioner.vocabulary.len(),
            set.element_count()
        );
        let seed = settings.seed;
        let mut training = captioner.mini_batches(&split.training, seed)?;
        let mut validation = captioner.mini_batches(&split.validation, seed)?;
        let batches = split.training.len().div_ceil(BATCH) as u64;
        let fit = Fit::new(settings.epochs)
            .seed(seed)
            .schedule(Schedule::cosine(
                settings.epochs.saturating_mul(batches),
                0.02,
            ))
            .stop_when(program::interrupted()?)
            .metadata(
                KEY,
                serde_json::to_value((settings, &captioner.vocabulary))?,
            )
            .describe(line);
        let mut fit = save.of(fit);
        let mut trainer = Trainer::new(set, Adam::decoupled(settings.lr, DECAY)).clip(5.0);
        fit.run_and_validate(
            &mut trainer,
            &mut training,
            &mut validation,
            |p, batch, _| captioner.loss(p, batch),
        )?;
        drop(fit);
        captioner.parameters = trainer.into_parameters();
        Ok(captioner)
    }

    fn mini_batches(&self, emoji: &[Emoji], seed: u64) -> Outcome<Samples<Vec<Sample>>> {
        let sample = |e: &Emoji| Ok((e.picture.clone(), self.vocabulary.encode(&e.name)?));
        let samples = emoji.iter().map(sample).collect::<Outcome<Vec<_>>>()?;
        let samples = Samples::new(samples, BATCH).shuffled(seed).in_parts(PARTS);
        Ok(samples.weighed_by(|(_, words)| words.len() + 1))
    }

    /// E = Σ_t E_t, as a mean over the words of some names and their ends.
    fn loss<'t>(&self, p: &Bound<'t>, batch: &[Sample]) -> Var<'t> {
        let (pictures, names): (Vec<_>, Vec<_>) = batch.iter().map(|(x, y)| (x, y)).unzip();
        let inputs = names
            .iter()
            .map(|name| [&[self.start()], &name[..]].concat());
        let targets = names.iter().map(|name| [&name[..], &[self.end()]].concat());
        let lengths: Vec<_> = names.iter().map(|name| name.len() + 1).collect();
        let lengths = Lengths::new(&lengths).expect("a name has an end");
        let stack = |words: Vec<Vec<usize>>| lengths.stack(&words).expect("as long as the lengths");
        let (inputs, targets) = (stack(inputs.collect()), stack(targets.collect()));
        let (logits, _) = self.write(p, &inputs, &lengths, self.look(p, &pictures));
        logits.cross_entropy(&targets)
    }

    /// What is seen, v, and the state that the writer begins with.
    fn look<'t>(&self, p: &Bound<'t>, pictures: &[&Picture]) -> Begun<'t> {
        let v = Sequence::from_stacked(self.eye.look(p, pictures), pictures.len());
        let v = self.dropout.run(p, v).stacked();
        let h = p.tape().zeros(pictures.len(), self.settings.hidden);
        (v, vec![State { h, c: None }])
    }

    /// Goes on by these words: the logits of those after each, and where it then is.
    fn write<'t>(
        &self,
        p: &Bound<'t>,
        words: &[usize],
        lengths: &Lengths,
        (v, states): Begun<'t>,
    ) -> (Var<'t>, Begun<'t>) {
        let samples: Vec<_> = lengths.positions().map(|(sample, _)| sample).collect();
        let x = Var::concat_cols(&[self.words.apply(p, words), v.gather_rows(&samples)]);
        let x = Sequence::from_stacked(x, lengths);
        let (h, states) = self.writer.run_from(p, x, &states);
        let logits = self.output.apply(p, h.stacked()).named("logits");
        (logits, (v, states))
    }

    /// The same for one word of each caption.
    fn step<'t>(&self, p: &Bound<'t>, words: &[usize], begun: Begun<'t>) -> (Matrix, Begun<'t>) {
        let (logits, begun) = self.write(p, words, &Lengths::equal(words.len(), 1), begun);
        (logits.value().to_matrix(), begun)
    }

    /// The caption of each picture, always with the most probable word, and the probability of all of it.
    pub fn captions(&self, pictures: &[&Picture]) -> Outcome<Vec<(String, f64)>> {
        let mut captions = Vec::new();
        for pictures in pictures.chunks(AT_ONCE) {
            let tape = Tape::new();
            let p = self.parameters.bind(&tape);
            let starts = vec![self.start(); pictures.len()];
            let step = |words: &[usize], begun| self.step(&p, words, begun);
            let written = greedy(&starts, self.look(&p, pictures), self.stop(), step)?;
            captions.extend(written.iter().map(|hypothesis| self.caption(hypothesis)));
        }
        Ok(captions)
    }

    /// The most probable captions of a picture by a beam search, with their probabilities.
    pub fn best(&self, picture: &Picture, count: usize) -> Outcome<Vec<(String, f64)>> {
        let tape = Tape::new();
        let p = self.parameters.bind(&tape);
        let beam = Beam {
            width: count.max(5),
            n_best: count,
            alpha: 0.0,
        };
        let step = |words: &[usize], begun| self.step(&p, words, begun);
        let best = beam_search(
            self.start(),
            self.look(&p, &[picture]),
            self.stop(),
            beam,
            step,
        )?;
        Ok(best
            .iter()
            .map(|hypothesis| self.caption(hypothesis))
            .collect())
    }

    fn caption(&self, written: &Hypothesis) -> (String, f64) {
        (
            self.vocabulary.decode(&written.symbols),
            written.log_probability.exp(),
        )
    }

    /// The probability of each word of the vocabulary at each step of a caption, and at its end: `[steps, words]`.
    pub fn probabilities(&self, picture: &Picture, caption: &str) -> Outcome<Matrix> {
        let tape = Tape::new();
        let p = self.parameters.bind(&tape);
        let words = [vec![self.start()], self.vocabulary.encode(caption)?].concat();
        let lengths = Lengths::equal(1, words.len());
        let (logits, _) = self.write(&p, &words, &lengths, self.look(&p, &[picture]));
        Ok(logits.softmax().value().to_matrix())
    }

    fn start(&self) -> usize {
        self.vocabulary.start().expect("made with its ends")
    }

    pub fn end(&self) -> usize {
        self.vocabulary.end().expect("made with its ends")
    }

    fn stop(&self) -> Stop {
        Stop {
            end: Some(self.end()),
            max_length: LONGEST,
        }
    }

    /// Reads what a run has saved.
    pub fn load(path: &Path, given: &Settings<CaptionerSettings>) -> Outcome<Self> {
        let checkpoint = Checkpoint::load(path).map_err(|e| format!("--load: {e}"))?;
        let refused = |reason: String| format!("--load {}: {reason}", escaped(path));
        let saved = checkpoint.metadata.get(KEY);
        let saved = saved.ok_or_else(|| refused("no captioner is saved there".into()))?;
        let (settings, vocabulary) = <(CaptionerSettings, Vocabulary)>::deserialize(saved)
            .map_err(|e| refused(escaped(e.to_string())))?;
        check_settings(&settings).map_err(refused)?;
        given.overruled(&settings).iter().for_each(note);
        if vocabulary.end().is_none() {
            return Err(refused("its vocabulary has no end".into()).into());
        }
        let mut captioner = Self::new(&settings, vocabulary);
        let restored = checkpoint.restore_best(&mut captioner.parameters);
        restored.map_err(|e| refused(e.to_string()))?;
        Ok(captioner)
    }
}

/// An epoch in one line.
fn line(report: &EpochReport) -> String {
    format!(
        "epoch {:2}: {:.3} nats per word, {:.3} of combinations held out",
        report.epoch,
        report.training.loss,
        report.scores().loss
    )
}

#[cfg(test)]
mod tests;
