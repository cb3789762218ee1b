"""Executes notebooks with the Rust kernel. `run` prepares that, and calls this."""

import argparse
import queue
import re
import subprocess
import sys
import time
from pathlib import Path

import nbformat
from jupyter_client.manager import start_new_kernel

PATIENCE = 60.0  # seconds after which it is given up
BUILD_PATIENCE = 1800.0  # likewise for the first cell, which builds the library
SILENCE = 0.1  # a cell's last lines may arrive after its end: seconds without any
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Failure(Exception):
    """What is wrong with a cell."""


class TooSlow(Failure):
    """A cell took too long, as it also does on a machine that is busy with something else."""


def execute(client, source, patience):
    """The seconds that a cell took, and its outputs as they came."""
    messages = []
    start = time.monotonic()
    try:
        client.execute_interactive(
            source, allow_stdin=False, output_hook=messages.append, timeout=patience
        )
    except TimeoutError:
        raise Failure(f"The cell did not end within {patience:.0f} s.") from None
    seconds = time.monotonic() - start
    try:
        while True:
            messages.append(client.get_iopub_msg(timeout=SILENCE))
    except queue.Empty:
        pass
    shown = ("stream", "display_data", "execute_result", "error")
    return seconds, [nbformat.v4.output_from_msg(m) for m in messages if m["msg_type"] in shown]


def printed(outputs, name):
    """All that was printed to a stream: it arrives line by line."""
    return "".join(o.text for o in outputs if o.output_type == "stream" and o.name == name)


def check_outputs(outputs):
    for error in (o for o in outputs if o.output_type == "error"):
        raise Failure(COLOURS.sub("", "\n".join(error.traceback)))
    # The kernel takes a panic, or an error returned with `?`, for no error: it only prints them.
    if stderr := printed(outputs, "stderr"):
        raise Failure(stderr)


def run_cell(client, cell, number, limit):
    """Runs a cell and gives it its outputs, which depend on nothing but the code; its seconds."""
    seconds, outputs = execute(client, cell.source, BUILD_PATIENCE if number == 1 else PATIENCE)
    check_outputs(outputs)
    if seconds > limit and number > 1:
        raise TooSlow(f"The cell took {seconds:.1f} s, more than {limit:g} s.")
    stdout = printed(outputs, "stdout")
    results = [o for o in outputs if o.output_type != "stream"]
    for result in results:
        if result.output_type == "execute_result":
            result.execution_count = number
    text = [nbformat.v4.new_output("stream", name="stdout", text=stdout)] if stdout else []
    cell.execution_count, cell.outputs = number, text + results
    return seconds


def start_kernel(attempts=3):
    """A kernel. Its ports were free when they were chosen; it dies if somebody has taken one since."""
    try:
        return start_new_kernel(kernel_name="rust", startup_timeout=600, stdout=subprocess.DEVNULL)
    except RuntimeError:
        if attempts == 1:
            raise
        return start_kernel(attempts - 1)


def run_notebook(path, write, limit):
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    manager, client = start_kernel()
    times = []
    try:
        for number, cell in enumerate(cells, start=1):
            try:
                times.append(run_cell(client, cell, number, limit))
            except Failure as failure:
                raise type(failure)(
                    f"{path.name}, code cell {number}:\n\n{cell.source}\n\n{failure}"
                ) from None
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    build, others = times[0], times[1:]
    slowest = max(others, default=0.0)
    print(
        f"{path.name}: {len(cells)} cells in {sum(times):.0f} s, {build:.0f} s of it for the build; "
        f"the slowest other is cell {times.index(slowest) + 1 if others else 1} with {slowest:.1f} s",
        flush=True,
    )
    if write:
        nbformat.write(notebook, path)


def main():
    parser = argparse.ArgumentParser(prog="run", description=__doc__)
    parser.add_argument("--check", action="store_true", help="do not write the outputs back")
    parser.add_argument(
        "--limit", type=float, default=5.0, help="seconds that a cell may take (5), but for the first"
    )
    parser.add_argument("notebooks", nargs="*", type=Path, help="all that are here, if none is named")
    arguments = parser.parse_args()
    notebooks = arguments.notebooks or sorted(Path().glob("*.ipynb"))
    for path in notebooks:
        if path.suffix != ".ipynb" or not path.exists():
            parser.error(f"there is no notebook {path} in examples/notebooks")
    try:
        for path in notebooks:
            try:
                run_notebook(path, not arguments.check, arguments.limit)
            except TooSlow as slow:
                print(f"{slow}\nOnce more:", flush=True)
                run_notebook(path, not arguments.check, arguments.limit)
    except Failure as failure:
        sys.exit(str(failure))


if __name__ == "__main__":
    main()
