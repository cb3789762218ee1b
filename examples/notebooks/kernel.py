"""Starts the Rust kernel in a folder to build in that no other kernel has: two notebooks may be open at once.

What is built in a folder serves the next kernel that takes it. `run` tells Jupyter of this. Other folders than those of the
kernel may be named by BPTT_NOTEBOOK_BUILDS.
"""

import fcntl
import os
import shutil
import sys
import time
from pathlib import Path

LOCK_FILE = Path(__file__).parents[2] / "Cargo.lock"  # the notebooks run on what the tests have tested
PATIENCE = 5.0  # seconds: a kernel that has been ended lets go of its folder in a moment


def taken(folder):
    """Whether the folder is ours now. It stays so until this process ends, and all that it starts."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / "lock", os.O_CREAT | os.O_WRONLY)
    os.set_inheritable(lock, True)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return False
    return True


def free_folder(folders):
    """The first that is free. The very first is waited for, as it has been built in before."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if taken(folders / "1"):
            return folders / "1"
        time.sleep(0.1)
    number = 2
    while not taken(folders / str(number)):
        number += 1
    return folders / str(number)


def main():
    kernel, folders, connection = sys.argv[1:]
    folder = free_folder(Path(os.environ.get("BPTT_NOTEBOOK_BUILDS", folders)))
    shutil.copy(LOCK_FILE, folder)
    os.environ["EVCXR_TMPDIR"] = str(folder)
    os.execv(kernel, [kernel, "--control_file", connection])


if __name__ == "__main__":
    main()
