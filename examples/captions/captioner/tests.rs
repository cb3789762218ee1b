//! What is learned is saved; what was not saved so is refused.

use clap::Parser;
use train::Replace;

use super::*;
use crate::image::Image;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    settings: Settings<CaptionerSettings>,
    #[command(flatten)]
    save: Save,
}

fn cli(flags: &str) -> Cli {
    Cli::parse_from(format!("captions {flags}").split(' '))
}

/// Four pictures, each of one colour.
fn split() -> Split {
    let colours = [
        ([255, 0, 0], "red"),
        ([0, 255, 0], "a green leaf"),
        ([0, 0, 255], "blue: a"),
        ([0, 0, 0], "night"),
    ];
    let emoji = colours.map(|(colour, name)| Emoji {
        picture: Image::of(colour).scaled(),
        name: name.into(),
        kind: "thing".into(),
    });
    Split {
        training: vec![&emoji; 8].into_iter().flatten().cloned().collect(),
        validation: emoji.to_vec(),
        tones: Vec::new(),
        who: Vec::new(),
        new: Vec::new(),
    }
}

#[test]
fn what_is_learned_is_written_and_saved_and_found_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("model.safetensors");
    let Cli { settings, mut save } =
        cli("--features 16 --hidden 16 --epochs 50 --lr 0.01 --dropout 0");
    save.path = Some(path.clone());
    let split = split();
    let captioner = Captioner::train(&settings.values, &split, &save).expect("a captioner");
    let pictures: Vec<_> = split.validation.iter().map(|e| &e.picture).collect();
    let captions = captioner.captions(&pictures).expect("captions");
    for (emoji, (caption, p)) in split.validation.iter().zip(&captions) {
        assert_eq!(emoji.name, *caption);
        let best = captioner.best(&emoji.picture, 2).expect("captions");
        assert_eq!(best[0].0, *caption);
        assert!((best[0].1 - p).abs() < 1e-5 && best[1].1 < *p);
    }
    // The probability of a caption is the product of those of its words.
    let words = [
        captioner.vocabulary.encode("a green leaf").expect("words"),
        vec![captioner.end()],
    ]
    .concat();
    let p = captioner
        .probabilities(pictures[1], "a green leaf")
        .expect("probabilities");
    let product: f32 = words
        .iter()
        .enumerate()
        .map(|(t, &word)| p[(t, word)])
        .product();
    assert!((f64::from(product) - captions[1].1).abs() < 1e-5);

    let loaded = Captioner::load(&path, &cli("--seed 1").settings).expect("a captioner");
    assert_eq!(loaded.captions(&pictures).expect("captions"), captions);
}

#[test]
fn what_is_no_captioner_is_refused_in_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("model.safetensors");
    let settings = cli("--features 3 --hidden 4").settings;
    let refused = || {
        Captioner::load(&path, &settings)
            .map(drop)
            .unwrap_err()
            .to_string()
    };
    assert!(refused().starts_with("--load: "), "{}", refused());
    let captioner = Captioner::new(&settings.values, Vocabulary::words("a b", 1).with_ends());
    let save = |metadata| {
        let checkpoint =
            Checkpoint::of(&captioner.parameters, serde_json::json!({ KEY: metadata }));
        checkpoint
            .save_with(&path, Replace::AnyFile)
            .expect("a file");
    };
    let with = |features: usize, vocabulary: Vocabulary| {
        let settings = CaptionerSettings {
            features,
            ..settings.values.clone()
        };
        save(serde_json::json!([settings, vocabulary]));
        refused()
    };
    let words = || Vocabulary::words("a b", 1).with_ends();
    assert!(with(5, words()).contains("see.V"), "{}", refused());
    assert!(with(1 << 40, words()).contains("4096"), "{}", refused());
    assert!(with(3, Vocabulary::words("a b", 1)).ends_with("its vocabulary has no end"));
    save(serde_json::json!(7));
    assert!(
        refused().starts_with("--load ") && !refused().contains('\n'),
        "{}",
        refused()
    );
}
