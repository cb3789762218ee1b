"""Times PyTorch on sequences of unequal length:  python sequences_with_torch.py W7 --threads 2 [--packed]

W7: bidirectional LSTM of 128 on 128 features, 32 sentences, two classes from the last states. W8: GRUs of
256 as encoder and decoder with dot attention, 32 pairs of sentences, 5,000 words. W9: LSTM of 128 on dense
batches of 20 steps. fit: W7's on 5,000 words, two mini-batches in turn. The lengths are those of sequences.rs.
"""

import itertools
import pathlib
import re

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import common

LISTS = re.findall(r"const (\w+): \[usize; 32\] = \[(.*?)\];", (pathlib.Path(__file__).parent.parent / "sequences.rs").read_text(), re.S)
LENGTHS = {name: [int(n) for n in re.findall(r"\d+", numbers)] for name, numbers in LISTS}
WORDS = 5000


def padded(lengths, fill):
    return fill(max(lengths), len(lengths))


def classifier(lengths, bidirectional, packed, words=None):
    rnn = nn.LSTM(128, 128, bidirectional=bidirectional)
    output = nn.Linear(256 if bidirectional else 128, 2)
    if words is None:
        embedding, draw = nn.Identity(), lambda t, b: torch.rand(t, b, 128) * 2 - 1
    else:
        embedding, draw = nn.Embedding(words, 128), lambda t, b: torch.randint(words, (t, b))
    batches = itertools.cycle([padded(lengths, draw) for _ in range(1 if words is None else 2)])
    y, last = torch.arange(len(lengths)) % 2, torch.tensor(lengths) - 1
    equal = len(set(lengths)) == 1

    def loss():
        x = embedding(next(batches))
        if packed:
            _, (h, _) = rnn(pack_padded_sequence(x, lengths, enforce_sorted=False))
            h = h.transpose(0, 1).flatten(1)
        else:
            outputs, (h, _) = rnn(x)
            if not equal: # the last valid step forward; the other direction has read the padding
                h = torch.cat([outputs[last, range(len(lengths)), :128], outputs[0, :, 128:]], 1)
            else:
                h = h.transpose(0, 1).flatten(1)
        return F.cross_entropy(output(h), y)

    return [embedding, rnn, output], loss


def translator(sources, targets, packed):
    embeddings = [nn.Embedding(WORDS, 256) for _ in range(2)]
    encoder, decoder, output = nn.GRU(256, 256), nn.GRU(256, 256), nn.Linear(512, WORDS)
    x, y = (padded(lengths, lambda t, b: torch.randint(WORDS, (t, b))) for lengths in (sources, targets))
    is_pad = torch.arange(max(sources))[None] >= torch.tensor(sources)[:, None]
    is_word = (torch.arange(max(targets))[:, None] < torch.tensor(targets)[None]).flatten()

    def read(rnn, x, lengths, state=None):
        if not packed:
            return rnn(x, state)
        outputs, last = rnn(pack_padded_sequence(x, lengths, enforce_sorted=False), state)
        return pad_packed_sequence(outputs)[0], last

    def loss():
        memory, last = read(encoder, embeddings[0](x), sources)
        h, _ = read(decoder, embeddings[1](y), targets, last)
        q, k = h.transpose(0, 1), memory.transpose(0, 1)
        scores = (q @ k.transpose(1, 2)).masked_fill(is_pad[:, None], float("-inf"))
        context = (scores.softmax(2) @ k).transpose(0, 1)
        both = torch.cat([h, context], 2).flatten(0, 1)[is_word] # the logits of words only
        return F.cross_entropy(output(both), y.flatten()[is_word])

    return [*embeddings, encoder, decoder, output], loss


for name in ("W7", "W8", "W9", "fit"):
    common.WORKLOADS[name] = common.Workload("", 1, 0, 0, 32, 20)
p = common.parser(__doc__)
p.add_argument("--packed", action="store_true", help="packed sequences instead of padded ones")
args = p.parse_args()
torch.set_num_threads(args.threads)
torch.manual_seed(1)
if args.workload == "W7":
    modules, loss = classifier(LENGTHS["SENTENCES"], True, args.packed)
elif args.workload == "fit":
    modules, loss = classifier(LENGTHS["SENTENCES"], True, args.packed, WORDS)
elif args.workload == "W8":
    modules, loss = translator(LENGTHS["ENGLISH"], LENGTHS["FRENCH"], args.packed)
elif args.workload == "W9":
    modules, loss = classifier([20] * 32, False, args.packed)
else:
    p.error("W1 to W6 are with_torch.py's")
parameters = [q for module in modules for q in module.parameters()]
optimizer = torch.optim.Adam(parameters, 2e-3)


def step():
    optimizer.zero_grad()
    loss().backward()
    nn.utils.clip_grad_norm_(parameters, 5.0)
    optimizer.step()


common.measure(f"torch {torch.__version__}" + (" packed" if args.packed else " padded"), args, step)
