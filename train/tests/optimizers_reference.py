"""Prints reference/optimizers.txt: what PyTorch's optimizers, schedules and averages of weights do in double precision.

    python optimizers_reference.py > reference/optimizers.txt

Every input is a formula, `wave(k)`, which optimizers.rs and schedules.rs have as well.
"""

import math
import warnings

import torch
from torch.optim import SGD, Adadelta, Adagrad, Adam, AdamW, NAdam, RAdam, RMSprop
from torch.optim import lr_scheduler
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

torch.set_default_dtype(torch.float64)
STEPS = 20


def wave(k, *shape):
    n = math.prod(shape)
    return torch.tensor([0.8 * math.sin(0.7 * i + k) for i in range(n)]).reshape(shape)


def line(name, numbers):
    print(name, *(repr(v) for v in numbers))


class Model(torch.nn.Module):
    """E = Σ a (θ − c)² / 2 over two parameters."""

    def __init__(self):
        super().__init__()
        self.W = torch.nn.Parameter(wave(1, 2, 2))
        self.b = torch.nn.Parameter(wave(2, 1, 2))

    def loss(self):
        w = (1 + wave(3, 2, 2)) * (self.W - wave(5, 2, 2)) ** 2 / 2
        b = (1 + wave(4, 1, 2)) * (self.b - wave(6, 1, 2)) ** 2 / 2
        return w.sum() + b.sum()

    def elements(self):
        return [v for p in (self.W, self.b) for v in p.reshape(-1).tolist()]


def steps(model, optimizer):
    """The rate is half as large after ten steps, so that it matters what it multiplies."""
    for step in range(STEPS):
        if step == STEPS // 2:
            for group in optimizer.param_groups:
                group["lr"] *= 0.5
        optimizer.zero_grad()
        model.loss().backward()
        optimizer.step()
        yield


def case(title, kind, groups=None, **settings):
    model = Model()
    parameters = model.parameters()
    if groups:
        parameters = [dict(of, params=[p]) for of, p in zip(groups, (model.W, model.b))]
    print("case optimizer", title)
    for _ in steps(model, kind(parameters, **settings)):
        line("theta", model.elements())


def schedule(title, make, optimizer_rate=1.0):
    optimizer = SGD([torch.nn.Parameter(torch.zeros(1))], lr=optimizer_rate)
    of = make(optimizer)
    factors = []
    for _ in range(STEPS):
        factors.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        of.step()
    print("case schedule", title)
    line("factors", factors)


def plateau(title, offset, **settings):
    optimizer = SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    of = lr_scheduler.ReduceLROnPlateau(optimizer, eps=0, **settings)
    factors = []
    for figure in (offset + wave(3, 2 * STEPS)).tolist():
        of.step(figure)
        factors.append(optimizer.param_groups[0]["lr"])
    print("case plateau", title)
    line("factors", factors)


def average(decay):
    model = Model()
    of = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay))
    of.update_parameters(model)  # the first time, it copies
    print("case average", decay)
    for _ in steps(model, SGD(model.parameters(), lr=0.1)):
        of.update_parameters(model)
        line("average", of.module.elements())


warnings.filterwarnings("ignore")
print("# Made by optimizers_reference.py with PyTorch " + torch.__version__.split("+")[0] + ".")

case("sgd", SGD, lr=0.1)
case("sgd decay", SGD, lr=0.1, weight_decay=0.1)
case("sgd momentum", SGD, lr=0.1, momentum=0.9)
case("sgd momentum decay", SGD, lr=0.1, momentum=0.9, weight_decay=0.1)
case("sgd nesterov", SGD, lr=0.1, momentum=0.9, nesterov=True)
case("sgd nesterov decay", SGD, lr=0.1, momentum=0.8, nesterov=True, weight_decay=0.1)
case("adam", Adam, lr=0.05)
case("adam all", Adam, lr=0.05, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1)
case("adam amsgrad", Adam, lr=0.05, betas=(0.8, 0.9), amsgrad=True)
case("adamw", AdamW, lr=0.05, weight_decay=0.01)
case("adamw all", AdamW, lr=0.05, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1)
case("adamw amsgrad", AdamW, lr=0.05, betas=(0.8, 0.9), weight_decay=0.1, amsgrad=True)
case("adagrad", Adagrad, lr=0.1)
settings = dict(lr_decay=0.1, weight_decay=0.1, initial_accumulator_value=0.5, eps=1e-3)
case("adagrad all", Adagrad, lr=0.1, **settings)
case("adadelta", Adadelta, lr=1.0)
case("adadelta all", Adadelta, lr=0.5, rho=0.95, eps=1e-3, weight_decay=0.1)
case("rmsprop", RMSprop, lr=0.01)
case("rmsprop all", RMSprop, lr=0.02, alpha=0.9, eps=1e-3, weight_decay=0.1)
case("rmsprop momentum", RMSprop, lr=0.01, alpha=0.9, momentum=0.8)
case("rmsprop centered", RMSprop, lr=0.01, alpha=0.9, centered=True)
case("rmsprop centered momentum", RMSprop, lr=0.01, alpha=0.9, momentum=0.8, centered=True)
case("nadam", NAdam, lr=0.02)
settings = dict(betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1)
case("nadam all", NAdam, lr=0.05, momentum_decay=0.1, **settings)
case("nadam decoupled", NAdam, lr=0.05, weight_decay=0.1, decoupled_weight_decay=True)
case("radam", RAdam, lr=0.05)
case("radam all", RAdam, lr=0.05, **settings)
case("radam decoupled", RAdam, lr=0.05, weight_decay=0.1, decoupled_weight_decay=True)
groups = [dict(lr=0.005, weight_decay=0.2), dict(weight_decay=0.0)]
case("sgd groups", SGD, groups, lr=0.05, momentum=0.9, weight_decay=0.1)
case("adamw groups", AdamW, groups, lr=0.05, weight_decay=0.1)

schedule("constant", lambda o: lr_scheduler.ConstantLR(o, 1 / 3, 5))
schedule("linear", lambda o: lr_scheduler.LinearLR(o, 1.0, 0.1, 15))
schedule("warm-up", lambda o: lr_scheduler.LinearLR(o, 1 / 9, 1.0, 8))
schedule("cosine", lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS, 0.1))
schedule("steps", lambda o: lr_scheduler.StepLR(o, 6, 0.3))
schedule("milestones", lambda o: lr_scheduler.MultiStepLR(o, [3, 11, 11, 12], 0.3))
schedule("exponential", lambda o: lr_scheduler.ExponentialLR(o, 0.9))
schedule("one cycle", lambda o: lr_scheduler.OneCycleLR(o, 1.0, STEPS))
settings = dict(pct_start=0.42, div_factor=4.0, final_div_factor=100.0)
schedule("one cycle all", lambda o: lr_scheduler.OneCycleLR(o, 1.0, STEPS, **settings))


def sequence(optimizer):
    parts = (
        lr_scheduler.LinearLR(optimizer, 1 / 6, 1.0, 5),
        lr_scheduler.CosineAnnealingLR(optimizer, 8, 0.1),
        lr_scheduler.ExponentialLR(optimizer, 0.9),
    )
    return lr_scheduler.SequentialLR(optimizer, parts, [5, 13])


def product(optimizer):
    warm_up = lr_scheduler.LinearLR(optimizer, 1 / 6, 1.0, 5)
    return lr_scheduler.ChainedScheduler([warm_up, lr_scheduler.StepLR(optimizer, 6, 0.3)])


schedule("sequence", sequence)
schedule("product", product)

plateau("relative", 1.0, factor=0.5, patience=2, threshold=0.1)
plateau("absolute", 0.0, factor=0.5, patience=1, threshold=0.2, threshold_mode="abs")
plateau("cooldown", 1.0, factor=0.5, patience=2, cooldown=3, min_lr=0.2)
plateau("maximize", 1.0, mode="max", factor=0.3, patience=4, threshold=0.05)
plateau("maximize absolute", 0.0, mode="max", factor=0.3, patience=4, threshold_mode="abs")
plateau("defaults", 1000.0)

average(0.8)
