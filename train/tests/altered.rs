//! Files that have been altered: an error each, no panic, and memory only for what is in the file.
#![allow(missing_docs)]

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::{Compression, write::GzEncoder};
use serde_json::json;
use tempfile::TempDir;
use train::prelude::*;
use train::{read_npy, read_npz};

#[global_allocator]
static ALLOCATOR: altered::Counting = altered::Counting;

/// The outcome of loading these bytes, with no more memory than is right for so many.
fn load(path: &Path, bytes: &[u8]) -> Result<Checkpoint, String> {
    write(path, bytes);
    let (outcome, memory) = altered::memory(|| Checkpoint::load(path));
    assert!(
        memory.is_little(bytes.len()),
        "{memory:?} for {}",
        bytes.len()
    );
    let outcome = outcome.map_err(|e| e.to_string());
    if let Err(message) = &outcome {
        assert!(
            message.contains("model") && altered::is_line(message),
            "{message}"
        );
    }
    outcome
}

/// Writes over what is there: a file that is made empty first takes some file systems a long time.
fn write(path: &Path, bytes: &[u8]) {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .unwrap();
    file.write_all(bytes).unwrap();
    file.set_len(bytes.len() as u64).unwrap();
}

/// A checkpoint of some kilobytes.
fn model(path: &Path) -> (Checkpoint, Vec<u8>) {
    let (mut set, mut rng) = (ParameterSet::<f32>::new(), ChaCha8Rng::seed_from_u64(1));
    CharModel::new(&mut set, CellKind::Lstm, 8, 12, 1, &mut rng);
    let mut trainer = Trainer::new(set, Adam::new(0.01));
    trainer
        .step(|p| p.vars().map(|v| v.square().sum()).sum())
        .unwrap();
    let settings = json!({"hidden": 12, "layers": 1, "lr": 0.002, "vocabulary": "\n \"abcé\\"});
    let checkpoint = trainer.checkpoint(settings);
    checkpoint.save(path).unwrap();
    let bytes = fs::read(path).unwrap();
    (Checkpoint::load(path).unwrap(), bytes)
}

/// Where the header ends.
fn header_end(bytes: &[u8]) -> usize {
    8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize
}

/// Another number in the place of one in the header: a size, an offset, a digit of the metadata.
fn change_number(bytes: &mut Vec<u8>, rng: &mut ChaCha8Rng) {
    let end = header_end(bytes);
    let digits: Vec<_> = (8..end).filter(|&i| bytes[i].is_ascii_digit()).collect();
    let at = digits[rng.random_range(..digits.len())];
    let new = match rng.random_range(..4_u8) {
        0 => rng.random_range(..10_u8).to_string(),
        1 => format!("{}{}", bytes[at] as char, rng.random::<u64>()),
        2 => "4294967296".into(),
        _ => "-1".into(),
    };
    bytes.splice(at..=at, new.bytes());
    let longer = (end - 8 + new.len() - 1) as u64;
    bytes[..8].copy_from_slice(&longer.to_le_bytes());
}

fn alter(bytes: &[u8], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut altered = bytes.to_vec();
    match rng.random_range(..7_u8) {
        0 => altered.truncate(rng.random_range(..bytes.len())),
        1 => {
            let len = rng.random::<u64>() >> rng.random_range(..64_u32);
            altered[..8].copy_from_slice(&len.to_le_bytes());
        }
        2 => change_number(&mut altered, rng),
        3 => (0..rng.random_range(1..20)).for_each(|_| {
            let at = rng.random_range(..bytes.len());
            altered[at] = rng.random();
        }),
        4 => altered.extend((0..rng.random_range(1..20)).map(|_| rng.random::<u8>())),
        5 => _ = altered.remove(rng.random_range(..bytes.len())),
        _ => {
            let at = rng.random_range(..header_end(bytes)); // the text
            altered[at] ^= 1 << rng.random_range(..8_u8);
        }
    }
    altered
}

#[test]
fn every_one_of_ten_thousand_altered_files_is_an_error() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("model");
    let (_, bytes) = model(&path);
    load(&path, &bytes).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for _ in 0..10_000 {
        let altered = alter(&bytes, &mut rng);
        if altered != bytes {
            load(&path, &altered).unwrap_err();
        }
    }
}

#[test]
fn every_flipped_bit_is_found() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("model");
    let mut set = ParameterSet::<f32>::new();
    set.add("w", Matrix::from([[0.1, 0.2]]));
    Checkpoint::of(&set, json!({"lr": 0.1}))
        .save(&path)
        .unwrap();
    let bytes = fs::read(&path).unwrap();
    for bit in 0..8 * bytes.len() {
        let mut altered = bytes.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        load(&path, &altered).unwrap_err();
    }
}

/// The checksum made anew, as somebody does who means it.
fn seal(bytes: &mut [u8]) {
    let mark = br#"\"crc32\":\""#;
    let Some(at) = bytes.windows(mark.len()).position(|w| w == mark) else {
        return;
    };
    let digits = at + mark.len()..at + mark.len() + 8;
    if digits.end <= bytes.len() {
        bytes[digits.clone()].copy_from_slice(b"00000000");
        let sum = format!("{:08x}", crc32fast::hash(bytes));
        bytes[digits].copy_from_slice(sum.as_bytes());
    }
}

/// What the checksum would have told first: nothing but the checks behind it stands between these files
/// and a panic.
#[test]
fn altered_files_with_the_right_checksum_or_none_are_errors_or_checkpoints() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("model");
    let (checkpoint, sealed) = model(&path);
    let without = without_checksum(&checkpoint);
    assert_eq!(load(&path, &without).unwrap(), checkpoint);
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut loaded = 0;
    for i in 0..4_000 {
        let mut altered = alter(if i % 2 == 0 { &sealed } else { &without }, &mut rng);
        seal(&mut altered);
        if let Ok(other) = load(&path, &altered) {
            assert!(other.tensors.iter().all(|(_, m)| m.view().is_finite()));
            loaded += 1;
        }
    }
    assert!((100..2_000).contains(&loaded), "{loaded}");
}

/// A file as it was before there was a checksum.
fn without_checksum(checkpoint: &Checkpoint) -> Vec<u8> {
    use safetensors::tensor::{Dtype, TensorView};
    let of = |m: &Matrix<f32>| {
        m.data()
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect::<Vec<_>>()
    };
    let tensors = checkpoint.tensors.iter();
    let data: Vec<_> = tensors.clone().map(|(_, m)| of(m)).collect();
    let views = tensors.zip(&data).map(|((name, m), data)| {
        let shape = vec![m.row_count(), m.col_count()];
        (name, TensorView::new(Dtype::F32, shape, data).unwrap())
    });
    let metadata = [("bptt".to_string(), checkpoint.metadata.to_string())];
    safetensors::serialize(views, Some(metadata.into())).unwrap()
}

/// Hands altered files to what reads them from a path.
fn check<R, E: ToString>(files: &[&[u8]], read: impl Fn(&Path) -> Result<R, E>) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("file");
    altered::check(files, |bytes| {
        write(&path, bytes);
        read(&path).map(drop).map_err(|e| e.to_string())
    });
}

/// A checkpoint with and without the checksum that would tell most of what happens to it.
#[test]
fn altered_checkpoints_are_checkpoints_or_refused() {
    let folder = TempDir::new().unwrap();
    let (checkpoint, sealed) = model(&folder.path().join("model"));
    check(&[&sealed, &without_checksum(&checkpoint)], |path| {
        let checkpoint = Checkpoint::<f32>::load(path);
        if let Ok(checkpoint) = &checkpoint {
            assert!(checkpoint.tensors.iter().all(|(_, m)| m.view().is_finite()));
        }
        checkpoint
    });
}

#[test]
fn altered_weights_of_pytorch_are_weights_or_refused() {
    let files: [&[u8]; 3] = [
        include_bytes!("reference/torch_f32.safetensors"),
        include_bytes!("reference/torch_f64.safetensors"),
        include_bytes!("reference/torch_others.safetensors"),
    ];
    check(&files, |path| read_state_dict::<f32>(path));
}

#[test]
fn altered_arrays_of_numpy_are_arrays_or_refused() {
    let files: [&[u8]; 4] = [
        include_bytes!("reference/numpy_matrix.npy"),
        include_bytes!("reference/numpy_fortran.npy"),
        include_bytes!("reference/numpy_half.npy"),
        include_bytes!("reference/numpy_vector.npy"),
    ];
    check(&files, |path| read_npy::<f64>(path));
}

#[test]
fn altered_archives_of_numpy_are_arrays_or_refused() {
    let files: [&[u8]; 2] = [
        include_bytes!("reference/numpy_compressed.npz"),
        include_bytes!("reference/numpy_types.npz"),
    ];
    check(&files, |path| read_npz::<f64>(path));
}

/// And what is made of texts: a vocabulary of its words, and the numbers of all.
#[test]
fn altered_texts_are_texts_or_refused() {
    let text = "The cat sat on the mat, and 12 mice\r\nsaw it.\n\nL'été, déjà vu: ☃ 😀\n".repeat(4);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    let compressed = encoder.finish().unwrap();
    check(&[text.as_bytes(), &compressed], |path| {
        let corpus = read_text(&[path.into()], &[])?;
        let vocabulary = Vocabulary::words(&corpus.text, 1);
        let numbers = vocabulary.encode(&corpus.text)?;
        assert_eq!(vocabulary.decode(&numbers), corpus.text);
        Ok::<_, train::TextError>(())
    });
}
