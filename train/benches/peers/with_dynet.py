"""Times DyNet on one workload: its own builders, in its C++ loop over the steps.

    python with_dynet.py W2

On one thread, as its CPU code has no more; and it has no generation loop of its own to time.
"""

import numpy
import _dynet as dynet

from common import WORKLOADS, measure, parser

parser = parser(__doc__)
args = parser.parse_args()
if args.workload == "W6":
    parser.error("DyNet writes no text here")
if args.threads > 1:
    parser.error("DyNet's CPU code has one thread")

settings = dynet.DynetParams()
settings.set_mem(2048)
settings.set_random_seed(1)
settings.set_autobatch(False)
settings.init()

w = WORKLOADS[args.workload]
BUILDERS = {"rnn": dynet.SimpleRNNBuilder, "lstm": dynet.VanillaLSTMBuilder, "gru": dynet.GRUBuilder}
model = dynet.ParameterCollection()
one_hot = model.add_lookup_parameters((w.symbols, w.symbols))
one_hot.init_from_array(numpy.eye(w.symbols))
network = BUILDERS[w.cell](w.layers, w.symbols, w.hidden, model)
v, d = model.add_parameters((w.symbols, w.hidden)), model.add_parameters(w.symbols)
adam = dynet.AdamTrainer(model, 2e-3)
adam.set_clip_threshold(5.0)
draw = numpy.random.default_rng(1)
inputs, targets = draw.integers(w.symbols, size=(2, w.steps, w.batch)).tolist()


def step():
    dynet.renew_cg()
    x = [dynet.lookup_batch(one_hot, symbols, update=False) for symbols in inputs]
    states = network.initial_state().transduce(x)
    logits = [dynet.affine_transform([d, v, h]) for h in states]
    losses = [dynet.pickneglogsoftmax_batch(z, y) for z, y in zip(logits, targets)]
    loss = dynet.sum_batches(dynet.esum(losses)) / (w.batch * w.steps)
    value = loss.value()
    loss.backward()
    adam.update()
    return value


measure("dynet", args, step)
