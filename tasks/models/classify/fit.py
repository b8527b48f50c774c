"""fastText's training in a process of its own: ``python -m winnow.tasks.models.classify.fit``, with one JSON object of its options on standard input.

fastText gives each thread a tenth of the weights to fill with random numbers, so that with one thread nine tenths are what the memory held before:
bytes that differ from run to run, and now and then no numbers at all. The C library of this process fills what it hands out with zeros instead
(``MALLOC_PERTURB_``), which is as good a beginning for weights that are averaged.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[4]
ZEROS = {"MALLOC_PERTURB_": "255"}  # memory is filled with the complement of this byte


def fit(options: Mapping[str, Any]) -> str:
    """Train as ``options`` say (fields of fastText's arguments, and ``model_path``). Empty, or what fastText complained of."""
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-m", "winnow.tasks.models.classify.fit"],
        input=json.dumps(options),
        env={**os.environ, **ZEROS, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    said = " ".join(done.stderr.split())[-200:]
    return "" if done.returncode == 0 else said or f"it ended with status {done.returncode}"


def main() -> int:
    """Exit status 1 and one line on standard error if fastText cannot train."""
    from winnow.tasks.models.fasttext import binding

    fasttext = binding()
    given = json.load(sys.stdin)
    path = given.pop("model_path")
    args = fasttext.args()
    args.model, args.loss = fasttext.model_name.supervised, getattr(fasttext.loss_name, given.pop("loss", "softmax"))
    for name, value in given.items():
        setattr(args, name, value)
    model = fasttext.fasttext()
    try:
        fasttext.train(model, args)
        model.saveModel(path)
    except (RuntimeError, ValueError, MemoryError) as e:
        print(e, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
