"""Prints reference/mod.rs: what PyTorch computes in double precision.

    python reference.py > reference/mod.rs && rustfmt reference/mod.rs

Every input is a formula, `wave(k)`, which pytorch.rs has as well.
"""

import math

import torch

torch.set_default_dtype(torch.float64)
STEPS, BATCH, INPUT, HIDDEN = 3, 2, 2, 3


def wave(k, *shape):
    n = math.prod(shape)
    return torch.tensor([0.8 * math.sin(0.7 * i + k) for i in range(n)]).reshape(shape)


def gru_before(x, h, u, w, b):
    outputs = []
    for x_t in x:
        r, z, n = (x_t @ u.T + b).chunk(3, 1)
        w_r, w_z, w_n = w.chunk(3, 0)
        r = torch.sigmoid(r + h @ w_r.T)
        z = torch.sigmoid(z + h @ w_z.T)
        n = torch.tanh(n + (r * h) @ w_n.T)
        h = (1 - z) * n + z * h
        outputs.append(h)
    return torch.stack(outputs)


def numbers(name, tensor):
    values = ", ".join(repr(v) for v in tensor.reshape(-1).tolist())
    print(f"        {name}: &[{values}],")


def report(name, outputs, cell_state, gradients):
    seed = wave(5, STEPS, BATCH, HIDDEN)
    loss = (seed * outputs).sum()
    if cell_state is not None:
        loss = loss + (wave(6, BATCH, HIDDEN) * cell_state).sum()
    loss.backward()
    print(f"    pub const {name}: Reference = Reference {{")
    numbers("outputs", outputs)
    print("        gradients: &[")
    for gradient in gradients():
        print("            &[" + ", ".join(repr(v) for v in gradient.reshape(-1).tolist()) + "],")
    print("        ],\n    };")


def module(name, kind, gates):
    layer = kind(INPUT, HIDDEN)
    rows = gates * HIDDEN
    with torch.no_grad():
        layer.weight_ih_l0.copy_(wave(1, rows, INPUT))
        layer.weight_hh_l0.copy_(wave(2, rows, HIDDEN))
        layer.bias_ih_l0.copy_(wave(3, rows))
        layer.bias_hh_l0.zero_()
        if kind is torch.nn.GRU:
            layer.bias_hh_l0[2 * HIDDEN :].copy_(wave(4, HIDDEN))
    x = wave(7, STEPS, BATCH, INPUT)
    h0 = wave(8, 1, HIDDEN).requires_grad_()
    c0 = wave(9, 1, HIDDEN).requires_grad_()
    spread = lambda s: s.expand(BATCH, HIDDEN).unsqueeze(0).contiguous()
    lstm, gru = kind is torch.nn.LSTM, kind is torch.nn.GRU
    outputs, last = layer(x, (spread(h0), spread(c0)) if lstm else spread(h0))

    def gradients():
        found = [layer.weight_ih_l0.grad, layer.weight_hh_l0.grad, layer.bias_ih_l0.grad]
        if gru:
            found.append(layer.bias_hh_l0.grad[2 * HIDDEN :])
        return found + [h0.grad] + ([c0.grad] if lstm else [])

    report(name, outputs, last[1] if lstm else None, gradients)


def before(name):
    rows = 3 * HIDDEN
    shapes = [(1, rows, INPUT), (2, rows, HIDDEN), (3, 1, rows), (8, 1, HIDDEN)]
    u, w, b, h0 = leaves = [wave(*s).requires_grad_() for s in shapes]
    outputs = gru_before(wave(7, STEPS, BATCH, INPUT), h0.expand(BATCH, HIDDEN), u, w, b)
    report(name, outputs, None, lambda: [leaf.grad for leaf in leaves])


def hessian():
    """An LSTM over five steps with a cross-entropy at each, and Hessian-vector products of its loss
    by double backward."""
    steps, batch, inputs, hidden, classes = 5, 2, 3, 4, 3
    layer = torch.nn.LSTM(inputs, hidden)
    shapes = [(1, 4 * hidden, inputs), (2, 4 * hidden, hidden), (3, 4 * hidden)]
    shapes += [(4, classes, hidden), (10, classes)]
    names = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0"]
    parameters = [wave(*s).requires_grad_() for s in shapes]
    bound = dict(zip(names, parameters)) | {"bias_hh_l0": torch.zeros(4 * hidden)}
    x = wave(7, steps, batch, inputs)
    outputs, _ = torch.func.functional_call(layer, bound, x)
    logits = (outputs @ parameters[3].T + parameters[4]).reshape(-1, classes)
    targets = torch.tensor([(5 * i + 2) % classes for i in range(steps * batch)])
    loss = torch.nn.functional.cross_entropy(logits, targets)
    gradients = torch.autograd.grad(loss, parameters, create_graph=True)
    along = [wave(20 + k, *s[1:]) for k, s in enumerate(shapes)]
    slope = sum((g * v).sum() for g, v in zip(gradients, along))
    products = torch.autograd.grad(slope, parameters)
    print("    pub const HESSIAN: Hessian = Hessian {")
    print(f"        loss: {loss.item()!r},")
    for name, tensors in [("gradients", gradients), ("products", products)]:
        print(f"        {name}: &[")
        for tensor in tensors:
            print("            &[" + ", ".join(repr(v) for v in tensor.reshape(-1).tolist()) + "],")
        print("        ],")
    print("    };")


print("//! Made by reference.py with PyTorch " + torch.__version__.split("+")[0] + ".")
print(
    """
/// The outputs of all steps, and the gradients of all parameters in the order of the set.
pub struct Reference {
    pub outputs: &'static [f64],
    pub gradients: &'static [&'static [f64]],
}

/// A loss with its gradients and its Hessian-vector products, by parameter.
pub struct Hessian {
    pub loss: f64,
    pub gradients: &'static [&'static [f64]],
    pub products: &'static [&'static [f64]],
}
"""
)
module("RNN", torch.nn.RNN, 1)
module("LSTM", torch.nn.LSTM, 4)
module("GRU_AFTER", torch.nn.GRU, 3)
before("GRU_BEFORE")
hessian()
