//! Training: the text, the run, and what is shown of it.

use std::f64::consts::LN_2;
use std::path::{Path, PathBuf};

use layers::{ParameterSet, Sampling};
use rand::{SeedableRng, rngs::ChaCha8Rng};
use serde::Deserialize;
use train::program::{self, Outcome, Report, check_settings};
use train::{
    Adam, Checkpoint, Ended, EpochReport, Fit, Ranks, Schedule, TextModel, Trainer, Vocabulary,
    escaped, read_text,
};

use crate::settings::{RunSettings, TrainArgs};

/// The directory of this workspace: its libraries' sources are the default text.
const WORKSPACE: &str = env!("CARGO_MANIFEST_DIR");

/// A word that is rarer in the text than this is unknown.
const FLOOR: usize = 3;

/// Trains as the arguments say, on as many ranks as there are.
pub fn train(args: &TrainArgs) -> Outcome {
    let ranks = Ranks::start()?;
    let outcome = train_over(&ranks, args);
    ranks.end(outcome)
}

fn train_over(ranks: &Ranks, args: &TrainArgs) -> Outcome {
    let mut report = Report::of(ranks);
    if ranks.is_first() {
        args.save.check()?;
    }
    let text = corpus(args, &report)?;
    let resumed = match &args.resume {
        Some(path) => Some((path, Checkpoint::load(path)?)),
        None => None,
    };
    let (settings, model, parameters) = match &resumed {
        None => new(&args.settings.values, &text)?,
        Some((path, checkpoint)) => saved(checkpoint)
            .map_err(|e| format!("{} is not a model of char_rnn: {e}", escaped(path)))?,
    };
    let symbols = model.vocabulary.encode(&text);
    let symbols = symbols.map_err(|e| format!("--text: {e}"))?;
    let RunSettings {
        batch,
        steps,
        parts,
        ..
    } = settings;
    if parts < ranks.count() {
        let count = ranks.count();
        return Err(format!("--parts {parts}: each of the {count} ranks is to have one").into());
    }
    let streams = model.streams(&symbols, batch, steps, parts);
    let (mut training, mut validation) =
        streams.map_err(|e| format!("--batch {batch} and --steps {steps}: {e}"))?;
    let trainer = Trainer::new(parameters, Adam::new(settings.lr));
    let mut trainer = trainer.clip(settings.clip).over(ranks);
    settings.check_memory(&model, trainer.parameters())?;
    let mut fit = fit(ranks, args, &settings, &model, training.windows().len())?;
    if let Some((path, checkpoint)) = &resumed {
        let restored = fit.restore(checkpoint, &mut trainer, &mut training);
        restored.map_err(|e| format!("{}: {e}", escaped(path)))?;
        let overruled = args.settings.overruled(&settings);
        overruled.iter().for_each(|flag| report.note(flag));
    }
    let done = fit.history().epochs.len() as u64;
    report.say(format_args!(
        "{} {}s, {} different; {} x {} {}, {} parameters",
        symbols.len(),
        settings.unit(),
        model.vocabulary.len(),
        settings.layers,
        settings.hidden,
        settings.cell,
        trainer.parameters().element_count(),
    ));
    if done == 0 {
        report.say(sampled(
            &model,
            trainer.parameters(),
            settings.seed,
            "before training",
        )?);
    }
    if args.save.path.is_none() {
        report.check()?;
    }
    let ended = fit.run_and_validate(
        &mut trainer,
        &mut training,
        &mut validation,
        |p, stretch, _| model.loss(p, stretch),
    )?;
    report.check()?;
    if !ranks.is_alone() {
        let steps = trainer.optimizer().steps().max(1);
        let bytes = ranks.bytes_sent() / steps;
        report.note(format_args!(
            "{} ranks; the first has sent {bytes} bytes a step",
            ranks.count()
        ));
    }
    if ended == Ended::Stopped {
        report.note("stopped: --resume goes on from what --save has written");
        return Ok(());
    }
    if done >= args.epochs {
        report.say(format_args!(
            "{done} epochs of {} are done already",
            args.epochs
        ));
    }
    let when = fit
        .best_epoch()
        .map_or(String::new(), |epoch| format!("after epoch {epoch}"));
    report.say(sampled(&model, trainer.parameters(), settings.seed, &when)?);
    Ok(report.check()?)
}

fn corpus(args: &TrainArgs, report: &Report) -> Outcome<String> {
    if !args.text.is_empty() {
        let corpus = read_text(&args.text, &args.ext)?;
        corpus.skipped.iter().for_each(|file| report.note(file));
        return Ok(corpus.text);
    }
    let crates = ["autograd", "autograd/pictures", "layers", "train"];
    let paths: Vec<PathBuf> = crates
        .map(|name| Path::new(WORKSPACE).join(name).join("src"))
        .into();
    Ok(read_text(&paths, &["rs".into()])?.text)
}

/// A model of this text.
fn new(settings: &RunSettings, text: &str) -> Outcome<(RunSettings, TextModel, ParameterSet)> {
    let RunSettings { hidden, layers, .. } = *settings;
    let vocabulary = match settings.words {
        true => Vocabulary::words(text, FLOOR),
        false => Vocabulary::new(text),
    };
    let (mut set, cell) = (ParameterSet::new(), settings.cell.parse()?);
    let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
    let model = TextModel::new(&mut set, vocabulary, cell, hidden, layers, &mut rng);
    let model = model.map_err(|e| format!("--hidden {hidden} and --layers {layers}: {e}"))?;
    let model = model
        .with_dropout(settings.dropout)
        .in_segments(settings.segments());
    Ok((settings.clone(), model, set))
}

/// The model of a checkpoint, with its parameters still to be restored.
fn saved(checkpoint: &Checkpoint) -> Outcome<(RunSettings, TextModel, ParameterSet)> {
    let settings = RunSettings::deserialize(&checkpoint.metadata["settings"]);
    let settings = settings.map_err(|e| escaped(e.to_string()))?;
    check_settings(&settings)?;
    let (model, set) = TextModel::of(checkpoint)?;
    let model = model.in_segments(settings.segments());
    Ok((settings, model, set))
}

/// The run as the settings say; it shows, keeps and saves the best epoch.
fn fit<'a>(
    ranks: &'a Ranks,
    args: &TrainArgs,
    settings: &'a RunSettings,
    model: &'a TextModel,
    windows: usize,
) -> Outcome<Fit<'a>> {
    let (key, described) = model.metadata();
    let mut fit = Fit::new(args.epochs)
        .seed(settings.seed)
        .keep_best()
        .stop_when(program::interrupted()?)
        .metadata("settings", serde_json::to_value(settings)?)
        .metadata(key, described)
        .describe(|report| line(report, settings.unit()))
        .on_epoch(|report, trainer| {
            if report.epoch == 1 {
                let text = sampled(model, trainer.parameters(), settings.seed, "after epoch 1");
                Report::of(ranks).say(text.unwrap_or_else(|e| e.to_string()));
            }
            true
        });
    if let Some(epochs) = settings.decay {
        let steps = epochs.saturating_mul(windows as u64);
        fit = fit.schedule(Schedule::cosine(steps, 0.05));
    }
    Ok(args.save.of(fit))
}

fn line(report: &EpochReport, unit: &str) -> String {
    let held_out = report.scores().loss;
    format!(
        "epoch {:3}: training {:.4} nats, validation {held_out:.4} nats = {:.3} bits per {unit}; {:.0} {unit}s/s",
        report.epoch,
        report.training.loss,
        held_out / LN_2,
        report.elements / report.seconds,
    )
}

fn sampled(model: &TextModel, parameters: &ParameterSet, seed: u64, when: &str) -> Outcome<String> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let sampling = Sampling {
        temperature: 0.8,
        ..Sampling::default()
    };
    let text = model.write(parameters, model.default_prime(), sampling, &mut rng)?;
    let text = text.take(300).collect::<Result<String, _>>()?;
    Ok(format!("\n--- sampled {when} ---\n{}\n---\n", text.trim()))
}
