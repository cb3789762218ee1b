//! A recurrent network that learns to write text, one character at a time.
//!
//! Without arguments it learns this workspace's own Rust sources, and shows what the lecture
//! shows: text sampled from the untrained network, after the first epoch, and at the end.
//!
//!     cargo run --release --example char_rnn
//!     cargo run --release --example char_rnn -- --text corpus/ --ext c,h --cell gru --save gru.safetensors
//!     cargo run --release --example char_rnn -- sample --load gru.safetensors --prime "static int"

use std::error::Error;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use autograd::Tape;
use clap::{Args, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use layers::{Carried, CellKind, CharModel, ParameterSet, sample};
use rand::{Rng, SeedableRng, rngs::ChaCha8Rng};
use serde::{Deserialize, Serialize};
use train::{Adam, Checkpoint, Schedule, Trainer, Vocabulary, Windows, read_text, split};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Trains a character model on text, and samples from it.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    train: TrainArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Writes text with a model that was saved
    Sample(SampleArgs),
}

#[derive(Args)]
struct TrainArgs {
    /// Files or directories of text; this workspace's own sources if none are given
    #[arg(long, num_args = 1..)]
    text: Vec<PathBuf>,
    /// Extensions of the files to read in directories, such as c,h
    #[arg(long, value_delimiter = ',')]
    ext: Vec<String>,
    #[command(flatten)]
    settings: Settings,
    /// Passes over the text
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..))]
    epochs: u64,
    /// Threads to compute with; the results do not depend on it
    #[arg(long, value_parser = at_least_one)]
    threads: Option<usize>,
    /// File to save the model to, after each epoch
    #[arg(long)]
    save: Option<PathBuf>,
    /// Saved model to go on from, with its settings, up to --epochs
    #[arg(long)]
    resume: Option<PathBuf>,
}

/// What a run is determined by, together with its text.
#[derive(Args, Clone, Serialize, Deserialize)]
struct Settings {
    /// Recurrent layer: rnn, lstm or gru
    #[arg(long, default_value = "lstm", value_parser = cell)]
    cell: String,
    /// Units of a layer
    #[arg(long, default_value_t = 128, value_parser = at_least_one)]
    hidden: usize,
    /// Recurrent layers
    #[arg(long, default_value_t = 1, value_parser = at_least_one)]
    layers: usize,
    /// Streams of text read side by side
    #[arg(long, default_value_t = 32, value_parser = at_least_one)]
    batch: usize,
    /// Steps that gradients go back in time
    #[arg(long, default_value_t = 50, value_parser = at_least_one)]
    steps: usize,
    /// Learning rate of Adam
    #[arg(long, default_value_t = 2e-3, allow_negative_numbers = true, value_parser = positive)]
    lr: f64,
    /// Epochs over which the learning rate falls to a twentieth, along half a cosine; it stays
    /// what it is if this is not given
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    decay: Option<u64>,
    /// Threshold for the global norm of the gradients
    #[arg(long, default_value_t = 5.0, allow_negative_numbers = true, value_parser = positive)]
    clip: f64,
    /// Probability that an element of a layer's outputs is dropped
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true, value_parser = probability)]
    dropout: f64,
    /// Seed of everything random
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Args)]
struct SampleArgs {
    /// Saved model
    #[arg(long)]
    load: PathBuf,
    /// Text to go on from
    #[arg(long, default_value = "\n")]
    prime: String,
    /// Characters to write
    #[arg(long, default_value_t = 500)]
    length: usize,
    /// Below 1 more cautious, above 1 more daring
    #[arg(long, default_value_t = 0.8, allow_negative_numbers = true, value_parser = positive)]
    temperature: f64,
    /// Choose among so many of the likeliest characters only
    #[arg(long, value_parser = at_least_one)]
    top_k: Option<usize>,
    /// Seed of the choices
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn cell(name: &str) -> Result<String, String> {
    let kind: CellKind = name
        .parse()
        .map_err(|e: layers::UnknownCell| e.to_string())?;
    Ok(kind.to_string())
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|&n| n > 0)
        .ok_or("expected a whole number above 0".into())
}

fn positive(text: &str) -> Result<f64, String> {
    let number = text
        .parse()
        .ok()
        .filter(|&x: &f64| x > 0.0 && x.is_finite());
    number.ok_or("expected a number above 0".into())
}

fn probability(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|x| (0.0..1.0).contains(x));
    number.ok_or("expected a number from 0 to below 1".into())
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(help) if !help.use_stderr() => help.exit(),
        Err(error) => {
            let text = error.to_string();
            eprintln!(
                "{}",
                text.lines().next().unwrap_or("error: wrong arguments")
            );
            return ExitCode::from(2);
        }
    };
    let outcome = match cli.command {
        Some(Command::Sample(args)) => write_sample(&args),
        None => in_pool(cli.train.threads, || train(&cli.train)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Runs on a thread of the pool, from where products are handed to the others at little cost.
fn in_pool(threads: Option<usize>, run: impl FnOnce() -> Outcome<()> + Send) -> Outcome<()> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads.unwrap_or(0))
        .build()?;
    pool.install(run)
}

/// A character model with its parameters and its alphabet.
struct Model {
    network: CharModel,
    vocabulary: Vocabulary,
    settings: Settings,
}

impl Settings {
    /// The learning rate at a step of a run with so many windows an epoch.
    fn learning_rate(&self, step: u64, windows: usize) -> f64 {
        let schedule = self
            .decay
            .map_or(Schedule::Constant, |epochs| Schedule::Cosine {
                steps: epochs.saturating_mul(windows as u64),
                floor: 0.05,
            });
        self.lr * schedule.factor(step)
    }
}

/// What a checkpoint says besides its tensors.
#[derive(Serialize, Deserialize)]
struct Metadata {
    settings: Settings,
    vocabulary: String,
    epochs: u64,
}

impl Model {
    fn new(settings: Settings, vocabulary: Vocabulary) -> Outcome<(Self, ParameterSet)> {
        let mut parameters = ParameterSet::new();
        let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
        let Settings { hidden, layers, .. } = settings;
        let kind = settings.cell.parse()?;
        let network = CharModel::new(
            &mut parameters,
            kind,
            vocabulary.len(),
            hidden,
            layers,
            &mut rng,
        );
        Ok((
            Model {
                network,
                vocabulary,
                settings,
            },
            parameters,
        ))
    }

    fn metadata(&self, epochs: u64) -> Outcome<serde_json::Value> {
        let vocabulary = self.vocabulary.chars().iter().collect();
        let settings = self.settings.clone();
        Ok(serde_json::to_value(Metadata {
            settings,
            vocabulary,
            epochs,
        })?)
    }

    /// The model of a checkpoint, with its parameters still to be restored, and the epochs done.
    fn from_checkpoint(checkpoint: &Checkpoint, path: &Path) -> Outcome<(Self, ParameterSet, u64)> {
        let metadata: Metadata = serde_json::from_value(checkpoint.metadata.clone())
            .map_err(|e| format!("{} is not a checkpoint of char_rnn: {e}", path.display()))?;
        let vocabulary = Vocabulary::new(&metadata.vocabulary);
        let (model, parameters) = Model::new(metadata.settings, vocabulary)?;
        Ok((model, parameters, metadata.epochs))
    }

    /// Text written by the network, after it has read `prime`.
    fn write(
        &self,
        parameters: &ParameterSet,
        prime: &str,
        length: usize,
        (temperature, top_k): (f64, Option<usize>),
        rng: &mut impl Rng,
    ) -> Outcome<String> {
        let mut unread = self.vocabulary.encode(prime)?;
        if unread.is_empty() {
            return Err("there must be a character to go on from".into());
        }
        let mut carried = self.network.zeros(1);
        let mut tape = Tape::new();
        let mut written = Vec::new();
        while written.len() < length {
            for (i, &symbol) in unread.iter().enumerate() {
                tape.clear();
                let p = parameters.bind(&tape);
                let (logits, states) = self.network.logits(&p, &[symbol], 1, &carried, None);
                Carried::store_all(&mut carried, &states);
                if i + 1 == unread.len() {
                    written.push(sample(logits.value().row(0), temperature, top_k, rng)?);
                }
            }
            unread.clear();
            unread.extend(written.last());
        }
        Ok(self.vocabulary.decode(&written))
    }
}

/// The directory of this workspace: its sources are the default text.
const WORKSPACE: &str = env!("CARGO_MANIFEST_DIR");

fn corpus(args: &TrainArgs) -> Outcome<String> {
    if !args.text.is_empty() {
        return Ok(read_text(&args.text, &args.ext)?);
    }
    let rooms = ["autograd", "layers", "train", "examples", "tests"];
    let paths: Vec<_> = rooms
        .iter()
        .map(|room| Path::new(WORKSPACE).join(room))
        .collect();
    Ok(read_text(&paths, &["rs".into()])?)
}

fn train(args: &TrainArgs) -> Outcome<()> {
    let text = corpus(args)?;
    let folder = args.save.as_ref().and_then(|file| file.parent());
    if let Some(folder) = folder.filter(|f| !f.as_os_str().is_empty() && !f.is_dir()) {
        return Err(format!("--save: there is no folder {}", folder.display()).into());
    }
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
            trainer
                .restore(&checkpoint)
                .map_err(|e| format!("{}: {e}", path.display()))?;
            (model, trainer, done)
        }
    };
    let symbols = model.vocabulary.encode(&text)?;
    let (training, validation) = split(&symbols, 0.1);
    let Settings { batch, steps, .. } = model.settings;
    let training = Windows::new(training.to_vec(), batch, steps)?;
    let validation = held_out(validation, batch, steps)?;
    println!(
        "{} characters, {} different; {} x {} {}, {} parameters",
        symbols.len(),
        model.vocabulary.len(),
        model.settings.layers,
        model.settings.hidden,
        model.settings.cell,
        trainer.parameters().element_count(),
    );
    if done == 0 {
        show(&model, &trainer, "before training")?;
    }
    for epoch in done + 1..=args.epochs {
        let start = Instant::now();
        let loss = run_epoch(&model, &mut trainer, &training, epoch, args.epochs)?;
        let speed = (training.len() * batch * steps) as f64 / start.elapsed().as_secs_f64();
        let held_out = evaluate(&model, &mut trainer, &validation);
        println!(
            "epoch {epoch:3}: training {loss:.4} nats, validation {held_out:.4} nats = {:.3} bits \
             per character; {speed:.0} characters/s",
            held_out / std::f64::consts::LN_2,
        );
        if let Some(path) = &args.save {
            trainer.checkpoint(model.metadata(epoch)?).save(path)?;
        }
        if epoch == 1 || epoch == args.epochs {
            show(&model, &trainer, &format!("after epoch {epoch}"))?;
        }
    }
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

/// One pass over the text with the state carried from window to window; the mean loss in nats.
fn run_epoch(
    model: &Model,
    trainer: &mut Trainer,
    windows: &Windows,
    epoch: u64,
    epochs: u64,
) -> Outcome<f64> {
    let Settings {
        batch,
        dropout,
        seed,
        ..
    } = model.settings;
    let bar = ProgressBar::new(windows.len() as u64).with_style(ProgressStyle::with_template(
        "{prefix} {wide_bar} {pos}/{len} {msg} {eta}",
    )?);
    bar.set_prefix(format!("epoch {epoch}/{epochs}"));
    let mut carried = model.network.zeros(batch);
    let (mut inputs, mut targets, mut total) = (Vec::new(), Vec::new(), 0.0);
    for window in 0..windows.len() {
        windows.fill(window, &mut inputs, &mut targets);
        let step = trainer.optimizer().steps();
        let rate = model.settings.learning_rate(step, windows.len());
        trainer.optimizer_mut().set_learning_rate(rate);
        let mut rng = dropout_rng(seed, step);
        let report = trainer.step(|p| {
            let drop: Option<(f64, &mut dyn Rng)> = if dropout > 0.0 {
                Some((dropout, &mut rng))
            } else {
                None
            };
            let (logits, states) = model.network.logits(p, &inputs, batch, &carried, drop);
            Carried::store_all(&mut carried, &states);
            logits.cross_entropy(&targets).named("E")
        })?;
        total += report.loss;
        bar.set_message(format!("{:.3} nats", report.loss));
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(total / windows.len() as f64)
}

/// A generator for each step, so that a resumed run draws what an unbroken one would have drawn.
fn dropout_rng(seed: u64, step: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(step + 1);
    rng
}

/// The mean loss on held-out text, in nats.
fn evaluate(model: &Model, trainer: &mut Trainer, windows: &Windows) -> f64 {
    let batch = windows.streams();
    let mut carried = model.network.zeros(batch);
    let (mut inputs, mut targets, mut total) = (Vec::new(), Vec::new(), 0.0);
    for window in 0..windows.len() {
        windows.fill(window, &mut inputs, &mut targets);
        total += trainer.evaluate(|p| {
            let (logits, states) = model.network.logits(p, &inputs, batch, &carried, None);
            Carried::store_all(&mut carried, &states);
            logits.cross_entropy(&targets)
        });
    }
    total / windows.len() as f64
}

fn show(model: &Model, trainer: &Trainer, when: &str) -> Outcome<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(model.settings.seed);
    let prime: String = model.vocabulary.chars().iter().take(1).collect();
    let text = model.write(trainer.parameters(), &prime, 300, (0.8, None), &mut rng)?;
    println!("\n--- sampled {when} ---\n{}\n---\n", text.trim());
    Ok(())
}

fn write_sample(args: &SampleArgs) -> Outcome<()> {
    let checkpoint = Checkpoint::load(&args.load)?;
    let (model, mut parameters, _) = Model::from_checkpoint(&checkpoint, &args.load)?;
    let restored = checkpoint.restore(&mut parameters);
    restored.map_err(|e| format!("{}: {e}", args.load.display()))?;
    let mut rng = ChaCha8Rng::seed_from_u64(args.seed);
    let choice = (args.temperature, args.top_k);
    let text = model.write(&parameters, &args.prime, args.length, choice, &mut rng)?;
    let mut out = std::io::stdout().lock();
    write!(out, "{}{text}", args.prime)?;
    if out.is_terminal() {
        writeln!(out)?;
    }
    Ok(())
}
