"""Prints reference/attention.txt: attention over padded samples in PyTorch, in double precision.

    python attention_reference.py > reference/attention.txt

Every input is a formula, `wave(k)`, which attention_pytorch.rs has as well. Contexts of the scores that are
products come from `scaled_dot_product_attention`; Bahdanau's is written out.
"""

import math

import torch
from torch.nn.functional import scaled_dot_product_attention
from torch.nn.utils.rnn import pad_sequence

torch.set_default_dtype(torch.float64)
QUERIES, STEPS, QUERY, SIZE = [2, 1, 3], [4, 1, 2], 3, 5


def wave(k, *shape):
    n = math.prod(shape)
    return torch.tensor([0.8 * math.sin(0.7 * i + k) for i in range(n)]).reshape(shape).requires_grad_()


def line(name, tensors):
    numbers = [repr(v) for tensor in tensors for v in tensor.reshape(-1).tolist()]
    print(name, *numbers)


def case(title, memory_size, parameters):
    queries = [wave(20 + i, n, QUERY) for i, n in enumerate(QUERIES)]
    memory = [wave(40 + i, n, memory_size) for i, n in enumerate(STEPS)]
    q, m = pad_sequence(queries, batch_first=True), pad_sequence(memory, batch_first=True)
    seen = (torch.arange(max(STEPS)) < torch.tensor(STEPS)[:, None])[:, None, :]
    if title == "additive":
        w, u, b, v = parameters
        scores = torch.tanh((q @ w.T)[:, :, None] + (m @ u.T + b)[:, None]) @ v[0]
        alpha = torch.softmax(scores.masked_fill(~seen, -math.inf), -1)
        contexts = alpha @ m
    else:
        keys = m @ parameters[0].T if parameters else m
        alpha = torch.softmax((q @ keys.transpose(1, 2)).masked_fill(~seen, -math.inf), -1)
        contexts = scaled_dot_product_attention(q, keys, m, attn_mask=seen, scale=1.0)
    contexts = [contexts[i, :n] for i, n in enumerate(QUERIES)]
    alpha = [alpha[i, :n, :s] for i, (n, s) in enumerate(zip(QUERIES, STEPS))]
    loss = sum((wave(60 + i, *c.shape) * c).sum() for i, c in enumerate(contexts))
    loss = loss + sum((wave(70 + i, *a.shape) * a).sum() for i, a in enumerate(alpha))
    loss.backward()
    print("case", title)
    line("contexts", contexts)
    line("weights", alpha)
    for of in parameters, queries, memory:
        for x in of:
            line("gradient", [x.grad])


print("# Made by attention_reference.py with PyTorch " + torch.__version__.split("+")[0] + ".")
case("dot", QUERY, [])
case("general", 2, [wave(1, QUERY, 2)])
case("additive", 4, [wave(1, SIZE, QUERY), wave(2, SIZE, 4), wave(3, 1, SIZE), wave(4, 1, SIZE)])
