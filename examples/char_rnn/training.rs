//! Training: the text, the run, and what is shown of it.

use std::f64::consts::LN_2;
use std::path::Path;

use autograd::Var;
use layers::{Bound, Carried, ParameterSet, Sampling};
use rand::{SeedableRng, rngs::ChaCha8Rng};
use train::{
    Adam, Checkpoint, EpochReport, Fit, FitError, Schedule, Streams, Stretch, Trainer, Windows,
    escaped, read_text, split,
};

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
    let resumed = match &args.resume {
        Some(path) => Some((path, Checkpoint::load(path)?)),
        None => None,
    };
    let (model, parameters) = match &resumed {
        None => Model::new(
            args.settings.clone(),
            Model::vocabulary(&args.settings, &text),
        )?,
        Some((path, checkpoint)) => Model::from_checkpoint(checkpoint, path)?,
    };
    let symbols = model.vocabulary.encode(&text);
    let symbols = symbols.map_err(|e| format!("--text: {e}"))?;
    let (mut training, mut validation) = streams(&model, &symbols)?;
    let mut trainer =
        Trainer::new(parameters, Adam::new(model.settings.lr)).clip(model.settings.clip);
    let mut fit = fit(args, &model, training.windows().len())?;
    if let Some((path, checkpoint)) = &resumed {
        let restored = fit.restore(checkpoint, &mut trainer, &mut training);
        restored.map_err(|e| format!("{}: {e}", escaped(path)))?;
        args.overruled(&model.settings).iter().for_each(note);
    }
    let done = fit.history().epochs.len() as u64;
    let mut report = Report::default();
    report.say(introduction(&model, trainer.parameters(), symbols.len()));
    if done == 0 {
        report.say(sampled(&model, trainer.parameters(), "before training")?);
    }
    if args.save.is_none() {
        report.check()?;
    }
    let run = fit.run_and_validate(
        &mut trainer,
        &mut training,
        &mut validation,
        |p, stretch, _| loss(&model, p, stretch),
    );
    match run {
        Err(FitError::Report(error)) => return Err(error.into()),
        run => run?,
    };
    report.check()?;
    if done >= args.epochs {
        report.say(format_args!(
            "{done} epochs of {} are done already",
            args.epochs
        ));
    }
    let when = fit
        .best_epoch()
        .map_or(String::new(), |epoch| format!("after epoch {epoch}"));
    report.say(sampled(&model, trainer.parameters(), &when)?);
    Ok(report.check()?)
}

/// The run as the settings say; it shows, keeps and saves the best epoch.
fn fit<'a>(args: &TrainArgs, model: &'a Model, windows: usize) -> Outcome<Fit<'a>> {
    let settings = &model.settings;
    let mut fit = Fit::new(args.epochs)
        .seed(settings.seed)
        .keep_best()
        .replacing(args.replaced())
        .metadata("settings", serde_json::to_value(settings)?)
        .metadata("vocabulary", serde_json::to_value(&model.vocabulary)?)
        .describe(|report| line(model, report))
        .on_epoch(|report, trainer| {
            if report.epoch == 1 {
                let text = sampled(model, trainer.parameters(), "after epoch 1");
                Report::default().say(text.unwrap_or_else(|e| e.to_string()));
            }
            true
        });
    if let Some(epochs) = settings.decay {
        fit = fit.schedule(Schedule::cosine(
            epochs.saturating_mul(windows as u64),
            0.05,
        ));
    }
    if let Some(path) = &args.save {
        fit = fit.save_best(path);
    }
    Ok(fit)
}

/// The text but for its last tenth, and that.
fn streams(model: &Model, symbols: &[usize]) -> Outcome<(Streams, Streams)> {
    let Settings {
        batch,
        steps,
        parts,
        ..
    } = model.settings;
    let (training, validation) = split(symbols, 0.1);
    let training = Windows::new(training.to_vec(), batch, steps)
        .map_err(|e| format!("--batch {batch} and --steps {steps}: {e}"))?;
    // Of the training's shape where that fits, else of one stream.
    let validation = Windows::new(validation.to_vec(), batch, steps)
        .or_else(|_| Windows::new(validation.to_vec(), 1, steps))
        .map_err(|e| format!("the held-out tenth is too short: {e}"))?;
    let streams = |windows| Streams::new(windows, parts, |count| model.network.zeros(count));
    Ok((streams(training), streams(validation)))
}

/// Steps that an evaluation has on a tape at once: as nothing is swept, segments cost no time and spare memory.
const SEGMENT: usize = 50;

/// Records the mean loss of a stretch of the text.
fn loss<'t>(model: &Model, p: &Bound<'t>, stretch: &mut Stretch) -> Var<'t> {
    let is_training = p.noise().is_some();
    let segment = if is_training {
        model.settings.recompute
    } else {
        Some(SEGMENT)
    };
    let (network, count) = (&model.network, stretch.streams());
    let Stretch {
        inputs,
        targets,
        carried,
        ..
    } = stretch;
    let (loss, states) = match segment {
        Some(segment) => network.loss_in_segments(p, (inputs, targets), count, carried, segment),
        None => {
            let (logits, states) = network.logits(p, inputs, count, carried);
            (logits.cross_entropy(targets).named("E"), states)
        }
    };
    Carried::store_all(carried, &states);
    loss
}

fn introduction(model: &Model, parameters: &ParameterSet, symbols: usize) -> String {
    let Settings {
        layers,
        hidden,
        cell,
        ..
    } = &model.settings;
    format!(
        "{symbols} {}, {} different; {layers} x {hidden} {cell}, {} parameters",
        model.units(),
        model.vocabulary.len(),
        parameters.element_count(),
    )
}

fn line(model: &Model, report: &EpochReport) -> String {
    let held_out = report.scores().loss;
    format!(
        "epoch {:3}: training {:.4} nats, validation {held_out:.4} nats = {:.3} bits per {}; {:.0} {}/s",
        report.epoch,
        report.training.loss,
        held_out / LN_2,
        model.unit(),
        report.elements / report.seconds,
        model.units(),
    )
}

fn sampled(model: &Model, parameters: &ParameterSet, when: &str) -> Outcome<String> {
    let mut rng = ChaCha8Rng::seed_from_u64(model.settings.seed);
    let sampling = Sampling {
        temperature: 0.8,
        ..Sampling::default()
    };
    let prime = model.default_prime();
    let text = model.write(parameters, &prime, sampling, &mut rng)?;
    let text: String = text.take(300).collect::<Outcome<_>>()?;
    Ok(format!("\n--- sampled {when} ---\n{}\n---\n", text.trim()))
}
