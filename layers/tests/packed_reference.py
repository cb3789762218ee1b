"""Prints reference/packed.txt: packed sequences through PyTorch's recurrent layers in double precision.

    python packed_reference.py > reference/packed.txt

Every input is a formula, `wave(k)`, which packed_pytorch.rs has as well.
"""

import math

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

torch.set_default_dtype(torch.float64)
LENGTHS, INPUT, HIDDEN = [2, 4, 1, 4, 3], 2, 3


def wave(k, *shape):
    n = math.prod(shape)
    return torch.tensor([0.8 * math.sin(0.7 * i + k) for i in range(n)]).reshape(shape)


def line(name, tensors):
    numbers = [repr(v) for tensor in tensors for v in tensor.reshape(-1).tolist()]
    print(name, *numbers)


def case(title, kind, layers, bidirectional, **settings):
    net = kind(INPUT, HIDDEN, layers, bidirectional=bidirectional, **settings)
    # Ours has one bias, but for the candidate of a GRU.
    ours, n = [], 2 * HIDDEN
    for k, (name, parameter) in enumerate(net.named_parameters(), start=1):
        with torch.no_grad():
            if name.startswith("bias_hh"):
                parameter.zero_()
                if kind is torch.nn.GRU:
                    parameter[n:].copy_(wave(k, HIDDEN))
                    ours.append((parameter, slice(n, None)))
            else:
                parameter.copy_(wave(k, *parameter.shape))
                ours.append((parameter, slice(None)))
    samples = [wave(50 + i, length, INPUT) for i, length in enumerate(LENGTHS)]
    packed = pack_padded_sequence(pad_sequence(samples), LENGTHS, enforce_sorted=False)
    outputs, last = net(packed)
    outputs, _ = pad_packed_sequence(outputs)
    outputs = [outputs[:length, i] for i, length in enumerate(LENGTHS)]
    last = last if isinstance(last, tuple) else (last,)
    loss = sum((wave(70 + i, *h.shape) * h).sum() for i, h in enumerate(outputs))
    loss = loss + sum((wave(80 + i, *s.shape) * s).sum() for i, s in enumerate(last))
    loss.backward()
    print(f"case {title} {layers} {'both' if bidirectional else 'forward'}")
    line("outputs", outputs)
    for name, state in zip("hc", last):
        line(name, state)
    for parameter, part in ours:
        line("gradient", [parameter.grad[part]])


print("# Made by packed_reference.py with PyTorch " + torch.__version__.split("+")[0] + ".")
for title, kind in ("rnn", torch.nn.RNN), ("lstm", torch.nn.LSTM), ("gru", torch.nn.GRU):
    for layers, bidirectional in (1, False), (3, False), (1, True), (2, True), (3, True):
        case(title, kind, layers, bidirectional)
