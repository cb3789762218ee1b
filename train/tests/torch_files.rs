//! Weights of a model in PyTorch: read as they were saved there, and written so that they are read there. The model
//! and its inputs are those of torch_files_reference.py.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::{output_of, python_with};
use crate::reference::{Case, cases};
use layers::torch::{Mapping, StateDict};
use proptest::prelude::*;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde_json::json;
use tempfile::TempDir;
use train::prelude::*;
use train::{FileError, StateDictError};

const STEPS: usize = 5;
const BATCH: usize = 3;
const WORDS: usize = 7;
const SIZE: usize = 4;
const HIDDEN: usize = 3;
const CLASSES: usize = 2;

/// The reference files' folder, and the script that has made them.
fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reference")
        .join(name)
}

struct Model<T: Scalar> {
    set: ParameterSet<T>,
    encoder: Stack<T>,
    decoder: Stack<T>,
    mapping: Mapping,
}

impl<T: Scalar> Model<T> {
    fn new(seed: u64) -> Self {
        let (mut set, rng) = (ParameterSet::new(), &mut ChaCha8Rng::seed_from_u64(seed));
        let words = Embedding::new(&mut set, "words", WORDS, SIZE, rng);
        let mut lstm = |name, input| {
            Bidirectional::new(name, |name| Lstm::new(&mut set, name, input, HIDDEN, rng))
        };
        let (first, second) = (lstm("lstm1", SIZE), lstm("lstm2", 2 * HIDDEN));
        let gru = Gru::new(&mut set, "gru1", 2 * HIDDEN, 2 * HIDDEN, Reset::After, rng);
        let norm = LayerNorm::new(&mut set, "norm", 2 * HIDDEN);
        let output = Linear::new(&mut set, "output", 2 * HIDDEN, CLASSES, rng);
        let mapping = Mapping::new()
            .layer("reader.words.*", &words)
            .recurrent(
                "reader.encoder",
                &[
                    &[&first.forward.0, &first.backward.0],
                    &[&second.forward.0, &second.backward.0],
                ],
            )
            .recurrent("decoder", &[&[&gru]])
            .layer("norm.*", &norm)
            .layer("head.*", &output);
        Model {
            set,
            encoder: Stack::new().with(words).with(first).with(second),
            decoder: Stack::new().with(Forward(gru)).with(norm).with(output),
            mapping,
        }
    }

    fn read(path: &Path) -> Self {
        let mut model = Self::new(1);
        let state = read_state_dict(path).unwrap();
        model.mapping.import(&mut model.set, &state).unwrap();
        model
    }

    fn write(&self, path: &Path) -> Result<(), StateDictError> {
        write_state_dict(path, &self.mapping, &self.set)
    }

    /// What the encoder gives, and the logits, of the steps one below the other.
    fn outputs(&self) -> Vec<Vec<T>> {
        let of_sample = |b| (0..STEPS).map(|t| (5 * t + 3 * b + 1) % WORDS).collect();
        let symbols: Vec<Vec<usize>> = (0..BATCH).map(of_sample).collect();
        let tape = Tape::new();
        let p = self.set.bind(&tape);
        let read = self
            .encoder
            .run(&p, Sequence::from_symbols(&symbols).unwrap());
        let logits = self.decoder.run(&p, read.clone());
        [read, logits]
            .map(|y| y.stacked().value().iter().collect())
            .into()
    }

    fn check(&self, case: &Case) -> usize {
        case.check(self.outputs())
    }
}

fn reference_cases() -> Vec<Case> {
    cases(include_str!("reference/torch_outputs.txt"))
}

#[test]
fn what_pytorch_has_saved_computes_here_what_it_computes_there() {
    let cases = reference_cases();
    assert_eq!(cases.len(), 2);
    let numbers = STEPS * BATCH * (2 * HIDDEN + CLASSES);
    for case in &cases {
        let path = reference(&format!("torch_{}.safetensors", case.title));
        let count = match case.title.as_str() {
            "f32" => Model::<f32>::read(&path).check(case),
            _ => Model::<f64>::read(&path).check(case),
        };
        assert_eq!(count, numbers);
    }
}

#[test]
fn files_of_either_type_are_read_as_either() {
    let [single, double] = ["f32", "f64"].map(|t| reference(&format!("torch_{t}.safetensors")));
    let exact: StateDict<f64> = read_state_dict(&single).unwrap();
    for (name, tensor) in read_state_dict::<f32>(&single).unwrap() {
        assert_eq!(tensor.map(f64::from), exact[&name]);
    }
    let exact: StateDict<f64> = read_state_dict(&double).unwrap();
    for (name, tensor) in read_state_dict::<f32>(&double).unwrap() {
        assert_eq!(tensor, exact[&name].map(|x| x as f32));
    }
    let case = &reference_cases()[1];
    Model::<f32>::read(&double).check(case);
}

#[test]
fn what_is_written_comes_back_to_the_bit() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("model.safetensors");
    for seed in [1, 2] {
        let ours = Model::<f64>::new(seed);
        ours.write(&path).unwrap(); // in the place of its own
        assert_eq!(
            read_state_dict(&path).unwrap(),
            ours.mapping.export(&ours.set)
        );
        let theirs = Model::<f64>::read(&path);
        for id in ours.set.ids() {
            let other = theirs.set.find(ours.set.name(id)).unwrap();
            assert_eq!(ours.set.get(id), theirs.set.get(other));
        }
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

#[test]
fn it_is_written_with_the_dimensions_that_pytorch_has() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("model.safetensors");
    Model::<f32>::new(1).write(&path).unwrap();
    let shapes = |path: &Path| {
        let (_, header) = SafeTensors::read_metadata(&fs::read(path).unwrap()).unwrap();
        let tensors = header.tensors().into_iter();
        let mut shapes: Vec<_> = tensors
            .map(|(name, i)| (name, i.dtype, i.shape.clone()))
            .collect();
        shapes.sort();
        shapes
    };
    assert_eq!(shapes(&path), shapes(&reference("torch_f32.safetensors")));
}

/// The error of reading, which is one line with the file's name.
#[track_caller]
fn refusal(path: &Path) -> String {
    let message = read_state_dict::<f32>(path).unwrap_err().to_string();
    assert!(!message.contains('\n'), "{message}");
    message.replace(&format!("{}/", path.parent().unwrap().display()), "")
}

fn write_tensor(path: &Path, dtype: Dtype, shape: &[usize], bytes: &[u8]) {
    let view = TensorView::new(dtype, shape.to_vec(), bytes).unwrap();
    fs::write(path, safetensors::serialize([("x", view)], None).unwrap()).unwrap();
}

#[test]
fn what_is_no_matrix_is_named() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("x.safetensors");
    for (dtype, size, name) in [
        (Dtype::I64, 8, "i64"),
        (Dtype::F16, 2, "f16"),
        (Dtype::BF16, 2, "bf16"),
    ] {
        write_tensor(&path, dtype, &[1], &[0; 8][..size]);
        let expected = format!("state dict x.safetensors: tensor x is {name}, expected f32 or f64");
        assert_eq!(refusal(&path), expected);
    }
    for (shape, count) in [(&[][..], 1), (&[2, 1, 3], 6), (&[0], 0), (&[2, 0], 0)] {
        write_tensor(&path, Dtype::F32, shape, &vec![0; 4 * count]);
        let expected = format!(
            "state dict x.safetensors: tensor x has the shape {shape:?}, expected one dimension or two, \
             none of them 0"
        );
        assert_eq!(refusal(&path), expected);
    }
    write_tensor(&path, Dtype::F64, &[1], &1e300f64.to_le_bytes());
    let expected = "state dict x.safetensors: tensor x has values that are not finite as f32";
    assert_eq!(refusal(&path), expected);
    assert_eq!(read_state_dict::<f64>(&path).unwrap()["x"].row(0), [1e300]);
}

#[test]
fn a_part_is_read_whatever_the_rest_is() {
    let path = reference("torch_others.safetensors");
    assert!(refusal(&path).starts_with("state dict torch_others.safetensors: tensor "));
    let state: StateDict = read_state_dict_of(&path, "reader.").unwrap();
    assert_eq!(
        state,
        StateDict::from([("reader.weight".into(), Matrix::filled(2, 3, 1.0))])
    );
    assert!(
        read_state_dict_of::<f32>(&path, "writer.")
            .unwrap()
            .is_empty()
    );
    let message = read_state_dict_of::<f32>(&path, "kernels")
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("tensor kernels has the shape [2, 3, 2]"),
        "{message}"
    );
}

#[test]
fn other_files_are_errors() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    assert_eq!(refusal(&at("none")), "there is no state dict none");
    fs::create_dir(at("folder")).unwrap();
    assert_eq!(
        refusal(&at("folder")),
        "folder is a directory, and a state dict is a file"
    );
    fs::write(at("text"), "Once upon a time there was a text file.").unwrap();
    assert!(refusal(&at("text")).starts_with("text is not a safetensors file, or is damaged: "));
    let expected = "torch_save.pt is not a safetensors file, or is damaged: torch.save has written it, and \
                    safetensors.torch.save_file writes what is read here";
    assert_eq!(refusal(&reference("torch_save.pt")), expected);
    let whole = fs::read(reference("torch_f32.safetensors")).unwrap();
    for len in (0..whole.len()).step_by(7) {
        fs::write(at("part"), &whole[..len]).unwrap();
        assert!(
            refusal(&at("part")).contains("not a safetensors file, or is damaged"),
            "{len} bytes"
        );
    }
}

#[test]
fn nothing_is_replaced_but_what_was_written_here() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let model = Model::<f32>::new(1);
    fs::write(at("text"), "Once upon a time.").unwrap();
    fs::copy(reference("torch_f32.safetensors"), at("theirs")).unwrap();
    Checkpoint::of(&model.set, json!(null))
        .save(at("checkpoint"))
        .unwrap();
    for name in ["text", "theirs", "checkpoint"] {
        let before = fs::read(at(name)).unwrap();
        let error = model.write(&at(name)).unwrap_err();
        let expected =
            "is there, and is not a state dict that may be replaced: remove it, or write elsewhere";
        assert!(error.to_string().ends_with(expected), "{error}");
        assert!(matches!(
            error,
            StateDictError::File(FileError::NotOurs { .. })
        ));
        assert_eq!(fs::read(at(name)).unwrap(), before);
    }
    assert!(
        model
            .write(&at("none/model"))
            .unwrap_err()
            .to_string()
            .contains("there is no directory")
    );
    model.write(&at("ours")).unwrap();
    let mut permissions = fs::metadata(at("ours")).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(at("ours"), permissions).unwrap();
    let error = model.write(&at("ours")).unwrap_err().to_string();
    assert!(
        error.ends_with("ours is read-only: remove it, or write elsewhere"),
        "{error}"
    );
    let checkpoint = Checkpoint::<f32>::load(at("ours")).unwrap_err().to_string();
    assert!(checkpoint.contains("is not a checkpoint"), "{checkpoint}");
}

#[test]
fn what_is_not_finite_is_not_written() {
    let folder = TempDir::new().unwrap();
    let mut model = Model::<f32>::new(1);
    let bias = model.set.find("output.d").unwrap();
    model.set.get_mut(bias)[(0, 1)] = f32::NAN;
    let error = model
        .write(&folder.path().join("model"))
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with("tensor head.bias has values that are not finite as f32"),
        "{error}"
    );
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// An altered file is an error or other numbers, never a panic.
    #[test]
    fn altered_files_are_survived(at: prop::sample::Index, to: u8, cut in prop::option::of(any::<prop::sample::Index>())) {
        let folder = TempDir::new().unwrap();
        let mut bytes = fs::read(reference("torch_f32.safetensors")).unwrap();
        let (len, _) = SafeTensors::read_metadata(&bytes).unwrap();
        let at = at.index(8 + len);
        bytes[at] = to;
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let path = folder.path().join("model");
        fs::write(&path, bytes).unwrap();
        if let Err(error) = read_state_dict::<f32>(&path) {
            prop_assert!(!error.to_string().contains('\n'));
        }
    }
}

/// A model that is written here, and where PyTorch is to save it again.
struct Sent<T: Scalar> {
    model: Model<T>,
    ours: PathBuf,
    theirs: PathBuf,
}

impl<T: Scalar> Sent<T> {
    fn new(folder: &Path) -> Self {
        let [ours, theirs] =
            ["ours", "theirs"].map(|who| folder.join(format!("{who}_{}", T::NAME)));
        let model = Model::new(5);
        model.write(&ours).unwrap();
        Sent {
            model,
            ours,
            theirs,
        }
    }

    fn check(&self, case: &Case) {
        let numbers = STEPS * BATCH * (2 * HIDDEN + CLASSES);
        assert_eq!(self.model.check(case), numbers);
        let (before, after) = (
            read_state_dict::<T>(&self.ours),
            read_state_dict(&self.theirs),
        );
        assert_eq!(before.unwrap(), after.unwrap());
        let back = Model::<T>::read(&self.theirs);
        for (a, b) in self.model.set.ids().zip(back.set.ids()) {
            let name = self.model.set.name(a);
            assert_eq!(self.model.set.get(a), back.set.get(b), "{name}");
        }
    }
}

#[test]
fn pytorch_reads_what_is_written_here_and_we_what_it_writes() {
    let Some(python) = python_with(&["torch", "safetensors"]) else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let (singles, doubles) = (
        Sent::<f32>::new(folder.path()),
        Sent::<f64>::new(folder.path()),
    );
    let output = output_of(
        Command::new(python)
            .arg(reference("../torch_files_reference.py"))
            .arg("pass")
            .args([
                &singles.ours,
                &singles.theirs,
                &doubles.ours,
                &doubles.theirs,
            ]),
    );
    let cases = cases(&output);
    assert_eq!(cases.len(), 2);
    singles.check(&cases[0]);
    doubles.check(&cases[1]);
}
