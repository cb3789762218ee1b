//! Training: the text, the epochs, and what is shown of them.

use std::ops::Range;
use std::path::Path;
use std::time::Instant;

use autograd::Var;
use indicatif::{ProgressBar, ProgressStyle};
use layers::{Bound, Carried, ParameterSet, Sampling};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use train::{Adam, Checkpoint, Trainer, Vocabulary, Windows, escaped, read_text, split};

use crate::Outcome;
use crate::model::Model;
use crate::report::{Report, note};
use crate::settings::{Settings, TrainArgs};

/// The directory of this workspace: its sources are the default text.
const WORKSPACE: &str = env!("CARGO_MANIFEST_DIR");

fn corpus(args: &TrainArgs) -> Outcome<String> {
    if !args.text.is_empty() {
        let corpus = read_text(&args.text, &args.ext)?;
        corpus.skipped.iter().for_each(note);
        return Ok(corpus.text);
    }
    let rooms = ["autograd", "layers", "train", "examples", "tests"];
    let paths: Vec<_> = rooms
        .iter()
        .map(|room| Path::new(WORKSPACE).join(room))
        .collect();
    Ok(read_text(&paths, &["rs".into()])?.text)
}

/// Trains as the arguments say.
pub fn train(args: &TrainArgs) -> Outcome<()> {
    if let Some(path) = &args.save {
        let checked = args.replaced().check(path);
        checked.map_err(|e| format!("--save: {e}"))?;
    }
    let text = corpus(args)?;
    let (model, mut trainer, done) = match &args.resume {
        None => {
            let (model, parameters) = Model::new(args.settings.clone(), Vocabulary::new(&text))?;
            let trainer = trainer(&model, parameters);
            (model, trainer, 0)
        }
        Some(path) => {
            let checkpoint = Checkpoint::load(path)?;
            let (model, parameters, done) = Model::from_checkpoint(&checkpoint, path)?;
            let mut trainer = trainer(&model, parameters);
            let restored = trainer.restore(&checkpoint);
            restored.map_err(|e| format!("{}: {e}", escaped(path)))?;
            args.overruled(&model.settings).iter().for_each(note);
            (model, trainer, done)
        }
    };
    let symbols = model.vocabulary.encode(&text);
    let symbols = symbols.map_err(|e| format!("--text: {e}"))?;
    let (training, validation) = split(&symbols, 0.1);
    let Settings { batch, steps, .. } = model.settings;
    let training = Windows::new(training.to_vec(), batch, steps)
        .map_err(|e| format!("--batch {batch} and --steps {steps}: {e}"))?;
    let validation = held_out(validation, batch, steps)?;
    let mut report = Report::default();
    report.say(format_args!(
        "{} characters, {} different; {} x {} {}, {} parameters",
        symbols.len(),
        model.vocabulary.len(),
        model.settings.layers,
        model.settings.hidden,
        model.settings.cell,
        trainer.parameters().element_count(),
    ));
    if done == 0 {
        show(&model, &trainer, "before training", &mut report)?;
    }
    if args.save.is_none() {
        report.check()?;
    }
    if done >= args.epochs {
        save(args, &model, &trainer, done)?;
        report.say(format_args!(
            "{done} epochs of {} are done already",
            args.epochs
        ));
    }
    for epoch in done.saturating_add(1)..=args.epochs {
        let start = Instant::now();
        let loss = run_epoch(&model, &mut trainer, &training, epoch, args.epochs)?;
        let speed = (training.len() * batch * steps) as f64 / start.elapsed().as_secs_f64();
        let held_out = evaluate(&model, &mut trainer, &validation);
        save(args, &model, &trainer, epoch)?;
        report.say(format_args!(
            "epoch {epoch:3}: training {loss:.4} nats, validation {held_out:.4} nats = {:.3} bits \
             per character; {speed:.0} characters/s",
            held_out / std::f64::consts::LN_2,
        ));
        if epoch == 1 || epoch == args.epochs {
            show(
                &model,
                &trainer,
                &format!("after epoch {epoch}"),
                &mut report,
            )?;
        }
        report.check()?;
    }
    Ok(report.check()?)
}

fn save(args: &TrainArgs, model: &Model, trainer: &Trainer, epochs: u64) -> Outcome<()> {
    if let Some(path) = &args.save {
        let checkpoint = trainer.checkpoint(model.metadata(epochs)?);
        checkpoint.save_with(path, args.replaced())?;
    }
    Ok(())
}

fn show(model: &Model, trainer: &Trainer, when: &str, report: &mut Report) -> Outcome<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(model.settings.seed);
    let prime = model.default_prime();
    let sampling = Sampling {
        temperature: 0.8,
        ..Sampling::default()
    };
    let text = model.write(trainer.parameters(), &prime, sampling, &mut rng)?;
    let text: String = text.take(300).collect::<Outcome<_>>()?;
    report.say(format_args!(
        "\n--- sampled {when} ---\n{}\n---\n",
        text.trim()
    ));
    Ok(())
}

fn trainer(model: &Model, parameters: ParameterSet) -> Trainer {
    Trainer::new(parameters, Adam::new(model.settings.lr)).clip(model.settings.clip)
}

/// Windows of the held-out text: of the training's shape where that fits, else of one stream.
fn held_out(symbols: &[usize], batch: usize, steps: usize) -> Outcome<Windows> {
    Windows::new(symbols.to_vec(), batch, steps)
        .or_else(|_| Windows::new(symbols.to_vec(), 1, steps))
        .map_err(|e| format!("the held-out tenth is too short: {e}").into())
}

/// A part of the mini-batch: some of the streams, their symbols in a window, and their states.
struct Part {
    number: u64,
    streams: Range<usize>,
    inputs: Vec<usize>,
    targets: Vec<usize>,
    carried: Vec<Carried>,
}

impl Part {
    /// Cuts the streams in parts as equal as can be.
    fn cut(model: &Model) -> Vec<Part> {
        let Settings { batch, parts, .. } = model.settings;
        let parts = parts.min(batch);
        let part = |i| {
            let streams = i * batch / parts..(i + 1) * batch / parts;
            Part {
                number: i as u64,
                carried: model.network.zeros(streams.len()),
                streams,
                inputs: Vec::new(),
                targets: Vec::new(),
            }
        };
        (0..parts).map(part).collect()
    }

    /// Records the part's share of the mean loss.
    fn loss<'t>(&mut self, model: &Model, p: &Bound<'t>) -> Var<'t> {
        let (size, network) = (self.streams.len(), &model.network);
        let share = size as f32 / model.settings.batch as f32;
        if let Some(segment) = model.settings.recompute {
            let data = (&self.inputs[..], &self.targets[..]);
            let (loss, states) = network.loss_in_segments(p, data, size, &self.carried, segment);
            Carried::store_all(&mut self.carried, &states);
            return loss * share;
        }
        let (logits, states) = network.logits(p, &self.inputs, size, &self.carried);
        Carried::store_all(&mut self.carried, &states);
        logits.cross_entropy(&self.targets).named("E") * share
    }
}

/// One pass over the text with the state carried from window to window; the mean loss in nats.
fn run_epoch(
    model: &Model,
    trainer: &mut Trainer,
    windows: &Windows,
    epoch: u64,
    epochs: u64,
) -> Outcome<f64> {
    let bar = ProgressBar::new(windows.len() as u64).with_style(ProgressStyle::with_template(
        "{prefix} {wide_bar} {pos}/{len} {msg} {eta}",
    )?);
    bar.set_prefix(format!("epoch {epoch}/{epochs}"));
    let (mut parts, mut total) = (Part::cut(model), 0.0);
    for window in 0..windows.len() {
        let step = trainer.optimizer().steps();
        let rate = model.settings.learning_rate(step, windows.len());
        trainer.optimizer_mut().set_learning_rate(rate);
        for part in &mut parts {
            let streams = part.streams.clone();
            windows.fill_streams(window, streams, &mut part.inputs, &mut part.targets);
        }
        let report = trainer.step_in_parts(&mut parts, |p, part| {
            let seed = noise_seed(model.settings.seed, step, part.number);
            part.loss(model, &p.training(seed))
        })?;
        total += report.loss;
        bar.set_message(format!("{:.3} nats", report.loss));
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(total / windows.len() as f64)
}

/// A seed for each part of each step, so that a resumed run draws what an unbroken one would have drawn.
fn noise_seed(seed: u64, step: u64, part: u64) -> u64 {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream((part << 48) + step + 1);
    rng.random()
}

/// Steps that an evaluation has on a tape at once.
const SEGMENT: usize = 50;

/// The mean loss on held-out text, in nats.
fn evaluate(model: &Model, trainer: &mut Trainer, windows: &Windows) -> f64 {
    let batch = windows.streams();
    let mut carried = model.network.zeros(batch);
    let (mut inputs, mut targets, mut total) = (Vec::new(), Vec::new(), 0.0);
    for window in 0..windows.len() {
        windows.fill(window, &mut inputs, &mut targets);
        total += trainer.evaluate(|p| {
            // Nothing is swept, so segments cost no time and spare memory.
            let (data, network) = ((&inputs[..], &targets[..]), &model.network);
            let (loss, states) = network.loss_in_segments(p, data, batch, &carried, SEGMENT);
            Carried::store_all(&mut carried, &states);
            loss
        });
    }
    total / windows.len() as f64
}
