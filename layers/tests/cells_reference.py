"""Prints cells_reference/mod.rs: cells that PyTorch has not, written out in it, and layers that it has, with
both of their biases; in double precision.

    python cells_reference.py > cells_reference/mod.rs && rustfmt cells_reference/mod.rs

Every input is a formula, `wave(k)`, which cells.rs has as well. The parameters of a cell are the waves 11, 12
and so on, in the order of the set.
"""

import math

import torch
from torch.nn.functional import layer_norm

torch.set_default_dtype(torch.float64)
STEPS, BATCH, INPUT, HIDDEN = 3, 2, 2, 3


def wave(k, *shape):
    n = math.prod(shape)
    return torch.tensor([0.8 * math.sin(0.7 * i + k) for i in range(n)]).reshape(shape)


def ln(x, gain, bias=None):
    bias = None if bias is None else bias.flatten()
    return layer_norm(x, x.shape[-1:], gain.flatten(), bias)


# Each cell as its parameters' shapes and a function from them, x_t, h and c to the next h and c.
# H hidden units, I inputs; the initial states come last.


def relu_rnn(x, h, c, u, w, b):
    return torch.relu(x @ u.T + h @ w.T + b), None


def peephole_lstm(x, h, c, u, w, b, p_i, p_f, p_o):
    i, f, g, o = (x @ u.T + h @ w.T + b).chunk(4, 1)
    i = torch.sigmoid(i + p_i * c)
    f = torch.sigmoid(f + p_f * c)
    c = i * torch.tanh(g) + f * c
    return torch.sigmoid(o + p_o * c) * torch.tanh(c), c


def coupled_lstm(x, h, c, u, w, b):
    i, g, o = (x @ u.T + h @ w.T + b).chunk(3, 1)
    i = torch.sigmoid(i)
    c = i * torch.tanh(g) + (1 - i) * c
    return torch.sigmoid(o) * torch.tanh(c), c


def layer_norm_lstm(x, h, c, u, w, b, a_x, a_h, a_c, b_c):
    i, f, g, o = (ln(x @ u.T, a_x) + ln(h @ w.T, a_h) + b).chunk(4, 1)
    c = torch.sigmoid(i) * torch.tanh(g) + torch.sigmoid(f) * c
    return torch.sigmoid(o) * torch.tanh(ln(c, a_c, b_c)), c


def layer_norm_gru(x, h, c, u, w, b, a_x_rz, a_x_n, a_h_rz, a_h_n, b_h_n):
    rows = [2 * HIDDEN, HIDDEN]
    (u_rz, u_n), (w_rz, w_n), (b_rz, b_n) = u.split(rows), w.split(rows), b.split(rows, 1)
    r, z = torch.sigmoid(ln(x @ u_rz.T, a_x_rz) + ln(h @ w_rz.T, a_h_rz) + b_rz).chunk(2, 1)
    n = torch.tanh(ln(x @ u_n.T, a_x_n) + b_n + r * ln(h @ w_n.T, a_h_n, b_h_n))
    return (1 - z) * n + z * h, None


def rust(tensor):
    return "&[" + ", ".join(repr(v) for v in tensor.reshape(-1).tolist()) + "]"


def report(name, outputs, gradients):
    print(f"pub const {name}: Reference = Reference {{")
    print(f"    outputs: {rust(outputs)},")
    print("    gradients: &[" + ", ".join(rust(g) for g in gradients) + "],\n};")


def cell(name, step, gates, *rows_of):
    """`rows_of` are the lengths of the row vectors that the cell has beside U, W, b."""
    rows = gates * HIDDEN
    has_c = "lstm" in step.__name__
    shapes = [(rows, INPUT), (rows, HIDDEN), (1, rows)] + [(1, n) for n in rows_of]
    shapes += [(1, HIDDEN)] * (2 if has_c else 1)
    leaves = [wave(11 + k, *shape).requires_grad_() for k, shape in enumerate(shapes)]
    parameters, initial = leaves[: 3 + len(rows_of)], leaves[3 + len(rows_of) :]
    states = [s.expand(BATCH, HIDDEN) for s in initial]
    h, c = states if has_c else (states[0], None)
    outputs = []
    for x in wave(7, STEPS, BATCH, INPUT):
        h, c = step(x, h, c, *parameters)
        outputs.append(h)
    outputs = torch.stack(outputs)
    loss = (wave(5, STEPS, BATCH, HIDDEN) * outputs).sum()
    if has_c:
        loss = loss + (wave(6, BATCH, HIDDEN) * c).sum()
    loss.backward()
    report(name, outputs, [leaf.grad for leaf in leaves])


def norm():
    layer = torch.nn.LayerNorm(HIDDEN)
    with torch.no_grad():
        layer.weight.copy_(wave(11, HIDDEN))
        layer.bias.copy_(wave(12, HIDDEN))
    x = wave(7, STEPS, HIDDEN).requires_grad_()
    outputs = layer(x)
    (wave(5, STEPS, HIDDEN) * outputs).sum().backward()
    report("LAYER_NORM", outputs, [layer.weight.grad, layer.bias.grad, x.grad])


def module(name, layer, *arguments):
    """A layer of PyTorch's, its tensors filled with waves in the order of its state_dict()."""
    state = layer.state_dict()
    with torch.no_grad():
        for k, tensor in enumerate(state.values()):
            tensor.copy_(wave(11 + k, *tensor.shape))
        outputs = layer(*arguments)
    outputs = outputs[0] if isinstance(outputs, tuple) else outputs
    print(f"pub const {name}: Module = Module {{\n    state: &[")
    for key, tensor in state.items():
        rows, cols = (1, *tensor.shape)[-2:]
        print(f'        ("{key}", {rows}, {cols}),')
    print(f"    ],\n    outputs: {rust(outputs)},\n}};")


print("//! Made by cells_reference.py with PyTorch " + torch.__version__.split("+")[0] + ".")
print(
    """
/// The outputs of all steps, and the gradients of all parameters in the order of the set.
pub struct Reference {
    pub outputs: &'static [f64],
    pub gradients: &'static [&'static [f64]],
}

/// The names of a module's tensors with their rows and columns, and its outputs.
pub struct Module {
    pub state: &'static [(&'static str, usize, usize)],
    pub outputs: &'static [f64],
}
"""
)
H = HIDDEN
cell("RELU_RNN", relu_rnn, 1)
cell("PEEPHOLE_LSTM", peephole_lstm, 4, H, H, H)
cell("COUPLED_LSTM", coupled_lstm, 3)
cell("LAYER_NORM_LSTM", layer_norm_lstm, 4, 4 * H, 4 * H, H, H)
cell("LAYER_NORM_GRU", layer_norm_gru, 3, 2 * H, H, 2 * H, H, H)
norm()
x = wave(7, STEPS, BATCH, INPUT)
module("TORCH_RNN", torch.nn.RNN(INPUT, HIDDEN, nonlinearity="relu"), x)
module("TORCH_LSTM", torch.nn.LSTM(INPUT, HIDDEN, bidirectional=True), x)
module("TORCH_GRU", torch.nn.GRU(INPUT, HIDDEN), x)
module("TORCH_GRU_WITHOUT_BIAS", torch.nn.GRU(INPUT, HIDDEN, bias=False), x)
module("TORCH_LINEAR", torch.nn.Linear(INPUT, HIDDEN), wave(7, STEPS, INPUT))
module("TORCH_EMBEDDING", torch.nn.Embedding(4, HIDDEN), torch.tensor([3, 0, 1]))
module("TORCH_LAYER_NORM", torch.nn.LayerNorm(HIDDEN), wave(7, STEPS, HIDDEN))
