"""Times PyTorch on one workload:  python with_torch.py W2 --threads 2 [--unrolled]"""

import torch
from torch import nn
from torch.nn import functional as F

from common import WORKLOADS, measure, parser


def unrolled(rnn, x):
    """What nn.RNN, nn.LSTM and nn.GRU compute, as a graph of elementary operations: what a tape sees."""
    for u, w, b, c in rnn.all_weights:
        h = s = x.new_zeros(x.shape[1], rnn.hidden_size)
        outputs = []
        for zx in F.linear(x, u, b).unbind():
            zh = F.linear(h, w, c)
            h, s = CELLS[type(rnn)](zx, zh, h, s)
            outputs.append(h)
        x = torch.stack(outputs)
    return x


def rnn_cell(zx, zh, h, s):
    return (zx + zh).tanh(), s


def lstm_cell(zx, zh, h, s):
    i, f, g, o = (zx + zh).chunk(4, 1)
    s = f.sigmoid() * s + i.sigmoid() * g.tanh()
    return o.sigmoid() * s.tanh(), s


def gru_cell(zx, zh, h, s):
    (rx, ux, nx), (rh, uh, nh) = zx.chunk(3, 1), zh.chunk(3, 1)
    r, u = (rx + rh).sigmoid(), (ux + uh).sigmoid()
    n = (nx + r * nh).tanh()
    return n + u * (h - n), s


CELLS = {nn.RNN: rnn_cell, nn.LSTM: lstm_cell, nn.GRU: gru_cell}


def training_step(w, rnn, output, run):
    """Forward, cross-entropy at every step, backward, clipping and Adam, from one-hot symbols."""
    parameters = [*rnn.parameters(), *output.parameters()]
    optimizer = torch.optim.Adam(parameters, 2e-3)
    x, y = torch.randint(w.symbols, (2, w.steps, w.batch))
    one_hot = torch.eye(w.symbols)

    def step():
        optimizer.zero_grad()
        logits = output(run(one_hot[x]))
        F.cross_entropy(logits.flatten(0, 1), y.flatten()).backward()
        nn.utils.clip_grad_norm_(parameters, 5.0)
        optimizer.step()

    return step


def sampling(w, rnn, output):
    """Characters one after the other, each drawn from what the one before makes likely."""
    one_hot = torch.eye(w.symbols)

    @torch.inference_mode()
    def step():
        x, state = torch.zeros(1, dtype=torch.long), None
        for _ in range(w.steps):
            h, state = rnn(one_hot[x], state)
            x = output(h[0]).softmax(0).multinomial(1)

    return step


p = parser(__doc__)
p.add_argument("--unrolled", action="store_true", help="elementary operations instead of nn.LSTM and its like")
args = p.parse_args()
torch.set_num_threads(args.threads)
torch.manual_seed(1)
w = WORKLOADS[args.workload]
rnn = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[w.cell](w.symbols, w.hidden, w.layers)
output = nn.Linear(w.hidden, w.symbols)
if args.workload == "W6" and args.unrolled:
    p.error("W6 has no steps to unroll")
if args.workload == "W6":
    step = sampling(w, rnn, output)
else:
    step = training_step(w, rnn, output, lambda x: unrolled(rnn, x) if args.unrolled else rnn(x)[0])
measure(f"torch {torch.__version__}" + " unrolled" * args.unrolled, args, step)
