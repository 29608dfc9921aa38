"""Who sees other people's fines and customers' telephone numbers, by role ([privacy])."""

import re
from pathlib import Path

import pytest

from daemon.errors import ConfigurationError
from daemon.privacy import masked, without_phone
from daemon.site import Site, load_site
from mailer.letter import Content, Line
from tests.daemon.office import (
    AFTER_SALES,
    CARE,
    MANAGER,
    SERVICE_MANAGER,
    STAFF,
    Office,
    complaint,
    handling,
    mail,
    to,
    write_config,
)


def site_with(folder: Path, privacy: str = "") -> Site:
    path = write_config(folder)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("[people]", f"[privacy]\n{privacy}\n\n[people]"), encoding="utf-8")
    return load_site(path)


def test_whoever_decides_on_penalties_sees_them_where_nothing_is_configured(tmp_path: Path) -> None:
    site = site_with(tmp_path)
    for role in ("customer-care", "customer-care-director", "general-manager", "board"):
        assert site.may_see_fines([role])
    assert not site.may_see_fines(["service-manager", "after-sales-director"])
    assert not site.may_see_fines([])


def test_telephone_numbers_are_for_everybody_unless_roles_are_named(tmp_path: Path) -> None:
    assert site_with(tmp_path).may_see_phones([])
    site = site_with(tmp_path, 'phones = ["customer-care"]')
    assert site.may_see_phones(["service-manager", "customer-care"])
    assert not site.may_see_phones(["service-manager"])


def test_configured_roles_take_the_place_of_the_policys(tmp_path: Path) -> None:
    site = site_with(tmp_path, 'fines = ["board"]')
    assert site.may_see_fines(["board"])
    assert not site.may_see_fines(["customer-care"])
    assert site_with(tmp_path, 'fines = ["*"]').may_see_fines([])


@pytest.mark.parametrize("key", ["fines", "phones"])
def test_an_unknown_role_stops_the_start_and_names_its_key(tmp_path: Path, key: str) -> None:
    with pytest.raises(ConfigurationError, match=f"privacy.{key}.*treasurer"):
        site_with(tmp_path, f'{key} = ["treasurer"]')


# ---------------------------------------------------------------- in mails


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("13812345678", "138****5678"),
        ("0912-345-678", "091***5678"),
        ("+86 138 1234 5678", "861******5678"),
        ("12345", "***45"),
        ("", ""),
    ],
)
def test_a_masked_number_keeps_its_ends(phone: str, shown: str) -> None:
    assert masked(phone) == shown


def test_a_number_is_hidden_wherever_it_stands(tmp_path: Path) -> None:
    said = Content(
        reader="informed",
        zone="Asia/Shanghai",
        summary="請回電 0912 345 678",
        facts=(Line(label="聯絡電話", value="0912-345-678"), Line(label="金額", value="0912345 元")),
        warnings=("+0912.345.678",),
    )
    found = without_phone(said, "0912-345-678")
    assert found.summary == "請回電 091***5678"
    assert [line.value for line in found.facts] == ["091***5678", "0912345 元"]
    assert found.warnings == ("091***5678",)


def allow(office: Office, privacy: str, change: tuple[str, str] = ("", "")) -> None:
    site_with(office.folder, privacy)
    path = office.folder / "config.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(*change, 1), encoding="utf-8")
    office.docket.adopt(load_site(path))


def test_only_who_has_to_call_and_the_named_roles_see_the_number_in_mails(office: Office) -> None:
    allow(office, 'phones = ["customer-care"]')
    office.receive(mail(files={"form.xlsx": complaint(description="打 0912-345-678 找許小姐")}))
    owners = [one for one in office.post() if one.template == "assignment"]
    assert owners
    assert all("0912345678" in one.text for one in owners)
    office.clock.forward(hours=2, seconds=1)
    office.lapses.run_due()
    risen = {one.to: one.text for one in office.post()}
    assert "0912345678" in risen[AFTER_SALES]  # it is his to call now
    assert "0912345678" in risen[CARE]
    office.receive(mail(AFTER_SALES, files={"report.xlsx": handling(office.case().number)}))
    settled = {one.to: one.text for one in office.post() if one.template == "resolved"}
    assert "0912345678" in settled[STAFF]  # he wrote it
    assert "091***5678" in settled[SERVICE_MANAGER]
    assert "0912" not in settled[SERVICE_MANAGER]  # nor in what the customer said
    assert "0912345678" in settled[CARE]


def test_nor_in_what_the_mail_says_of_other_cases_and_files(office: Office) -> None:
    allow(office, 'phones = ["board"]', (f'{AFTER_SALES}"', f'{AFTER_SALES}", absent = ["2026-11-23"]'))
    office.opened(customer_phone="0911-111-111", plate_no="滬A12345", description="請打 0911 111 111")
    form = complaint(repair_amount="1500", plate_no="滬A12345", description="請打 0912345678")
    office.receive(mail(files={"form.xlsx": form, "0912-345-678.png": b"\x89PNG\r\n\x1a\n"}))
    posted = office.post()
    (owes,) = to(posted, SERVICE_MANAGER, "rectification-order")
    assert _numbers(owes.text), "he has to rectify it and may have to ask"
    (told,) = to(posted, CARE, "assignment")  # nobody stands in for the director
    assert "091***1111" in told.text
    assert "091***5678.png" in told.text
    assert _numbers(told.text) == []


def _numbers(text: str) -> list[str]:
    return re.findall(r"09\d\d[- ]?\d{3}[- ]?\d{3}", text)


def test_nor_on_the_page_that_comes_with_an_appeal(office: Office) -> None:
    allow(office, 'phones = ["board"]')
    case = office.opened(description="請打 0912 345 678")
    office.receive(office.vouched(mail(CARE, f"[{case.number}]", "責任 王經理 失職 未試車")))
    (asked,) = to(office.post(), CARE, "penalty")
    office.receive(mail(CARE, text="確認", answers=asked))
    (issued,) = to(office.post(), SERVICE_MANAGER, "penalty")
    office.receive(mail(SERVICE_MANAGER, text="申訴 當天零件未到", answers=issued))
    (appeal,) = to(office.post(), MANAGER, "appeal")
    page = appeal.enclosures[f"{case.number}.html"].decode()
    assert "091***5678" in page
    assert _numbers(page) == []


def test_D34_whoever_has_to_tell_the_customer_sees_the_number_of_a_settled_case(office: Office) -> None:
    allow(office, 'phones = ["board"]')
    case = office.opened()
    office.receive(mail(SERVICE_MANAGER, files={"report.xlsx": handling(case.number)}))
    told = [one.text for one in to(office.post(), CARE) if case.number in one.subject]
    assert told
    assert all("0912345678" in text for text in told)


def test_whoever_may_not_see_fines_is_told_of_no_other_ones(office: Office) -> None:
    allow(office, 'fines = ["general-manager"]')
    office.opened()
    office.receive(office.vouched(mail(CARE, f"[{office.case().number}]", "責任 王經理 失職 未試車")))
    waiting = office.post()
    assert {one.to for one in waiting} == {CARE, "care.director@example.com"}  # they have to decide on it
    (asked,) = [one for one in waiting if one.to == CARE]
    office.receive(mail(CARE, text="確認", answers=asked))
    assert {one.to for one in office.post()} == {SERVICE_MANAGER}  # his own
