//! Speech (row 17 of the lecture): a network that says a digit, sample by sample, 8,000 a second. Each is drawn from what
//! it foresees after those before, and read, and so on; it is told which digit to say, and as whom.
//!
//!     cargo run --release --example speech
//!     cargo run --release --example speech -- --say 3,7,1
//!     cargo run --release --example speech -- --data recordings/ --speakers jackson --epochs 10 --hidden 192 --save voice.safetensors
//!     cargo run --release --example speech -- --load voice.safetensors --count 10
//!
//! What is said can be heard by the example digits: `digits --load digits.safetensors --transcribe target/speech/said_*.wav`.

mod baseline;
mod corpus;
mod density;
mod lattice;
mod lower;
mod mu_law;
mod picture;
mod predictor;
mod saved;
mod settings;
mod speaker;
mod training;
mod upper;
mod voice;

use std::process::ExitCode;

use ::sound::Sound;
use train::escaped;
use train::prelude::*;
use train::program::{self, Outcome};

use crate::baseline::{baselines, histogram_bits};
use crate::corpus::{Corpus, RATE, Utterance};
use crate::picture::{Row, sheet};
use crate::predictor::LinearPredictor;
use crate::settings::Cli;
use crate::speaker::{Said, Speaker};
use crate::voice::DIGITS;

/// Seconds of a pause before and behind a digit, and how loud its noise is: a recording without any noise does not
/// exist.
const PAUSE: f64 = 0.1;
const HISS: f32 = 1e-3;
/// Colours that are told apart by people who do not see all colours.
const BLUE: &str = "#0072b2";
const ORANGE: &str = "#d55e00";

fn main() -> ExitCode {
    program::run(|cli: Cli| cli.threads.install(|| run(&cli)))
}

fn run(cli: &Cli) -> Outcome {
    cli.out.check()?;
    if let Some(path) = &cli.save {
        let replaced = cli.replaced().check(path);
        replaced.map_err(|e| format!("--save: {e}"))?;
    }
    match &cli.load {
        Some(path) => speak(cli, &Speaker::load(path)?, &[]),
        None => learn(cli),
    }
}

/// Learns, is judged by the test part, and speaks.
fn learn(cli: &Cli) -> Outcome {
    let corpus = Corpus::read(&cli.data, &cli.speakers)?;
    let count = |part: &[Utterance]| part.iter().map(|u| u.levels.len()).sum::<usize>();
    println!(
        "{}: {} recordings to learn from ({} samples), {} held out ({})",
        escaped(corpus.speakers.join(", ")),
        corpus.training.len(),
        count(&corpus.training),
        corpus.test.len(),
        count(&corpus.test)
    );
    let predictor = LinearPredictor::of(&corpus.training);
    let [adapted, plain] = baselines(&predictor, &corpus.training);
    let histogram = histogram_bits(&corpus.training, &corpus.test);
    let by_predictor = [&plain, &adapted].map(|baseline| baseline.bits(&corpus.test));
    let (speaker, history) =
        training::train(&corpus, &predictor.coefficients, &cli.learning, cli.seed)?;
    if let Some(path) = &cli.save {
        speaker.save(path, cli.replaced())?;
    }
    let bits = speaker.bits(&corpus.test);
    println!("\nbits per sample of the recordings held out");
    println!("{histogram:6.3}  how often each level is there");
    println!("{:6.3}  linear predictor, {plain}", by_predictor[0]);
    println!("{:6.3}  linear predictor, {adapted}", by_predictor[1]);
    println!(
        "{bits:6.3}  network of {} parameters\n",
        speaker.parameters.element_count()
    );
    let line = |bits: f64| vec![bits; history.epochs.len() + 1];
    let chart = history
        .chart("bits")
        .dashed("linear predictor", &line(by_predictor[1]));
    println!("{}", cli.out.write("learning.svg", chart.svg())?);
    speak(cli, &speaker, &corpus.test)?;
    println!("result bits_histogram {histogram:.4}");
    println!("result bits_linear_plain {:.4}", by_predictor[0]);
    println!("result bits_linear {:.4}", by_predictor[1]);
    println!("result bits {bits:.4}");
    println!("result bits_saved {:.4}", by_predictor[1] - bits);
    Ok(())
}

/// Says every digit, and what is asked; `real` is what people say beside it.
fn speak(cli: &Cli, speaker: &Speaker, real: &[Utterance]) -> Outcome {
    let mut rng = ChaCha8Rng::seed_from_u64(cli.seed);
    let voices = voices(cli, speaker)?;
    let voice = |i: usize| voices[i % voices.len()];
    let digits = (0..DIGITS * cli.count).map(|i| (i % DIGITS, voice(i / DIGITS)));
    let said = speaker.say(&digits.collect::<Vec<_>>(), cli.draw.sampling(), &mut rng)?;
    for (i, Said { utterance, .. }) in said.iter().enumerate() {
        write(cli, speaker, "said", utterance, i / DIGITS, &mut rng)?;
    }
    println!("{}", escaped(cli.out.path("said_DIGIT_SPEAKER_N.wav")));
    for (i, utterance) in real.iter().enumerate() {
        write(cli, speaker, "real", utterance, i, &mut rng)?;
    }
    if !real.is_empty() {
        println!("{}", escaped(cli.out.path("real_DIGIT_SPEAKER_N.wav")));
    }
    draw(cli, speaker, &said, real)?;
    if !cli.say.is_empty() {
        let asked: Vec<_> = cli.say.iter().map(|&digit| (digit, voice(0))).collect();
        let said = speaker.say(&asked, cli.draw.sampling(), &mut rng)?;
        let utterances: Vec<_> = said.iter().map(|said| &said.utterance).collect();
        let wav = sound(&utterances, &mut rng).to_wav()?;
        println!("{}", cli.out.write_bytes("say.wav", &wav)?);
    }
    let ended = said.iter().filter(|said| said.has_ended).count() as f64 / said.len() as f64;
    println!("result ended {ended:.3}");
    Ok(())
}

/// The numbers of those who speak.
fn voices(cli: &Cli, speaker: &Speaker) -> Outcome<Vec<usize>> {
    if cli.speakers.is_empty() {
        return Ok((0..speaker.names.len()).collect());
    }
    let number = |name: &String| {
        let found = speaker.names.iter().position(|known| known == name);
        found.ok_or_else(|| {
            let (name, all) = (escaped(name), escaped(speaker.names.join(", ")));
            format!("--speakers {name}: expected some of {all}").into()
        })
    };
    cli.speakers.iter().map(number).collect()
}

/// Utterances with pauses around each.
fn sound(utterances: &[&Utterance], rng: &mut ChaCha8Rng) -> Sound {
    let mut samples = Vec::new();
    let mut pause = |samples: &mut Vec<f32>| {
        let count = (PAUSE * f64::from(RATE)) as usize;
        samples.extend((0..count).map(|_| HISS * rng.random_range(-1.0..1.0f32)));
    };
    for utterance in utterances {
        pause(&mut samples);
        samples.extend(utterance.samples().iter().map(|&x| x as f32));
        pause(&mut samples);
    }
    Sound {
        rate: RATE,
        samples,
    }
}

fn write(
    cli: &Cli,
    speaker: &Speaker,
    kind: &str,
    utterance: &Utterance,
    number: usize,
    rng: &mut ChaCha8Rng,
) -> Outcome {
    let (digit, name) = (utterance.digit, &speaker.names[utterance.speaker]);
    let wav = sound(&[utterance], rng).to_wav()?;
    cli.out
        .write_bytes(&format!("{kind}_{digit}_{name}_{number}.wav"), &wav)?;
    Ok(())
}

/// Each digit by a person, where there are such, and as it was said.
fn draw(cli: &Cli, speaker: &Speaker, said: &[Said], real: &[Utterance]) -> Outcome {
    let said: Vec<_> = said.iter().map(|said| &said.utterance).collect();
    let by_first = real
        .iter()
        .filter(|utterance| utterance.speaker == said[0].speaker);
    let by_first: Vec<_> = by_first.collect();
    let row = |label, colour, from: &[&Utterance]| {
        let of = |digit| from.iter().find(|utterance| utterance.digit == digit);
        let sounds = (0..DIGITS).filter_map(of).map(|utterance| {
            let samples = utterance.samples().iter().map(|&x| x as f32).collect();
            let rate = RATE;
            (utterance.digit.to_string(), Sound { rate, samples })
        });
        Row {
            label,
            colour,
            sounds: sounds.collect(),
        }
    };
    let rows = [row("recorded", BLUE, &by_first), row("said", ORANGE, &said)];
    let rows = &rows[usize::from(by_first.is_empty())..];
    let name = &speaker.names[said[0].speaker];
    let svg = sheet(&format!("ten digits, as {name} says them"), rows)?;
    println!("{}", cli.out.write("digits.svg", svg)?);
    Ok(())
}
