"""One target under libFuzzer: `python -m tests.fuzz.guided TARGET [libFuzzer's options] [FOLDER …]` (needs atheris)."""

import sys

import atheris

with atheris.instrument_imports(include=["parsers", "xlrd", "olefile"]):
    from tests.fuzz import targets
    from tests.fuzz.mutating import mutated


def main() -> None:
    """Hand the target and our own mutator to libFuzzer, which does not return."""
    target = sys.argv.pop(1)

    def feed(data: bytes) -> None:
        targets.run(target, data)

    def change(data: bytes, most: int, seed: int) -> bytes:
        return mutated(data, most, seed, atheris.Mutate)

    atheris.Setup(sys.argv, feed, custom_mutator=change)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
