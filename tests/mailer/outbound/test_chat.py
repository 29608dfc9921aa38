"""Short texts to chat robots: what each service is sent, what counts as taken, and that no address ever shows."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from mailer.chat import Chat, ChatAddressError, kind_of, shortened
from tests.servers.loopback import HOST, free_port
from tests.servers.webhook import Webhook

ROBOTS = {
    "wecombot": "wecombot://SECRETKEY",
    "dingtalk": "dingtalk://SECRETSIGN@SECRETTOKEN/",
    "feishu": "feishu://SECRETTOKEN/",
}


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with Webhook() as server:
        yield server


@pytest.fixture
def asked(hook: Webhook, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is posted to the services' own hosts goes to the local server; return the addresses it went to."""
    addresses: list[str] = []
    post = requests.post

    def elsewhere(url: str, **what: Any) -> requests.Response:
        addresses.append(url)
        assert what["verify"] is True
        assert what["allow_redirects"] is False
        assert what["timeout"]
        return post(f"http://{HOST}:{hook.port}/{url.partition('://')[2]}", **what)

    monkeypatch.setattr(requests, "post", elsewhere)
    return addresses


def test_a_wecom_robot_gets_a_text(hook: Webhook, asked: list[str]) -> None:
    assert Chat([ROBOTS["wecombot"]]).send("[kesu main] 警報", "信箱連不上").taken == ("wecombot",)
    assert asked == ["https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=SECRETKEY"]
    (posted,) = hook.posts
    assert posted.body["msgtype"] == "text"
    assert posted.body["text"]["content"].split() == ["[kesu", "main]", "警報", "信箱連不上"]


def test_a_dingtalk_robot_gets_a_signed_text(hook: Webhook, asked: list[str]) -> None:
    assert Chat([ROBOTS["dingtalk"]]).send("[kesu main] 警報", "信箱連不上").taken == ("dingtalk",)
    assert asked == ["https://oapi.dingtalk.com/robot/send?access_token=SECRETTOKEN"]
    (posted,) = hook.posts
    assert "sign=" in posted.path
    assert posted.body["msgtype"] == "text"
    assert "信箱連不上" in posted.body["text"]["content"]


def test_a_feishu_robot_gets_a_text(hook: Webhook, asked: list[str]) -> None:
    assert Chat([ROBOTS["feishu"]]).send("[kesu main] 警報", "信箱連不上").taken == ("feishu",)
    assert asked == ["https://open.feishu.cn/open-apis/bot/v2/hook/SECRETTOKEN/"]
    (posted,) = hook.posts
    assert posted.body["msg_type"] == "text"
    assert "信箱連不上" in posted.body["content"]["text"]


def test_any_webhook_gets_title_and_text_as_json(hook: Webhook) -> None:
    assert Chat([hook.url]).send("[kesu main] 警報", "信箱連不上").reached
    (posted,) = hook.posts
    assert (posted.body["title"], posted.body["message"]) == ("[kesu main] 警報", "信箱連不上")


@pytest.mark.parametrize(
    ("service", "answer"),
    [
        ("wecombot", b'{"errcode":93000,"errmsg":"invalid webhook url"}'),
        ("dingtalk", b'{"errcode":310000,"errmsg":"keywords not in content"}'),
        ("feishu", b'{"code":19001,"msg":"param invalid"}'),
    ],
)
def test_a_refusal_inside_a_friendly_answer_is_heard(
    hook: Webhook, asked: list[str], service: str, answer: bytes
) -> None:
    hook.answer = answer
    outcome = Chat([ROBOTS[service]]).send("t", "b")
    assert outcome.refused == (service,)
    hook.answer = b'{"errcode":0,"code":0,"errmsg":"ok"}'
    assert Chat([ROBOTS[service]]).send("t", "b").taken == (service,)


def test_a_service_that_is_down_costs_the_others_nothing(hook: Webhook) -> None:
    outcome = Chat([f"json://{HOST}:{free_port()}/", hook.url]).send("t", "b")
    assert (outcome.taken, outcome.refused) == (("json",), ("json",))
    hook.status = 500
    assert not Chat([hook.url]).send("t", "b").reached


def test_no_address_shows_in_any_log_however_much_is_logged(
    hook: Webhook, asked: list[str], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        chat = Chat([*ROBOTS.values(), hook.url, f"json://{HOST}:{free_port()}/SECRETPATH"])
        chat.send("t", "b")
        hook.status = 403
        chat.send("t", "b")
        with pytest.raises(ChatAddressError):
            Chat(["wecombot://SECRET KEY!", "nonsense://SECRET"]).open()
    written = caplog.text + "".join(capfd.readouterr()) + repr(chat)
    assert "SECRET" not in written


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("nonsense://SECRET", "none that can be used"),
        ("SECRET", "none that can be used"),
        ("wecombot://SECRET?verify=no", "verify=no"),
        ("jsons://hook.example.com/SECRET?verify=no", "verify=no"),
        ("json://hook.example.com/SECRET", "jsons:// is encrypted"),
    ],
)
def test_an_address_that_cannot_be_used_is_named_by_its_place_alone(url: str, why: str) -> None:
    with pytest.raises(ChatAddressError) as refused:
        Chat(["wecombot://GOODKEY", url]).open()
    assert "address 2" in str(refused.value)
    assert why in str(refused.value)
    assert "SECRET" not in str(refused.value)


def test_kinds_tell_no_secret() -> None:
    assert kind_of("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=SECRET") == "qyapi.weixin.qq.com"
    assert kind_of("dingtalk://SECRET@TOKEN") == "dingtalk"


def test_a_long_text_is_cut_to_what_every_robot_takes() -> None:
    cut = shortened("警" * 1000)
    assert len(cut.encode()) <= 1800
    assert cut.endswith("警…")
    assert shortened("short") == "short"


def test_the_library_is_not_loaded_before_it_is_needed() -> None:
    code = "import sys, daemon.bootstrap, daemon.doctor; sys.exit('apprise' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
