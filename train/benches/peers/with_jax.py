"""Times JAX, jit and scan, on one workload (needs optax too):  python with_jax.py W2 --threads 2"""

import os

from common import WORKLOADS, measure, parser

args = parser(__doc__).parse_args()
# XLA starts a thread for every processor it may run on, so this comes before the import.
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: args.threads])

import jax
import jax.numpy as jnp
import optax
from jax.nn import sigmoid

w = WORKLOADS[args.workload]
GATES = {"rnn": 1, "lstm": 4, "gru": 3}[w.cell]


def parameters(key):
    keys = iter(jax.random.split(key, 4 * w.layers + 2))
    new = lambda *shape: jax.random.uniform(next(keys), shape, minval=-1, maxval=1) * w.hidden**-0.5
    z = GATES * w.hidden
    inputs = [w.symbols] + [w.hidden] * (w.layers - 1)
    layers = [dict(u=new(n, z), w=new(w.hidden, z), b=new(z), c=new(z)) for n in inputs]
    return dict(layers=layers, v=new(w.hidden, w.symbols), d=new(w.symbols))


def cell(q, state, zx):
    h, s = state
    zh = h @ q["w"] + q["c"]
    if w.cell == "rnn":
        h = jnp.tanh(zx + zh)
    elif w.cell == "lstm":
        i, f, g, o = jnp.split(zx + zh, 4, axis=1)
        s = sigmoid(f) * s + sigmoid(i) * jnp.tanh(g)
        h = sigmoid(o) * jnp.tanh(s)
    else:
        (rx, ux, nx), (rh, uh, nh) = jnp.split(zx, 3, axis=1), jnp.split(zh, 3, axis=1)
        n = jnp.tanh(nx + sigmoid(rx + rh) * nh)
        h = n + sigmoid(ux + uh) * (h - n)
    return h, s


def zero_state():
    return (jnp.zeros((w.batch, w.hidden)),) * 2


def loss(p, x, y):
    x = jax.nn.one_hot(x, w.symbols)
    for q in p["layers"]:
        twice = lambda state: (state, state[0])
        _, x = jax.lax.scan(lambda state, zx: twice(cell(q, state, zx)), zero_state(), x @ q["u"] + q["b"])
    return optax.softmax_cross_entropy_with_integer_labels(x @ p["v"] + p["d"], y).mean()


optimizer = optax.chain(optax.clip_by_global_norm(5.0), optax.adam(2e-3))


@jax.jit
def train(p, state, x, y):
    value, gradients = jax.value_and_grad(loss)(p, x, y)
    updates, state = optimizer.update(gradients, state, p)
    return optax.apply_updates(p, updates), state, value


@jax.jit
def sample(p, key):
    """Characters one after the other, all in one program."""

    def character(carry, key):
        x, states = carry
        x, after = jax.nn.one_hot(x, w.symbols), []
        for q, state in zip(p["layers"], states):
            after.append(cell(q, state, x @ q["u"] + q["b"]))
            x = after[-1][0]
        x = jax.random.categorical(key, x @ p["v"] + p["d"])
        return (x, after), x

    start = jnp.zeros(1, int), [zero_state()] * w.layers
    return jax.lax.scan(character, start, jax.random.split(key, w.steps))[1]


key = jax.random.key(1)
p = parameters(key)
state = optimizer.init(p)
x, y = jax.random.randint(key, (2, w.steps, w.batch), 0, w.symbols)


def training_step():
    global p, state
    p, state, value = train(p, state, x, y)
    value.block_until_ready()


def sampling():
    sample(p, key).block_until_ready()


measure(f"jax {jax.__version__}", args, sampling if args.workload == "W6" else training_step)
