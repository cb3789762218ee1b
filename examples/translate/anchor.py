"""The translator of this folder with PyTorch: what its BLEU and its time are to be held against.

    pip install torch sacrebleu
    python anchor.py multi30k --threads 2
    python anchor.py multi30k --first 2000 --steps 20     # whether it works

Network, words, start of the parameters, dropout, mini-batches, steps, optimizer, clipping, schedule and beam search are
those of the command for Multi30k in main.rs, which are the defaults here. What is drawn differs: so several seeds are
compared. A sentence is packed where it is read, and padded where the decoder reads it; the logits, which take most of the
time, are of true words only.
"""

import argparse
import collections
import gzip
import math
import pathlib
import random
import re
import time

import sacrebleu
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("folder", type=pathlib.Path)
p.add_argument("--languages", nargs=2, default=["en", "fr"])
p.add_argument("--test", default="test_2016_flickr")
p.add_argument("--first", type=int)
p.add_argument("--floor", type=int, default=2)
p.add_argument("--features", type=int, default=256)
p.add_argument("--hidden", type=int, default=256)
p.add_argument("--dropout", type=float, default=0.3)
p.add_argument("--batch", type=int, default=64)
p.add_argument("--lr", type=float, default=2e-3)
p.add_argument("--epochs", type=int, default=10)
p.add_argument("--steps", type=int, help="ends after so many mini-batches")
p.add_argument("--beam", type=int, default=4)
p.add_argument("--seed", type=int, default=1)
p.add_argument("--threads", type=int, default=2)

# As in training.rs, network.rs and layers::Beam.
WINDOW, CLIP, LAST_RATE = 20, 1.0, 0.05
ALPHA = 0.6
UNKNOWN, FIRST, END = "<unknown>", "<start>", "<end>"


def read(folder, part, languages):
    """Pairs of sentences."""
    sides = []
    for language in languages:
        path = folder / f"{part}.{language}"
        content = path.read_bytes() if path.exists() else gzip.open(f"{path}.gz").read()
        sides.append([line.strip() for line in content.decode().removesuffix("\n").split("\n")])
    return list(zip(*sides, strict=True))


def words(sentence):
    """As train::Vocabulary::words cuts them."""
    return re.findall(r" ?[^\W_]+|.", " " + sentence, re.DOTALL)


class Vocabulary:
    def __init__(self, sentences, floor, marks):
        counts = collections.Counter(word for sentence in sentences for word in words(sentence))
        self.tokens = sorted(word for word, count in counts.items() if count >= floor) + marks
        self.numbers = {token: number for number, token in enumerate(self.tokens)}

    def encode(self, sentence):
        return [self.numbers.get(word, self.numbers[UNKNOWN]) for word in words(sentence)]


class Translator(nn.Module):
    """The equations are those of network.rs."""

    def __init__(self, sources, targets, features, hidden, dropout):
        super().__init__()
        self.source, self.target = nn.Embedding(sources, features), nn.Embedding(targets, features)
        for words in (self.source, self.target):
            nn.init.uniform_(words.weight, -math.sqrt(3), math.sqrt(3))
        self.encoder = nn.GRU(features, hidden, batch_first=True, bidirectional=True)
        self.bridge = nn.Linear(2 * hidden, hidden)
        self.decoder = nn.GRU(features, hidden, batch_first=True)
        self.attention = nn.Linear(2 * hidden, hidden, bias=False)
        self.found = nn.Linear(3 * hidden, features)
        self.output = nn.Linear(features, targets)
        self.dropout = nn.Dropout(dropout)

    def read(self, sources):
        """What is looked at, and the decoder's first state."""
        lengths = torch.tensor([len(source) for source in sources])
        x = self.dropout(self.source(pad_sequence(sources, batch_first=True)))
        h, last = self.encoder(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
        h = pad_packed_sequence(h, batch_first=True)[0]
        g = torch.tanh(self.bridge(torch.cat([last[0], last[1]], 1)))
        is_word = torch.arange(h.shape[1]) < lengths[:, None]
        return (h, self.attention(h), is_word), g[None]

    def write(self, symbols, memory, g):
        """What the logits are told from, [B, T, features], the weights of attention, and the last state."""
        h, keys, is_word = memory
        g, last = self.decoder(self.dropout(self.target(symbols)), g)
        scores = (g @ keys.transpose(1, 2)).masked_fill(~is_word[:, None], -math.inf)
        alpha = scores.softmax(2)
        o = torch.tanh(self.found(torch.cat([g, alpha @ h], 2)))
        return self.dropout(o), alpha, last

    def loss(self, batch, first):
        sources, targets = zip(*batch)
        memory, g = self.read([torch.tensor(source) for source in sources])
        y = pad_sequence([torch.tensor([first] + target) for target in targets], batch_first=True, padding_value=-1)
        is_word = y[:, 1:] >= 0
        o, _, _ = self.write(y[:, :-1].clamp(min=0), memory, g)
        return F.cross_entropy(self.output(o[is_word]), y[:, 1:][is_word])

    @torch.inference_mode()
    def translate(self, source, first, end, width):
        """layers::beam_search, and where it looked."""
        memory, start = self.read([torch.tensor(source)])
        most = 3 * len(source) + 10
        penalty = lambda length: ((5 + length) / 6) ** ALPHA
        best, hypotheses, g = (-math.inf, []), [([], 0.0)], start
        for _ in range(most):
            symbols = torch.tensor([[written[-1] if written else first] for written, _ in hypotheses])
            expanded = [x.expand(len(hypotheses), -1, -1) for x in memory[:2]] + [memory[2]]
            o, _, g = self.write(symbols, expanded, g)
            log_p = self.output(o[:, 0]).log_softmax(1) + torch.tensor([[log_p] for _, log_p in hypotheses])
            values, places = log_p.flatten().topk(width)
            extended, parents = [], []
            for value, place in zip(values.tolist(), places.tolist()):
                parent, symbol = divmod(place, log_p.shape[1])
                written = hypotheses[parent][0]
                if symbol == end:
                    best = max(best, (value / penalty(len(written) + 1), written))
                else:
                    extended.append((written + [symbol], value))
                    parents.append(parent)
            hypotheses, g = extended, g[:, parents]
            if not hypotheses or best[0] >= hypotheses[0][1] / penalty(most):
                break
        else:
            best = max([best] + [(log_p / penalty(most), written) for written, log_p in hypotheses])
        _, alpha, _ = self.write(torch.tensor([[first] + best[1]]), memory, start)
        return best[1], alpha[0]


def mini_batches(samples, size, shuffled):
    """train::Samples: sorted by length within windows of mini-batches."""
    order = list(samples)
    if shuffled:
        random.shuffle(order)
    batches = []
    for begin in range(0, len(order), WINDOW * size):
        window = sorted(order[begin : begin + WINDOW * size], key=lambda sample: -len(sample[1]))
        batches += [window[i : i + size] for i in range(0, len(window), size)]
    if shuffled:
        random.shuffle(batches)
    return batches


def main():
    args = p.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    random.seed(args.seed)
    training, validation, test = (read(args.folder, part, args.languages) for part in ("train", "val", args.test))
    training = training[: args.first]
    sources = Vocabulary((source for source, _ in training), args.floor, [UNKNOWN])
    targets = Vocabulary((target for _, target in training), args.floor, [UNKNOWN, FIRST, END])
    first, end = targets.numbers[FIRST], targets.numbers[END]
    number = lambda pairs: [(sources.encode(source), targets.encode(target) + [end]) for source, target in pairs]
    samples, held_out = number(training), number(validation)

    model = Translator(len(sources.tokens), len(targets.tokens), args.features, args.hidden, args.dropout)
    parameters = sum(q.numel() for q in model.parameters())
    print(f"torch {torch.__version__}, sacrebleu {sacrebleu.__version__}; {len(samples)} pairs to learn from;", end=" ")
    print(f"{len(sources.tokens)} words are read and {len(targets.tokens)} written; {parameters} parameters")
    optimizer = torch.optim.Adam(model.parameters(), args.lr)
    steps = args.epochs * math.ceil(len(samples) / args.batch)
    cosine = lambda step: LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(math.pi * step / steps)) / 2
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, cosine)
    seconds, done = 0.0, 0
    for epoch in range(args.epochs):
        model.train()
        start, total, count = time.perf_counter(), 0.0, 0
        for batch in mini_batches(samples, args.batch, True):
            optimizer.zero_grad()
            loss = model.loss(batch, first)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), CLIP)
            optimizer.step()
            schedule.step()
            targets_read = sum(len(target) for _, target in batch)
            total, count, done = total + loss.item() * targets_read, count + targets_read, done + 1
            if done == args.steps:
                break
        took = time.perf_counter() - start
        seconds += took
        model.eval()
        with torch.inference_mode():
            losses = [(model.loss(batch, first).item(), sum(len(target) for _, target in batch))
                      for batch in mini_batches(held_out, args.batch, False)]
        nats = sum(loss * n for loss, n in losses) / sum(n for _, n in losses)
        print(f"epoch {epoch + 1}: learned {total / count:.3f} nats a word; validation {nats:.3f}; {took:.1f} s", flush=True)
        if done == args.steps:
            break
    print(f"learned in {seconds:.1f} s, {done} steps")

    start, written, copied = time.perf_counter(), [], 0
    for source, _ in test:
        symbols, alpha = model.translate(sources.encode(source), first, end, args.beam)
        text = []
        for t, symbol in enumerate(symbols):
            is_unknown = targets.tokens[symbol] == UNKNOWN
            copied += is_unknown
            text.append(words(source)[alpha[t].argmax()] if is_unknown else targets.tokens[symbol])
        written.append("".join(text).strip())
    references = [target for _, target in test]
    exact = sum(a == b for a, b in zip(written, references)) / len(references)
    bleu = sacrebleu.metrics.BLEU()
    print(bleu.corpus_score(written, [references]), bleu.get_signature())
    print(f"{copied} words copied; {time.perf_counter() - start:.1f} s")
    print(f"result bleu {bleu.corpus_score(written, [references]).score:.2f}\nresult exact {exact:.4f}\nresult seconds {seconds:.1f}")


if __name__ == "__main__":
    main()
