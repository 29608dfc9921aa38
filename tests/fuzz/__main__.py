"""`python -m tests.fuzz [TARGET …] --seconds N --corpus DIR`: coverage-guided fuzzing of `parsers/` with atheris.

Runs each target in turn, in a process of its own, from the seeds and what earlier runs found worth keeping. An input
that breaks a promise is written to DIR/finds and named; the exit status is 1 then.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.fuzz.targets import TARGETS

_LONGEST = {"workbook": 200_000, "page": 40_000, "reply": 100_000, "value": 400}


def main() -> int:
    """Run the targets; the status is 1 if any of them found something."""
    asked = argparse.ArgumentParser(prog="tests.fuzz")
    asked.add_argument("targets", nargs="*", choices=[*TARGETS, []], default=[])
    asked.add_argument("--seconds", type=int, default=300, help="for all targets together")
    asked.add_argument("--corpus", type=Path, required=True, help="a folder that keeps what is worth it")
    given = asked.parse_args()
    targets = given.targets or list(TARGETS)
    found = [_fuzzed(target, given.corpus, given.seconds // len(targets)) for target in targets]
    return 1 if any(found) else 0


def _fuzzed(target: str, corpus: Path, seconds: int) -> bool:
    """Run one target until its time is up, again after each find; tell whether there was any."""
    kept, finds = corpus / target, corpus / "finds" / target
    for folder in (kept, finds):
        folder.mkdir(parents=True, exist_ok=True)
    _plant(target, kept)
    before = set(finds.iterdir())
    end = time.monotonic() + seconds
    while (left := int(end - time.monotonic())) > 0:
        if _run(target, kept, finds, left) == 0:
            break
    found = sorted(set(finds.iterdir()) - before)
    print(
        f"{target}: {len(list(kept.iterdir()))} inputs kept, {len(found)} finds",
        *found,
        sep="\n  ",
        flush=True,
    )
    return bool(found)


def _plant(target: str, folder: Path) -> None:
    from tests.fuzz.seeds import seeds

    for data in seeds(target):
        file = folder / hashlib.sha256(data).hexdigest()[:20]
        if not file.exists():
            file.write_bytes(data)


def _run(target: str, kept: Path, finds: Path, seconds: int) -> int:
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={_LONGEST[target]}",
        f"-artifact_prefix={finds}/",
        "-timeout=30",
        "-rss_limit_mb=3000",
        "-malloc_limit_mb=0",
        "-len_control=0",
        "-verbosity=0",
        "-print_final_stats=1",
    ]
    command = [sys.executable, "-m", "tests.fuzz.guided", target, *options, str(kept)]
    with (finds.parent / f"{target}.log").open("ab") as log:
        environment = {**os.environ, "RUST_BACKTRACE": "0"}
        return subprocess.run(command, stdout=log, stderr=log, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
