"""Prints losses_reference/mod.rs: what PyTorch computes in double precision.

    python losses_reference.py > losses_reference/mod.rs && rustfmt losses_reference/mod.rs

Every input is a formula, `wave(k)`, which the tests have as well; the name of a case says its settings.
"""

import itertools
import math
import platform

import torch
from torch.distributions import Bernoulli, Categorical, MixtureSameFamily, MultivariateNormal
from torch.nn import functional

torch.set_default_dtype(torch.float64)
REDUCTIONS = ["mean", "sum"]


def wave(k, *shape):
    n = math.prod(shape)
    return torch.tensor([0.8 * math.sin(0.7 * i + k) for i in range(n)]).reshape(shape)


def numbers(tensor):
    return "&[" + ", ".join(repr(v) for v in tensor.reshape(-1).tolist()) + "]"


def case(words, loss, inputs):
    name = " ".join(word for word in words if word)
    gradients = torch.autograd.grad(loss, inputs)
    print(f'    Case {{ name: "{name}", loss: {loss.item()!r}, gradients: &[')
    print(",\n".join("        " + numbers(gradient) for gradient in gradients) + "]},")


def table(name, cases):
    print(f"\npub const {name}: &[Case] = &[")
    cases()
    print("];")


def cross_entropy():
    targets = torch.tensor([1, 0, 3, 2, 1, 2])
    settings = [[None, "weights"], [None, "ignore"], [None, "smoothing"], REDUCTIONS]
    for words in itertools.product(*settings):
        logits = (3 * wave(1, 6, 4)).requires_grad_()
        loss = functional.cross_entropy(
            logits,
            targets,
            weight=torch.tensor([0.5, 2.0, 1.25, 1.5]) if words[0] else None,
            ignore_index=2 if words[1] else -100,
            label_smoothing=0.2 if words[2] else 0.0,
            reduction=words[3],
        )
        case(words, loss, [logits])


def regression():
    for reduction in REDUCTIONS:
        for name, function in [
            ("squared", functional.mse_loss),
            ("absolute", functional.l1_loss),
            ("huber 1", functional.huber_loss),
            ("huber 0.4", lambda y, c, reduction: functional.huber_loss(y, c, reduction, 0.4)),
        ]:
            y, c = (2 * wave(2, 4, 3)).requires_grad_(), wave(3, 4, 3)
            case([name, reduction], function(y, c, reduction=reduction), [y])


def binary():
    weights = {"": None, "each": torch.tensor([0.5, 2.0, 3.0]), "all": torch.tensor([2.5])}
    for (name, weight), reduction in itertools.product(weights.items(), REDUCTIONS):
        logits, c = (3 * wave(4, 4, 3)).requires_grad_(), wave(5, 4, 3) / 1.6 + 0.5
        loss = functional.binary_cross_entropy_with_logits(
            logits, c, reduction=reduction, pos_weight=weight
        )
        case([name, reduction], loss, [logits])


# Steps and targets of the samples; the blank is the last of the words.
CTC = {
    "blank 0": ([5, 1, 7, 4, 3, 7], [[1, 2], [], [3, 3, 1], [2, 2], [1], [1, 3, 1]]),
    "blank 2": ([3, 6, 2], [[0, 0], [1, 0, 0, 3], [3]]),
    "one": ([9], [[2, 1, 1]]),
    "empty": ([4], [[]]),
}


def ctc():
    for (name, (lengths, targets)), reduction in itertools.product(CTC.items(), REDUCTIONS):
        logits = [(3 * wave(10 + b, t, 4)).requires_grad_() for b, t in enumerate(lengths)]
        log_y = [x.log_softmax(1) for x in logits]
        loss = functional.ctc_loss(
            torch.nn.utils.rnn.pad_sequence(log_y),
            torch.tensor([symbol for target in targets for symbol in target], dtype=torch.long),
            torch.tensor(lengths),
            torch.tensor([len(target) for target in targets]),
            blank=2 if name == "blank 2" else 0,
            reduction=reduction,
        )
        case([name, reduction], loss, logits)


def mixture():
    n, k = 5, 3
    x, ends = 1.5 * wave(31, n, 2), torch.tensor([0.0, 1.0, 0.0, 0.0, 1.0])
    for reduction in REDUCTIONS:
        outputs = (1.5 * wave(30, n, 6 * k + 1)).requires_grad_()
        end, pi, mu1, mu2, sigma1, sigma2, rho = outputs.split([1] + [k] * 6, dim=1)
        s1, s2, r = sigma1.exp(), sigma2.exp(), rho.tanh()
        covariance = torch.stack([s1 * s1, r * s1 * s2, r * s1 * s2, s2 * s2], dim=2)
        components = MultivariateNormal(
            torch.stack([mu1, mu2], dim=2), covariance.reshape(n, k, 2, 2)
        )
        density = MixtureSameFamily(Categorical(logits=pi), components)
        losses = -density.log_prob(x) - Bernoulli(logits=end[:, 0]).log_prob(ends)
        case([reduction], getattr(losses, reduction)(), [outputs])


torch_version, python = torch.__version__.split("+")[0], platform.python_version()
print(f"//! Made by losses_reference.py with PyTorch {torch_version} and Python {python}.")
print("#![allow(dead_code)] // each test has its own of these")
print(
    """
/// A loss with the gradients of its inputs.
#[derive(Debug)]
pub struct Case {
    pub name: &'static str,
    pub loss: f64,
    pub gradients: &'static [&'static [f64]],
}

impl Case {
    /// Whether this is one of the settings.
    pub fn has(&self, word: &str) -> bool {
        self.name.split(' ').any(|w| w == word)
    }
}"""
)
table("CROSS_ENTROPY", cross_entropy)
table("REGRESSION", regression)
table("BINARY", binary)
table("CTC", ctc)
table("MIXTURE", mixture)
