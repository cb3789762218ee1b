"""Weights and outputs of a model in PyTorch, for torch_files.rs.

    python torch_files_reference.py write reference        makes reference/torch_*
    python torch_files_reference.py pass FILE TO ...       loads each FILE into the model, strictly, prints the
                                                           outputs of that and saves it as TO

The model has modules in modules: two layers of an LSTM in both directions read an embedding, a GRU reads what they
give, then come a norm and a head. Its inputs are symbols by a formula, which torch_files.rs has as well. "pass"
computes with the type of the weights in FILE.
"""

import pathlib
import sys

import torch
from safetensors.torch import load_file, save_file

STEPS, BATCH, WORDS, SIZE, HIDDEN, CLASSES = 5, 3, 7, 4, 3, 2


class Reader(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.words = torch.nn.Embedding(WORDS, SIZE)
        self.encoder = torch.nn.LSTM(SIZE, HIDDEN, num_layers=2, bidirectional=True)

    def forward(self, symbols):
        return self.encoder(self.words(symbols))[0]


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.reader = Reader()
        self.decoder = torch.nn.GRU(2 * HIDDEN, 2 * HIDDEN)
        self.norm = torch.nn.LayerNorm(2 * HIDDEN)
        self.head = torch.nn.Linear(2 * HIDDEN, CLASSES)

    def forward(self, symbols):
        read = self.reader(symbols)
        return read, self.head(self.norm(self.decoder(read)[0]))


def loaded(path):
    state = load_file(path)
    model = Model().to(next(iter(state.values())).dtype)
    model.load_state_dict(state, strict=True)
    return model


def report(title, model):
    symbols = torch.tensor([[(5 * t + 3 * b + 1) % WORDS for b in range(BATCH)] for t in range(STEPS)])
    print("case " + title)
    with torch.no_grad():
        for what, tensor in zip(["encoder", "logits"], model(symbols)):
            print(" ".join([what] + [repr(v) for v in tensor.double().reshape(-1).tolist()]))


def write(folder):
    torch.manual_seed(12)
    model = Model()
    with torch.no_grad():
        for parameter in model.norm.parameters():  # which are ones and zeros, and would hide a mistake
            parameter.uniform_(-1, 1)
    with open(folder / "torch_outputs.txt", "w") as file:
        sys.stdout = file
        print("# Made by torch_files_reference.py with PyTorch " + torch.__version__.split("+")[0] + ".")
        for title, dtype in [("f32", torch.float32), ("f64", torch.float64)]:
            model = model.to(dtype)
            with torch.no_grad():
                if dtype == torch.float64:  # digits that f32 has not
                    for parameter in model.parameters():
                        parameter.mul_(1 + 1 / 3)
            report(title, model)
            save_file(model.state_dict(), folder / f"torch_{title}.safetensors")
    others = {
        "reader.weight": torch.ones(2, 3),
        "counter": torch.tensor([3]),
        "kernels": torch.ones(2, 3, 2),
        "scale": torch.tensor(0.5),
        "halves": torch.ones(2, dtype=torch.float16),
    }
    save_file(others, folder / "torch_others.safetensors")
    torch.save(others, folder / "torch_save.pt")


command, *arguments = sys.argv[1:]
if command == "write":
    write(pathlib.Path(arguments[0]))
elif command == "pass":
    for path, to in zip(arguments[::2], arguments[1::2]):
        model = loaded(path)
        report("theirs", model)
        save_file(model.state_dict(), to)
