//! Spoken digits, written down: in step, from a sound to a phrase (row 1 of the lecture).
//!
//! Recordings of single digits are joined to phrases of one to five. What is learned from is which digits are said,
//! and never when: the sum over all that could be said when is the loss (connectionist temporal classification).
//!
//!     cargo run --release --example digits
//!     cargo run --release --example digits -- --data recordings/ --epochs 20 --save digits.safetensors
//!     cargo run --release --example digits -- --load digits.safetensors --transcribe a.wav b.wav
//!     cargo run --release --example digits -- --data recordings/ --held-out all

mod features;
mod phrases;
mod picture;
mod recogniser;
mod settings;
mod training;

use std::path::PathBuf;
use std::process::ExitCode;

use sound::{Parts, Recording, Sound, speakers};
use train::Spread;
use train::escaped;
use train::program::{self, Outcome};

use crate::features::RATE;
use crate::phrases::Phrase;
use crate::recogniser::{Judged, Recogniser};
use crate::settings::Cli;

/// How often each recording of the test part is in a phrase.
const TEST_ROUNDS: usize = 3;
/// Another seed than those of training.
const TEST_SEED: u64 = u64::MAX;
/// A sound to be written down may be so long, in seconds.
const LONGEST: f64 = 120.0;

/// A file to be written down, and what is in it.
type Asked = (PathBuf, Sound);

fn main() -> ExitCode {
    program::run(|cli: Cli| cli.threads.install(|| run(&cli)))
}

fn run(cli: &Cli) -> Outcome {
    cli.out.check()?;
    cli.save.check()?;
    let asked = cli.transcribe.iter().map(sound_to_hear);
    let asked = asked.collect::<Outcome<Vec<_>>>()?;
    match &cli.load {
        Some(path) => hear(cli, &Recogniser::load(path)?, &asked),
        None => learn(cli, &asked),
    }
}

/// With a saved model: writes down what is asked, or is judged by the test part.
fn hear(cli: &Cli, recogniser: &Recogniser, asked: &[Asked]) -> Outcome {
    if !asked.is_empty() {
        return transcribe(cli, recogniser, asked);
    }
    let test = split(&read(cli)?)?.test;
    let judged = judge(recogniser, &test);
    draw_phrase(cli, recogniser, &test)?;
    report(&[("word_error".into(), vec![judged])]);
    Ok(())
}

/// Learns, is judged by what was held out, and writes down what is asked.
fn learn(cli: &Cli, asked: &[Asked]) -> Outcome {
    let trials = trials(cli, &read(cli)?)?;
    let count = trials.len() * cli.seeds;
    if cli.save.path.is_some() && count > 1 {
        return Err(format!("--save keeps one model, and {count} are to be learned").into());
    }
    let (mut first, mut figures) = (None, Vec::new());
    for (name, Parts { training, test }) in &trials {
        let mut of_seeds = Vec::new();
        for seed in (cli.seed..).take(cli.seeds) {
            println!(
                "\n{name}, seed {seed}: {} recordings to learn from, {} held out",
                training.len(),
                test.len()
            );
            let recogniser = training::train(training, &cli.learning, &cli.save, seed)?;
            of_seeds.push(judge(&recogniser, test));
            first.get_or_insert((recogniser, test));
        }
        figures.push((name.clone(), of_seeds));
    }
    if let Some((recogniser, test)) = &first {
        draw_phrase(cli, recogniser, test)?;
        transcribe(cli, recogniser, asked)?;
    }
    report(&figures);
    Ok(())
}

fn read(cli: &Cli) -> Outcome<Vec<Recording>> {
    let recordings = Recording::read_all(&cli.data, RATE).map_err(|e| format!("--data: {e}"))?;
    let speakers = speakers(&recordings).join(", ");
    println!("{} recordings of {speakers}", recordings.len());
    Ok(recordings)
}

/// The data set's own split.
fn split(recordings: &[Recording]) -> Outcome<Parts> {
    Parts::split(recordings).map_err(|e| format!("--data: {e}").into())
}

/// What is learned from and judged by, with the name of the figure: once, or for each speaker who is held out.
fn trials(cli: &Cli, recordings: &[Recording]) -> Outcome<Vec<(String, Parts)>> {
    if cli.held_out.is_empty() {
        return Ok(vec![("word_error".into(), split(recordings)?)]);
    }
    let all = speakers(recordings);
    let speakers = match &cli.held_out[..] {
        [one] if one == "all" => &all,
        some => some,
    };
    let trial = |speaker: &String| match all.contains(speaker) {
        true => {
            let parts = Parts::hold_out(recordings, speaker).map_err(|e| format!("--data: {e}"))?;
            Ok((format!("word_error_{speaker}"), parts))
        }
        false => Err(format!(
            "--held-out {}: expected all, or some of {}",
            escaped(speaker),
            all.join(", ")
        )
        .into()),
    };
    speakers.iter().map(trial).collect()
}

/// By phrases of recordings that nothing is changed in: the same ones whatever the seed.
fn judge(recogniser: &Recogniser, test: &[Recording]) -> Judged {
    let samples = phrases::samples(test, TEST_ROUNDS, None, TEST_SEED);
    let judged = recogniser.judge(&samples);
    println!(
        "{} phrases held out: {:.1} % of digits wrong by the most probable path, {:.1} % by the most probable \
         labelling; {} phrases without an error",
        judged.phrases,
        100.0 * judged.path.rate(),
        100.0 * judged.labelling.rate(),
        judged.right
    );
    judged
}

/// What is heard in the first long phrase of the test part.
fn draw_phrase(cli: &Cli, recogniser: &Recogniser, test: &[Recording]) -> Outcome {
    let phrases = phrases::phrases(test, 1, None, TEST_SEED);
    let longest = phrases.iter().map(|phrase| phrase.digits.len()).max();
    let long = |phrase: &&Phrase| Some(phrase.digits.len()) == longest;
    let Some(phrase) = phrases.iter().find(long) else {
        return Ok(());
    };
    let heard = recogniser.hear(&phrase.sound);
    let title = format!("said: {}, heard: {}", text(&phrase.digits), text(&heard));
    let said: Vec<_> = phrase
        .digits
        .iter()
        .copied()
        .zip(phrase.spans.clone())
        .collect();
    let svg = picture::draw(recogniser, &phrase.sound, &title, &said);
    println!("\n{}", cli.out.write("phrase.svg", svg)?);
    println!(
        "{}",
        cli.out.write_bytes("phrase.wav", &phrase.sound.to_wav()?)?
    );
    Ok(())
}

/// A sound from the command line.
fn sound_to_hear(path: &PathBuf) -> Outcome<Asked> {
    let wrong = |e: String| format!("--transcribe {}: {e}", escaped(path));
    let sound = Sound::read(path).and_then(|sound| sound.at_rate(RATE));
    let sound = sound.map_err(|e| wrong(e.to_string()))?;
    match sound.seconds() <= LONGEST {
        true => Ok((path.clone(), sound)),
        false => Err(wrong(format!(
            "{:.0} s of sound, and {LONGEST} s are the most",
            sound.seconds()
        ))
        .into()),
    }
}

/// A line for each sound: what is heard; and a picture of the first.
fn transcribe(cli: &Cli, recogniser: &Recogniser, sounds: &[Asked]) -> Outcome {
    for (path, sound) in sounds {
        println!("{}: {}", escaped(path), text(&recogniser.hear(sound)));
    }
    if let Some((path, sound)) = sounds.first() {
        let name = path.file_name().unwrap_or_default();
        let title = format!("{}: {}", escaped(name), text(&recogniser.hear(sound)));
        let svg = picture::draw(recogniser, sound, &title, &[]);
        println!("{}", cli.out.write("transcribed.svg", svg)?);
    }
    Ok(())
}

/// "3 7 1".
fn text(digits: &[usize]) -> String {
    let digits: Vec<_> = digits.iter().map(usize::to_string).collect();
    match digits.is_empty() {
        true => "nothing".into(),
        false => digits.join(" "),
    }
}

/// The errors of each trial: mean and spread over seeds, and lines for a script.
fn report(figures: &[(String, Vec<Judged>)]) {
    println!();
    let mut means = Vec::new();
    for (name, judged) in figures {
        let Spread {
            mean,
            lowest,
            highest,
            ..
        } = Spread::of(judged.iter().map(|j| j.labelling.rate()));
        if judged.len() > 1 {
            println!(
                "{name}: {mean:.4} over {} seeds, {lowest:.4} to {highest:.4}",
                judged.len()
            );
        }
        means.push((name, mean));
    }
    for (name, mean) in &means {
        println!("result {name} {mean:.4}");
    }
    if let [_, _, ..] = means[..] {
        let mean = Spread::of(means.iter().map(|(_, mean)| *mean)).mean;
        println!("result word_error_of_speakers {mean:.4}");
    }
}
