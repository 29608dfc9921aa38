"""Other products' trackers tell what goes wrong with mail; each thread we learnt from has its test here, by name."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
THREADS = {
    "paperless_ngx": (8944, 8939, 10080, 9436, 13336, 2396, 6827, 865, 11242, 13173, 11341),
    "paperless_ng": (404,),
    "parsedmarc": (242, 367, 211, 163, 219),
    "osticket": (5645, 494, 1041, 3966, 2000),
    "freescout": (4740, 4624, 5591, 5638, 5485, 3203),
    "glpi": (24200, 8986, 16785, 16735),
    "zammad": (2063, 1662, 731, 1131, 2923, 2403, 1351, 5607),
    "itop_jb_mail": (253,),
    "imapclient": (441,),
    "frappe_helpdesk": (3628,),
    "imap_tools": (220, 33),
}


@cache
def names() -> tuple[str, ...]:
    texts = (path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests").rglob("test_*.py")))
    return tuple(name for text in texts for name in re.findall(r"(?m)^def test_(\w+)", text))


@pytest.mark.parametrize(
    ("product", "number"), [(product, number) for product, numbers in THREADS.items() for number in numbers]
)
def test_every_thread_has_a_test_that_carries_its_name(product: str, number: int) -> None:
    carries = re.compile(rf"(^|_){product}(_pr|_and|_\d+)*_{number}(_|$)")
    assert any(carries.search(name) for name in names()), f"no test is named {product}_{number}_…"
