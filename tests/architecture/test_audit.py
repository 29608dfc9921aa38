"""`make audit` says when it could ask nobody: an audit that was none is not taken for a good one."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.architecture.licences import ROOT, pinned
from tests.guards import PATIENCE

SCRIPT = ROOT / ".ci" / "audit"
LOCKS = ["requirements.lock", "requirements-dev.lock", ".ci/audit.lock"]

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")


def audit(folder: Path, body: str) -> subprocess.CompletedProcess[str]:
    """Run the audit with an auditor that does what `body` says and writes down how it was called."""
    auditor = folder / "pip-audit"
    auditor.write_text(f'#!/usr/bin/env bash\necho "$@" >> {folder}/calls\n{body}\n', encoding="utf-8")
    auditor.chmod(0o755)
    return subprocess.run([SCRIPT, auditor], capture_output=True, text=True, timeout=PATIENCE)


def test_every_lock_file_is_asked_about_and_what_is_unknown_counts(tmp_path: Path) -> None:
    done = audit(tmp_path, 'echo "No known vulnerabilities found"')
    assert done.returncode == 0
    calls = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    assert [call.rpartition(" ")[2] for call in calls] == LOCKS
    assert all("--strict" in call and "osv" in call for call in calls)
    assert all((ROOT / lock).exists() for lock in LOCKS)


def test_a_database_that_cannot_be_reached_is_named_and_no_good_news(tmp_path: Path) -> None:
    done = audit(tmp_path, 'echo "requests.exceptions.ConnectionError: host api.osv.dev" >&2; exit 1')
    assert done.returncode == 3
    assert "api.osv.dev) cannot be reached" in done.stderr
    assert "Error" not in done.stdout


def test_a_known_vulnerability_fails_and_is_shown(tmp_path: Path) -> None:
    done = audit(tmp_path, 'echo "jinja2 3.1.0 GHSA-h5c8-rqwp-cp95"; exit 1')
    assert done.returncode == 1
    assert "GHSA-h5c8-rqwp-cp95" in done.stdout


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_that_is_installed_is_pinned_by_hash(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    packages = pinned(ROOT / lock)
    assert len(packages) > 10
    for block in text.split("\n\n")[0].split("\n"):
        assert not block.startswith(("-e", "git+", "http", "--index", "--extra-index", "--find-links")), block
    pins = [block for block in text.replace("\\\n", " ").splitlines() if block and not block.startswith("#")]
    assert len(pins) == len(packages)
    assert all("--hash=sha256:" in pin for pin in pins)
