"""Where the second channel's addresses come from: an environment variable or a file, since they are secrets."""

import os
from pathlib import Path

from daemon.config import AlarmsSection
from daemon.errors import ConfigurationError
from daemon.secret_files import read_secret


def urls_of(section: AlarmsSection, base: Path) -> tuple[str, ...]:
    """Return the addresses, one a line or word, `#` begins a remark; none where no channel is configured.

    ConfigurationError where what is named cannot be read, or holds none. A file is relative to `base`.
    """
    if not section.urls_env and not section.urls_file:
        return ()
    key = "alarms.urls_env" if section.urls_env else "alarms.urls_file"
    text = (
        _from_environment(section.urls_env)
        if section.urls_env
        else read_secret(base / section.urls_file, key)
    )
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    urls = tuple(word for line in lines for word in line.split())
    if not urls:
        raise ConfigurationError(key, "holds no address; write one a line, such as wecombot://KEY")
    return urls


def _from_environment(name: str) -> str:
    if not os.environ.get(name):
        raise ConfigurationError("alarms.urls_env", f"{name} is not set")
    return os.environ[name]
