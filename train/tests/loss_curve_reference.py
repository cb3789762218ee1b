"""Prints reference/loss_curve.txt: the loss of 200 steps of training on text, in PyTorch in double precision.

    python loss_curve_reference.py > reference/loss_curve.txt

An LSTM of 16 units reads the first 2,001 characters of LICENSE-APACHE in four streams, ten at a time, with its
state carried; its weights begin as formulas, which loss_curve.rs has as well. Adam at 0.01; gradients are clipped
as Pascanu et al. (2013) write it, g threshold / ‖g‖, to which `clip_grad_norm_` adds 1e-6.
"""

import math
import pathlib

import torch

torch.set_default_dtype(torch.float64)
HIDDEN, STREAMS, STEPS, EPOCHS, CLIP = 16, 4, 10, 4, 0.5


def wave(k, *shape):
    n = math.prod(shape)
    return torch.tensor([0.2 * math.sin(0.7 * i + k) for i in range(n)]).reshape(shape)


text = (pathlib.Path(__file__).resolve().parents[2] / "LICENSE-APACHE").read_text()[:2001]
chars = sorted(set(text))
symbols = torch.tensor([chars.index(c) for c in text])
windows = (len(symbols) - 1) // (STREAMS * STEPS)
length = windows * STEPS

lstm, output = torch.nn.LSTM(len(chars), HIDDEN), torch.nn.Linear(HIDDEN, len(chars))
trained = [lstm.weight_ih_l0, lstm.weight_hh_l0, lstm.bias_ih_l0, output.weight, output.bias]
with torch.no_grad():
    lstm.bias_hh_l0.zero_()  # ours has one bias
    for k, parameter in enumerate(trained, start=1):
        parameter.copy_(wave(k, *parameter.shape))
lstm.bias_hh_l0.requires_grad_(False)
adam = torch.optim.Adam(trained, lr=0.01)

print("# Made by loss_curve_reference.py with PyTorch " + torch.__version__.split("+")[0] + ".")
for _ in range(EPOCHS):
    state = None
    for w in range(windows):
        rows = torch.arange(STREAMS) * length + w * STEPS + torch.arange(STEPS)[:, None]
        x = torch.nn.functional.one_hot(symbols[rows], len(chars)).double()
        h, state = lstm(x, state)
        state = tuple(s.detach() for s in state)
        logits = output(h).reshape(-1, len(chars))
        loss = torch.nn.functional.cross_entropy(logits, symbols[rows + 1].reshape(-1))
        adam.zero_grad()
        loss.backward()
        norm = math.sqrt(sum((p.grad**2).sum().item() for p in trained))
        if norm >= CLIP:
            for p in trained:
                p.grad.mul_(CLIP / norm)
        adam.step()
        print(repr(loss.item()))
