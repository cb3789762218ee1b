//! The optimizers against PyTorch 2's numbers, in f64.
//!
//! Five steps on E = Σ a (θ − c)² / 2 from θ = [1, −2, 0.5, 3], with the tensors below and
//! `torch.optim.SGD(lr=0.1)`, `Adam(lr=0.05)` and `AdamW(lr=0.05)`.

use train::prelude::*;

const START: [[f64; 2]; 2] = [[1.0, -2.0], [0.5, 3.0]];
const A: [[f64; 2]; 2] = [[1.0, 0.1], [4.0, 0.5]];
const C: [[f64; 2]; 2] = [[0.3, 0.0], [-1.0, 2.0]];

fn trainer(optimizer: impl Optimizer<f64> + 'static) -> Trainer<f64> {
    let mut set = ParameterSet::new();
    set.add("theta.b", Matrix::from(START));
    Trainer::new(set, optimizer)
}

fn run(trainer: &mut Trainer<f64>, steps: usize) {
    let theta = trainer.parameters().find("theta.b").unwrap();
    for _ in 0..steps {
        let report = trainer.step(|p| {
            let (a, c) = (Matrix::from(A), Matrix::from(C));
            let (a, c) = (p.tape().constant(a), p.tape().constant(c));
            (a * (p.var(theta) - c).square() * 0.5).sum()
        });
        report.unwrap();
    }
}

fn value(trainer: &Trainer<f64>) -> Matrix<f64> {
    let set = trainer.parameters();
    set.get(set.find("theta.b").unwrap()).clone()
}

#[track_caller]
fn check(optimizer: impl Optimizer<f64> + 'static, expected: [f64; 4]) {
    let mut trainer = trainer(optimizer);
    run(&mut trainer, 5);
    let expected = Matrix::from_vec(2, 2, expected.to_vec()).unwrap();
    let found = value(&trainer);
    assert!(
        found.max_abs_diff(&expected) < 1e-13,
        "{found} != {expected}"
    );
    assert_eq!(trainer.optimizer().steps(), 5);
}

#[test]
fn sgd_is_pytorchs() {
    check(
        Sgd::new(0.1),
        [0.713343, -1.9019800998, -0.88336, 2.7737809374999998],
    );
}

#[test]
fn momentum_is_pytorchs() {
    check(
        Sgd::new(0.1).momentum(0.9),
        [
            0.2795879999999999,
            -1.7432680517999999,
            -2.0934999999999997,
            2.4171559375000005,
        ],
    );
}

#[test]
fn nesterovs_momentum_is_pytorchs() {
    check(
        Sgd::new(0.1).nesterov(0.9),
        [
            0.22679282126999994,
            -1.6768815266410018,
            -1.2477037024,
            2.315942305065625,
        ],
    );
}

#[test]
fn adam_is_pytorchs() {
    check(
        Adam::new(0.05),
        [
            0.7524022448194349,
            -1.7506337772301803,
            0.25088972811364363,
            2.7514778951904146,
        ],
    );
}

#[test]
fn adamw_is_pytorchs() {
    check(
        Adam::decoupled(0.05, 0.01),
        [
            0.7501863003570037,
            -1.7459026770178077,
            0.24989527619135551,
            2.744291973818774,
        ],
    );
    check(
        Adam::decoupled(0.05, 0.1).betas(0.8, 0.95),
        [
            0.7316620682403419,
            -1.7041808174403281,
            0.24153908537882798,
            2.681284384399023,
        ],
    );
}

#[test]
fn a_resumed_run_is_the_same_bit_for_bit() {
    type Make = fn() -> Box<dyn Optimizer<f64>>;
    let optimizers: [Make; 3] = [
        || Box::new(Sgd::new(0.1)),
        || Box::new(Sgd::new(0.1).nesterov(0.9)),
        || Box::new(Adam::decoupled(0.05, 0.01)),
    ];
    for optimizer in optimizers {
        let set = trainer(Sgd::new(0.1)).into_parameters();
        let mut whole = Trainer::with_optimizer(set.clone(), optimizer());
        run(&mut whole, 3);
        let checkpoint = whole.checkpoint(serde_json::Value::Null);
        run(&mut whole, 4);
        let mut resumed = Trainer::with_optimizer(set, optimizer());
        resumed.restore(&checkpoint).unwrap();
        run(&mut resumed, 4);
        assert_eq!(value(&whole), value(&resumed));
        assert_eq!(resumed.optimizer().steps(), 7);
    }
}

#[test]
fn state_that_does_not_suit_changes_nothing() {
    let mut adam = trainer(Adam::new(0.05));
    run(&mut adam, 1);
    let before = adam.checkpoint(serde_json::Value::Null);
    let names: Vec<_> = before.tensors.iter().map(|(n, _)| n.as_str()).collect();
    assert_eq!(
        names,
        ["theta.b", "adam.step", "adam.m.theta.b", "adam.v.theta.b"]
    );

    let mut other = before.clone();
    other.tensors[0].1 = Matrix::from([[9.0, 9.0], [9.0, 9.0]]);
    other.tensors[3].1 = Matrix::scalar(0.0);
    let error = adam.restore(&other).unwrap_err();
    let expected = "tensor adam.v.theta.b is [1, 1] in the checkpoint and [2, 2] in the model";
    assert_eq!(error.to_string(), expected);
    assert_eq!(adam.checkpoint(serde_json::Value::Null), before);

    other.tensors.truncate(1);
    let error = adam.restore(&other).unwrap_err();
    assert_eq!(error.to_string(), "the checkpoint has no tensor adam.step");
    assert_eq!(adam.checkpoint(serde_json::Value::Null), before);
}

#[test]
fn counts_of_steps_survive_f32() {
    let set = ParameterSet::<f32>::new();
    let mut sgd = Sgd::<f32>::new(0.1);
    let state = |high, low| vec![("sgd.step".into(), Matrix::from([[high, low]]))];
    sgd.load_state(&set, &state(40.0, 3.0)).unwrap();
    assert_eq!(sgd.steps(), 40 * (1 << 20) + 3);
    assert_eq!(sgd.state(&set), state(40.0, 3.0));
    let error = sgd.load_state(&set, &state(0.0, -1.0)).unwrap_err();
    assert_eq!(error.to_string(), "tensor sgd.step is not a count of steps");
}
