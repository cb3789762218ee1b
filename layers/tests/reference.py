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


print("//! Made by reference.py with PyTorch " + torch.__version__.split("+")[0] + ".")
print(
    """
/// The outputs of all steps, and the gradients of all parameters in the order of the set.
pub struct Reference {
    pub outputs: &'static [f64],
    pub gradients: &'static [&'static [f64]],
}
"""
)
module("RNN", torch.nn.RNN, 1)
module("LSTM", torch.nn.LSTM, 4)
module("GRU_AFTER", torch.nn.GRU, 3)
before("GRU_BEFORE")
