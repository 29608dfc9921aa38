"""What fuzzing found, each kept: replies that took minutes, and a short run of the same targets without a guide."""

import random
from pathlib import Path

import pytest

from tests.fuzz import targets
from tests.fuzz.mutating import blindly, mutated
from tests.fuzz.seeds import seeds
from tests.guards import ENDLESS, no_endless_work

FINDS = Path(__file__).resolve().parent / "finds"
LONG = 100_000  # characters: as much of a mail as is looked at
SLOW = {
    "a number without end beside a leave": "请假 115年12月1日 " + "9" * LONG,
    "a label set again and again": "更正 " + "維修金額= 1修金額= " * (LONG // 12),
    "concessions in one sentence": "已解決 送精品" + "200元和現金" * (LONG // 7),
    "discounts in one sentence": "已解決，優惠30%（七折" * (LONG // 12),
    "a denial that can be read in two ways": "已解決 現金50元 無" + "給予" * 2_000 + "。",
    "a penalty of a hundred thousand digits": "確認" + "2" * LONG,
    "an amount with its unit over and over": "確認 100" + "元人民币" * 5_000 + "x",
    "a name of dots": "c" + "." * 20_000 + "\nchecked, not fixed",
    "an amount of digits": "correct repair amount=" + "240" * 6_600,
    "deputies with dots": "请假 2026-12-01 代理 " + "a." * (LONG // 2) + "\x00",
}


@pytest.mark.parametrize("name", sorted(SLOW))
def test_a_reply_that_took_minutes_takes_no_time(name: str) -> None:
    with no_endless_work():  # of all readers together
        targets.reply(SLOW[name].encode())


@pytest.mark.parametrize(
    "raw", ["元人民币" * 200 + "x", "1 " * 5_000, "9" * 30_000, "(" * 30_000, "1,".join(["0"] * 9_000)]
)
def test_a_cell_of_any_length_is_read_at_once(raw: str) -> None:
    with no_endless_work():
        targets.value(raw.encode())


@pytest.mark.parametrize(
    "file", sorted(FINDS.glob("*/*")), ids=lambda file: f"{file.parent.name}-{file.name}"
)
def test_what_was_found_once_is_found_no_more(file: Path) -> None:
    targets.run(file.parent.name, file.read_bytes(), seconds=ENDLESS)


@pytest.mark.parametrize(
    ("target", "rounds"), [("value", 120), ("reply", 80), ("page", 150), ("workbook", 60)]
)
def test_changed_inputs_break_no_promise(target: str, rounds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same targets as `make fuzz`, unguided and always the same: what is found here was broken just now."""
    monkeypatch.setenv("KESU_CORPUS", "nowhere")  # its files may end the process; the child's tests have them
    chance = random.Random(target)
    planted = seeds(target)
    for number in range(rounds):
        data = mutated(chance.choice(planted), 100_000, number, blindly(number))
        targets.run(target, data, seconds=ENDLESS)
