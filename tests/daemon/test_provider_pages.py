"""The lines that the providers' pages give an operator: each is a configuration that loads."""

import re
import textwrap
from pathlib import Path

import pytest

from daemon.config import load_config
from mailer.profiles import PROFILES
from tests.daemon.office import write_config

PAGES = Path(__file__).parents[2] / "docs" / "providers"
BLOCK = re.compile(r"(?ms)^( *)```toml\n(.*?)^ *```$")


def snippets() -> list[tuple[str, str]]:
    """The blocks that give both accounts, with the page each stands on."""
    return [
        (page.name, textwrap.dedent(text))
        for page in sorted(PAGES.glob("*.md"))
        for _, text in BLOCK.findall(page.read_text(encoding="utf-8"))
        if "[mailbox]" in text and "[smtp]" in text
    ]


@pytest.mark.parametrize(("page", "lines"), snippets())
def test_what_a_page_says_to_write_loads_and_names_the_pages_own_profile(
    tmp_path: Path, page: str, lines: str
) -> None:
    path = write_config(tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{lines}\n{text[text.index('[workbook]') :]}", encoding="utf-8")
    config = load_config(path)
    profile = PROFILES[config.mailbox.profile]
    assert profile.page == page
    if profile.smtp.host:
        assert config.smtp.profile == profile.key
        assert (config.mailbox.host, config.smtp.host) == tuple(
            place.host for place in profile.endpoints(config.mailbox.username)
        )


def test_the_pages_of_the_two_large_providers_give_such_lines() -> None:
    assert {"microsoft365.md", "gmail.md"} <= {page for page, _ in snippets()}
