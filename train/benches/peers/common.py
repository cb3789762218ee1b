"""What the peers share: the workloads, the command line, the clock and the line of JSON."""

import argparse
import collections
import json
import resource
import statistics
import time

Workload = collections.namedtuple("Workload", "cell layers symbols hidden batch steps")

# W6 writes characters, one at a time, with the model of W3.
WORKLOADS = {
    "W1": Workload("rnn", 1, 64, 100, 1, 25),
    "W2": Workload("lstm", 1, 64, 128, 32, 50),
    "W3": Workload("lstm", 2, 96, 512, 64, 64),
    "W4": Workload("gru", 1, 96, 256, 64, 64),
    "W5": Workload("lstm", 1, 16, 64, 16, 1000),
    "W6": Workload("lstm", 2, 96, 512, 1, 200),
}


def parser(usage):
    p = argparse.ArgumentParser(description=usage)
    p.add_argument("workload", choices=WORKLOADS)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--reps", type=int, help="as many as fit in four seconds, if not given")
    return p


def measure(peer, args, step):
    """Times `step` (a training step, or W6's 200 characters) and prints what came of it."""
    once = lambda: clock(step)
    once()
    reps = args.reps or max(7, min(2000, int(4 / once())))
    times = [once() for _ in range(reps)]
    w, median = WORKLOADS[args.workload], statistics.median(times)
    tokens = round(w.batch * w.steps / median, 1)
    if args.workload == "W6":
        figures = dict(chars_per_s=tokens)
    else:
        figures = dict(ms_median=round(median * 1e3, 4), ms_min=round(min(times) * 1e3, 4), tokens_per_s=tokens)
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(dict(peer=peer, workload=args.workload, threads=args.threads, **figures, peak_rss_mb=rss)))


def clock(step):
    start = time.perf_counter()
    step()
    return time.perf_counter() - start
