//! Folk tunes, written by a model of folk tunes: it foresees each note from those before, and what it foresees is
//! drawn, read, and so on.
//!
//!     cargo run --release --example music
//!     cargo run --release --example music -- --start "[M:6/8][K:G]G2A B2d|g2e d2B|"
//!     cargo run --release --example music -- --data nottingham/ --hidden 256 --epochs 40
//!
//! Nothing of what it writes is put right afterwards: that bars are full and tunes end on the tonic it has learned.

mod data;
mod measures;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use scores::{PianoRoll, Tune, abc, midi};
use train::prelude::*;
use train::program::{
    self, Draw, Out, Outcome, Threads, at_least_one, positive, probability, up_to,
};
use train::{TextModel, Vocabulary, escaped};

use crate::data::Songbook;
use crate::measures::{complete_bars, end_on_tonic, longest_in_common, median_and_most, notes};

/// Streams of words that are read side by side, their parts, and how far gradients go back: some eight bars.
const STREAMS: usize = 16;
const PARTS: usize = 2;
const STEPS: usize = 64;
/// A tune that has not ended after so many words is cut off.
const LONGEST: usize = 1000;
/// Quarter notes a minute.
const TEMPO: u32 = 140;

/// Learns tunes in ABC notation, and writes new ones as ABC and MIDI files.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// Files of tunes in ABC notation, or folders of such files
    #[arg(long, value_name = "PATH", num_args = 1.., default_value = data::DEFAULT, hide_default_value = true)]
    data: Vec<PathBuf>,
    /// Music in ABC notation that further tunes go on from
    #[arg(
        long,
        value_name = "ABC",
        default_value = "[M:6/8][K:G]D|G2A B2d|g2e d2B|"
    )]
    start: String,
    /// Tunes to write from nothing
    #[arg(long, default_value_t = 50, value_parser = up_to(10_000))]
    count: usize,
    #[command(flatten)]
    draw: Draw,
    /// Units of the LSTM
    #[arg(long, default_value_t = 128, value_parser = up_to(10_000))]
    hidden: usize,
    /// Passes over the tunes
    #[arg(long, default_value_t = 30, value_parser = at_least_one::<u64>)]
    epochs: u64,
    /// Learning rate of Adam at the beginning; it falls to a twentieth
    #[arg(long, default_value_t = 5e-3, allow_negative_numbers = true, value_parser = positive)]
    lr: f64,
    /// Probability that an element of the LSTM's output is dropped
    #[arg(long, default_value_t = 0.3, allow_negative_numbers = true, value_parser = probability)]
    dropout: f64,
    /// Seed of everything random
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    out: Out,
}

fn main() -> ExitCode {
    program::run(|cli: Cli| cli.threads.install(|| run(&cli)))
}

fn run(cli: &Cli) -> Outcome {
    cli.out.check()?;
    let start = start(&cli.start)?;
    let book = Songbook::read(&cli.data)?;
    if let Some(word) = book.unknown(&start.1) {
        return Err(format!("--start: none of the tunes has the word {word}").into());
    }
    let composer = Composer::train(cli, &book)?;
    let mut rng = ChaCha8Rng::seed_from_u64(cli.seed);
    let mut tunes = Vec::new();
    for i in 1..=cli.count {
        let words = composer.write(words::END, cli.draw.sampling(), &mut rng)?;
        tunes.push(titled(words::tune(&words), format!("From nothing, {i}")));
        save(cli, &format!("tune_{i:02}"), &tunes[i - 1])?;
    }
    let begun = composer.go_on(&start, cli.draw.sampling(), &mut rng)?;
    println!(
        "tunes from nothing: {}",
        escaped(cli.out.path("tune_NN.abc, .mid"))
    );
    println!(
        "a tune that goes on from --start: {}",
        save(cli, "start", &begun)?
    );
    println!("\n{}", abc::write(&begun));
    for (name, tune) in [("roll.svg", &tunes[0]), ("start.svg", &begun)] {
        println!("{}", cli.out.write(name, PianoRoll::new(tune).svg())?);
    }
    report(&tunes, &book);
    Ok(())
}

/// The music of --start as a tune, and its words.
fn start(music: &str) -> Outcome<(Tune, String)> {
    let wrong = |what: &str| format!("--start: {what}");
    let book = abc::read(&format!("X:1\nM:4/4\nL:1/8\nK:C\n{music}\n"));
    if let Some(skipped) = book.skipped.first() {
        return Err(wrong(&skipped.what).into());
    }
    let tune = book
        .tunes
        .into_iter()
        .next()
        .ok_or_else(|| wrong("expected notes"))?;
    let words = words::words(&tune);
    let mut words = words
        .ok_or_else(|| wrong("expected a meter, no bar that is too long, and usual lengths"))?;
    if !music.trim_end().ends_with(['|', ':', ']']) {
        words.truncate(words.trim_end_matches('|').len()); // the last bar goes on
    }
    Ok((tune, words))
}

fn titled(tune: Tune, title: String) -> Tune {
    Tune { title, ..tune }
}

/// Writes a tune as ABC and as MIDI, and gives the path of the first.
fn save(cli: &Cli, name: &str, tune: &Tune) -> Outcome<String> {
    cli.out
        .write_bytes(&format!("{name}.mid"), &midi(tune, TEMPO))?;
    cli.out.write(&format!("{name}.abc"), abc::write(tune))
}

/// p(word_t | word_1 … word_{t-1}), an LSTM.
struct Composer {
    model: TextModel,
    parameters: ParameterSet,
}

impl Composer {
    fn train(cli: &Cli, book: &Songbook) -> Outcome<Self> {
        let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(cli.seed));
        let text = book.text(&mut rng);
        let vocabulary = Vocabulary::words(&text, 1);
        let model = TextModel::new(
            &mut set,
            vocabulary,
            CellKind::Lstm,
            cli.hidden,
            1,
            &mut rng,
        );
        let model = model.map_err(|e| format!("--hidden {}: {e}", cli.hidden))?;
        let model = model.with_dropout(cli.dropout);
        let symbols = model.vocabulary.encode(&text)?;
        let streams = model.streams(&symbols, STREAMS, STEPS, PARTS);
        let (mut training, mut validation) = streams.map_err(|e| format!("--data: {e}"))?;
        println!(
            "{} words, {} different",
            symbols.len(),
            model.vocabulary.len()
        );
        let steps = cli.epochs.saturating_mul(training.windows().len() as u64);
        let line = |report: &EpochReport| {
            let (learned, held_out) = (&report.training, report.scores());
            format!(
                "epoch {:2}: {:.3} bits per word, {:.3} of tunes held out",
                report.epoch,
                learned.bits(),
                held_out.bits()
            )
        };
        let mut fit = Fit::new(cli.epochs)
            .seed(cli.seed)
            .keep_best()
            .schedule(Schedule::cosine(steps, 0.05))
            .describe(line);
        let mut trainer = Trainer::new(set, Adam::new(cli.lr)).clip(5.0);
        fit.run_and_validate(
            &mut trainer,
            &mut training,
            &mut validation,
            |p, stretch, _| model.loss(p, stretch),
        )?;
        let parameters = trainer.into_parameters();
        Ok(Composer { model, parameters })
    }

    /// Words after these, up to the end of the tune.
    fn write(&self, words: &str, sampling: Sampling, rng: &mut ChaCha8Rng) -> Outcome<String> {
        let written = self.model.write(&self.parameters, words, sampling, rng)?;
        let mut text = String::new();
        for word in written.take(LONGEST) {
            match word? {
                words::END => break,
                word => text.push_str(word),
            }
        }
        Ok(text)
    }

    /// The tune with what comes next, in its key.
    fn go_on(
        &self,
        (tune, start): &(Tune, String),
        sampling: Sampling,
        rng: &mut ChaCha8Rng,
    ) -> Outcome<Tune> {
        let written = self.write(&format!("{}{start}", words::END), sampling, rng)?;
        let whole = words::tune(&format!("{start}{written}"));
        let whole = words::transposed(&whole, -words::shift(tune), tune.key);
        Ok(titled(whole, "Going on".into()))
    }
}

/// What is measured, beside the same of the tunes that were learned from.
fn report(tunes: &[Tune], book: &Songbook) {
    let bars = [tunes, &book.tunes].map(complete_bars);
    let tonic = [tunes, &book.tunes].map(end_on_tonic);
    let copied = tunes
        .iter()
        .map(|tune| longest_in_common(&notes(tune), &book.notes));
    let (copied, most) = median_and_most(copied.collect());
    let (shared, most_shared) = median_and_most(book.in_common());
    println!("                                            written   learned from");
    println!(
        "share of bars that are complete             {:7.3}   {:7.3}",
        bars[0], bars[1]
    );
    println!(
        "share of tunes that end on the tonic        {:7.3}   {:7.3}",
        tonic[0], tonic[1]
    );
    println!("longest stretch in common with another tune");
    println!("  that was learned from, in notes, median   {copied:7}   {shared:7}");
    println!("  most                                      {most:7}   {most_shared:7}");
    println!("result bars {:.4}", bars[0]);
    println!("result tonic {:.4}", tonic[0]);
    println!("result in_common {copied}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_goes_on_where_it_ends() {
        let words = |music| start(music).unwrap().1;
        assert_eq!(words("[K:C]c2d"), " C 4on4 72 left72 74 left60");
        assert_eq!(
            words("[K:C]c|e8|"),
            " C 4on4 pickup12 72 left0| 4on4 76 left0|"
        );
        for music in ["", "#", "z4", "[M:none]c", "[M:2/4]c5|"] {
            assert!(
                start(music)
                    .unwrap_err()
                    .to_string()
                    .starts_with("--start: ")
            );
        }
    }
}
