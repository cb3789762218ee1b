//! Checkpoints: what is saved comes back, and nothing else does.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde_json::json;
use tempfile::TempDir;
use train::CheckpointError;
use train::prelude::*;

fn parameters<T: Scalar>(x: f64) -> ParameterSet<T> {
    let mut set = ParameterSet::new();
    set.add("rnn1.W", Matrix::filled(2, 2, T::from_f64(x)));
    set.add(
        "rnn1.b",
        Matrix::from([[T::from_f64(0.1), T::from_f64(-x)]]),
    );
    set
}

fn save<T: Scalar>(path: &Path, x: f64) -> Checkpoint<T> {
    let checkpoint = Checkpoint::of(&parameters(x), json!({"hidden": 2, "chars": "aé\n"}));
    checkpoint.save(path).unwrap();
    checkpoint
}

#[track_caller]
fn load_error(path: &Path) -> String {
    let message = Checkpoint::<f32>::load(path).unwrap_err().to_string();
    assert!(message.contains("model.safetensors"), "{message}");
    assert!(!message.contains('\n'), "{message}");
    message
}

fn round_trip<T: Scalar>() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("model.safetensors");
    save::<T>(&path, 5.0);
    let saved = save::<T>(&path, 1.0 / 3.0); // over the old one
    let loaded = Checkpoint::<T>::load(&path).unwrap();
    assert_eq!(loaded, saved);
    let mut set = parameters::<T>(7.0);
    loaded.restore(&mut set).unwrap();
    assert_eq!(Checkpoint::of(&set, saved.metadata.clone()), saved);
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
}

#[test]
fn a_checkpoint_comes_back_bit_for_bit() {
    round_trip::<f32>();
    round_trip::<f64>();
}

#[test]
fn a_missing_file_is_an_error() {
    let directory = TempDir::new().unwrap();
    let message = load_error(&directory.path().join("model.safetensors"));
    assert!(message.starts_with("there is no checkpoint"), "{message}");
}

#[test]
fn a_truncated_file_is_an_error_wherever_it_ends() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("model.safetensors");
    save::<f32>(&path, 1.0);
    let bytes = fs::read(&path).unwrap();
    for len in 0..bytes.len() {
        fs::write(&path, &bytes[..len]).unwrap();
        let message = load_error(&path);
        assert!(message.contains("not a checkpoint, or is damaged"));
    }
}

#[test]
fn other_files_are_errors() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("model.safetensors");
    fs::write(&path, "Once upon a time there was a text file.").unwrap();
    assert!(load_error(&path).contains("not a checkpoint"));
    fs::remove_file(&path).unwrap();
    save::<f64>(&path, 1.0);
    assert!(load_error(&path).contains("tensor rnn1.W is f64, expected f32"));
    write_tensor(&path, &[4], &[0; 16]);
    assert!(load_error(&path).contains("tensor x of shape [4] is no matrix"));
    write_tensor(&path, &[0, 4], &[]);
    assert!(load_error(&path).contains("tensor x"));
    let none = std::iter::empty::<(String, TensorView<'_>)>();
    fs::write(&path, safetensors::serialize(none, None).unwrap()).unwrap();
    assert!(load_error(&path).contains("it has no \"bptt-checkpoint\" metadata"));
}

/// A file with one f32 tensor "x".
fn write_tensor(path: &Path, shape: &[usize], bytes: &[u8]) {
    let view = TensorView::new(Dtype::F32, shape.to_vec(), bytes).unwrap();
    let metadata = [("bptt".to_string(), "null".to_string())];
    let file = safetensors::serialize([("x", view)], Some(metadata.into())).unwrap();
    fs::write(path, file).unwrap();
}

#[test]
fn values_that_are_not_finite_are_not_loaded() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("model.safetensors");
    for x in [f32::NAN, f32::NEG_INFINITY] {
        write_tensor(&path, &[1, 2], &[[0; 4], x.to_le_bytes()].concat());
        assert!(load_error(&path).contains("tensor x has values that are not finite"));
    }
}

#[test]
fn a_save_that_fails_leaves_the_old_file() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("model.safetensors");
    let old = save::<f32>(&path, 1.0);
    let mut set = parameters::<f32>(2.0);
    let w = set.find("rnn1.W").unwrap();
    set.get_mut(w)[(0, 1)] = f32::NAN;
    let error = Checkpoint::of(&set, json!(null)).save(&path).unwrap_err();
    assert!(matches!(error, CheckpointError::NotFinite { tensor, .. } if tensor == "rnn1.W"));
    assert_eq!(Checkpoint::load(&path).unwrap(), old);

    // A directory is in the way.
    let taken = directory.path().join("taken");
    fs::create_dir(&taken).unwrap();
    fs::write(taken.join("file"), "").unwrap();
    let error = old.save(&taken).unwrap_err().to_string();
    assert!(
        error.ends_with("taken is a directory, and a checkpoint is a file"),
        "{error}"
    );
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 2);
    let nowhere = old.save(directory.path().join("no/such/file")).unwrap_err();
    assert!(
        nowhere
            .to_string()
            .contains("no/such/file: there is no directory"),
        "{nowhere}"
    );
}

#[test]
fn a_checkpoint_of_another_model_changes_nothing() {
    let checkpoint = Checkpoint::of(&parameters::<f32>(2.0), json!(null));
    let mut set = ParameterSet::new();
    let w = set.add("rnn1.W", Matrix::filled(2, 2, 1.0));
    set.add("rnn1.b", Matrix::zeros(1, 3));
    let error = checkpoint.restore(&mut set).unwrap_err().to_string();
    let expected = "tensor rnn1.b is [1, 2] in the checkpoint and [1, 3] in the model";
    assert_eq!(error, expected);
    assert_eq!(*set.get(w), Matrix::filled(2, 2, 1.0));

    let mut set = parameters::<f32>(1.0);
    let w = set.find("rnn1.W").unwrap();
    set.add("rnn2.U", Matrix::zeros(1, 1));
    let error = checkpoint.restore(&mut set).unwrap_err().to_string();
    assert_eq!(error, "the checkpoint has no tensor rnn2.U");
    assert_eq!(*set.get(w), Matrix::filled(2, 2, 1.0));
}

#[test]
fn one_name_for_two_tensors_is_not_saved() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("model.safetensors");
    let mut checkpoint = Checkpoint::of(&parameters::<f32>(2.0), json!(null));
    checkpoint.tensors[0].0 = "rnn1.b".into();
    let error = checkpoint.save(&path).unwrap_err().to_string();
    assert!(error.ends_with("two tensors have one name"), "{error}");
    assert!(!path.exists());
}

#[test]
fn what_could_not_be_read_again_is_not_saved() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("model.safetensors");
    let old = save::<f32>(&path, 1.0);
    let mut set = parameters::<f32>(2.0);
    let nested = (0..200).fold(json!(1), |inner, _| json!([inner]));
    Checkpoint::of(&set, nested).save(&path).unwrap_err();
    set.add("__metadata__", Matrix::filled(1, 1, 1.0));
    Checkpoint::of(&set, json!(null)).save(&path).unwrap_err();
    assert_eq!(Checkpoint::load(&path).unwrap(), old);
}

/// As they were written before there was a checksum.
#[test]
fn a_file_without_a_checksum_is_read() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("model.safetensors");
    write_tensor(&path, &[1, 2], &[0, 0, 0, 63, 0, 0, 128, 63]);
    let checkpoint = Checkpoint::<f32>::load(&path).unwrap();
    assert_eq!(checkpoint.metadata, json!(null));
    let expected = [("x".to_string(), Matrix::from([[0.5, 1.0]]))];
    assert_eq!(checkpoint.tensors, expected);
    checkpoint.save(&path).unwrap(); // it is ours
}

/// The same bytes, for whoever compares runs by their files.
#[test]
fn what_is_saved_twice_is_the_same_file_and_others_can_read_it() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("model.safetensors");
    save::<f32>(&path, 0.5);
    let first = fs::read(&path).unwrap();
    save::<f32>(&path, 0.5);
    assert_eq!(fs::read(&path).unwrap(), first);

    let file = SafeTensors::deserialize(&first).unwrap();
    assert_eq!(file.tensor("rnn1.W").unwrap().shape(), [2, 2]);
    let (_, header) = SafeTensors::read_metadata(&first).unwrap();
    let text = &header.metadata().as_ref().unwrap()["bptt-checkpoint"];
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(value["metadata"], json!({"hidden": 2, "chars": "aé\n"}));
    assert_eq!(value["crc32"].as_str().unwrap().len(), 8);
}

/// Sizes that settings speak of are compared with the file before there is a model.
#[test]
fn a_model_that_is_not_in_the_file_is_refused_by_its_shapes() {
    let mut set = ParameterSet::<f32>::new();
    CharModel::new(
        &mut set,
        CellKind::Gru,
        3,
        4,
        2,
        &mut ChaCha8Rng::seed_from_u64(1),
    );
    let checkpoint = Checkpoint::of(&set, json!(null));
    let check = |kind, vocabulary, hidden, layers| {
        let shapes = CharModel::parameter_shapes(kind, vocabulary, hidden, layers);
        checkpoint.check_shapes(shapes).map_err(|e| e.to_string())
    };
    assert_eq!(check(CellKind::Gru, 3, 4, 2), Ok(()));
    let most = usize::MAX;
    for (hidden, rows) in [(9000, 27000), (most, most), (0, 0)] {
        let expected =
            format!("tensor gru1.U is [12, 3] in the checkpoint and [{rows}, 3] in the model");
        assert_eq!(check(CellKind::Gru, 3, hidden, 2), Err(expected));
    }
    let missing = |name: &str| Err(format!("the checkpoint has no tensor {name}"));
    assert_eq!(check(CellKind::Gru, 3, 4, usize::MAX), missing("gru3.U"));
    assert_eq!(check(CellKind::Lstm, 3, 4, 2), missing("lstm1.U"));
    let fewer = "tensor gru1.U is [12, 3] in the checkpoint and [12, 2] in the model";
    assert_eq!(check(CellKind::Gru, 2, 4, 2), Err(fewer.into()));
}

proptest! {
    /// A run that goes on with a learning rate that is another in its last digit is another run.
    #[test]
    fn numbers_in_the_metadata_come_back_bit_for_bit(bits in any::<u64>()) {
        let number = f64::from_bits(bits);
        prop_assume!(number.is_finite());
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("model.safetensors");
        Checkpoint::of(&parameters::<f32>(1.0), json!({ "lr": number })).save(&path).unwrap();
        let loaded = Checkpoint::<f32>::load(&path).unwrap();
        prop_assert_eq!(loaded.metadata["lr"].as_f64().unwrap().to_bits(), bits);
    }
}
