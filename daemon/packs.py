"""The packs the product ships, read from its own files: policies and form definitions."""

from functools import cache
from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from daemon.errors import ConfigurationError
from daemon.permissions import refuse_if_writable
from rules.fields import Catalogue, load_form
from rules.policy import Policy, load_policy


@cache
def catalogue() -> Catalogue:
    """Return every form the product knows."""
    folder = files("rules") / "forms"
    texts = sorted(
        (entry.name, entry.read_text(encoding="utf-8")) for entry in folder.iterdir() if entry.is_file()
    )
    return Catalogue(forms=tuple(load_form(text) for name, text in texts if name.endswith(".toml")))


def shipped_policies() -> tuple[str, ...]:
    """Return the keys of the packs that come with the product."""
    names = (entry.name for entry in (files("rules") / "policies").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def policy_text(name: str, base: Path | None = None) -> str:
    """Return a pack's TOML text: a shipped pack by its key, else a file, relative to `base`.

    ConfigurationError says which packs there are.
    """
    if name in shipped_policies():
        return (files("rules") / "policies" / f"{name}.toml").read_text(encoding="utf-8")
    path = Path(name) if base is None else base / name
    refuse_if_writable(path, "policy")
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        known = ", ".join(shipped_policies())
        raise ConfigurationError(
            "policy", f"{name!r} is no shipped pack ({known}) nor a readable file"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError("policy", f"{path} is not UTF-8 text") from error


def read_policy(text: str, name: str) -> Policy:
    """Check and type a pack; ConfigurationError names every fault with its place."""
    try:
        return load_policy(text)
    except ValidationError as error:
        faults = (
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()
        )
        raise ConfigurationError("policy", f"{name}: " + "; ".join(faults)) from error
    except ValueError as error:  # TOMLDecodeError is one
        raise ConfigurationError("policy", f"{name}: {error}") from error
