"""What the model of PyTorch's tutorial reaches by its own measure, which it shows as a picture only.

"NLP From Scratch: Classifying Names with a Character-Level RNN" (S. Robertson): one layer of 128 units, the
logits from the last of them; 100,000 steps of gradient descent at a rate of 0.005, each on one name, drawn by
first drawing a nationality; then a confusion matrix of 10,000 names drawn in the same way, all of which it may
have been trained on. Written anew from that description; run with torch 2.15.0:

    python examples/names/tutorial.py examples/data/names 3    # three seeds
"""

import random
import string
import sys
import time
import unicodedata
from pathlib import Path

import torch
from torch import nn

LETTERS = string.ascii_letters + " .,;'-"


def letters(name):
    """Numbers of the letters, without accents."""
    plain = unicodedata.normalize("NFD", name)
    return torch.tensor([LETTERS.index(c) for c in plain if c in LETTERS])


class Rnn(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.rnn = nn.RNN(len(LETTERS), 128)
        self.output = nn.Linear(128, classes)

    def forward(self, name):
        x = nn.functional.one_hot(name, len(LETTERS)).float()
        return self.output(self.rnn(x)[0][-1])


def main(folder, seed):
    random.seed(seed)
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    files = sorted(Path(folder).glob("*.txt"))
    names = [[letters(n) for n in f.read_text("utf-8").split("\n") if n.strip()] for f in files]
    model, start = Rnn(len(files)), time.time()
    descent = torch.optim.SGD(model.parameters(), lr=0.005)

    def draw():
        nationality = random.randrange(len(files))
        return random.choice(names[nationality]), nationality

    for _ in range(100_000):
        name, nationality = draw()
        loss = nn.functional.cross_entropy(model(name), torch.tensor(nationality))
        descent.zero_grad()
        loss.backward()
        descent.step()
    with torch.no_grad():
        drawn = [draw() for _ in range(10_000)]
        right = sum(model(name).argmax().item() == nationality for name, nationality in drawn)
    print(f"seed {seed}: {right / len(drawn):.4f} of 10,000 names, {time.time() - start:.0f} s", flush=True)


if __name__ == "__main__":
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for seed in range(1, count + 1):
        main(sys.argv[1], seed)
