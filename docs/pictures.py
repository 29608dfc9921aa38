"""`make pictures`: the README's pictures, made anew from a run of the demo and from a month played in a moment.

Needs chromium, libreoffice and pdftoppm beside the project's own environment.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from daemon.bootstrap import open_ledger
from daemon.demo.afterlife import CUSTOMER
from daemon.demo.picture import page_size
from daemon.demo.run import PICTURE_SIZE
from daemon.site import load_site
from docs.month import Month

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
MAILS = {
    "mail-assignment": "*-assignment-service.manager.html",
    "mail-escalation": "*-escalation-gm.html",
    "mail-form-problems": "*-form-problems-staff.lin.html",
}
# The first pages of the printed workbook, and how each is drawn (pdftoppm: dots per inch, left, top, width, height).
PAGES = {
    "workbook-dashboard": ("-r", "150"),
    "workbook": ("-r", "150", "-x", "40", "-y", "70", "-W", "2400", "-H", "620"),
}
NEEDED = ("chromium", "soffice", "pdftoppm")
CHROMIUM = [
    "chromium",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def main() -> int:
    """Make every picture; exit 2 if a program is missing."""
    missing = [program for program in NEEDED if shutil.which(program) is None]
    if missing:
        sys.stderr.write(f"pictures: please install {', '.join(missing)}\n")
        return 2
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        demo = Path(scratch) / "demo"
        page = Path(scratch) / "board.html"
        command = ["kesu", "demo", "--plain", "--directory", str(demo), "--picture", str(page)]
        run([sys.executable, "-m", "daemon", *command[1:]])
        screenshot(page, PICTURES / "board.png", *page_size(*PICTURE_SIZE))
        for name, pattern in MAILS.items():
            mail = sorted((demo / "mails").glob(pattern))[0]
            screenshot(mail, PICTURES / f"{name}.png", 700, 1180)
        picture_of_a_case(demo, Path(scratch))
        month = Path(scratch) / "month"
        month.mkdir()
        workbook = Month(month).play()
        picture_of_the_month(month, Path(scratch))
        pictures_of_workbook(workbook, Path(scratch))
        screenshot(workbook.with_suffix(".html"), PICTURES / "workbook-board.png", 1280, 620)
    return 0


def run(command: list[str]) -> None:
    """Run a program; its failure is ours."""
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


def picture_of_a_case(demo: Path, scratch: Path) -> None:
    """Draw the story of the demo's case that goes all the way."""
    site = load_site(demo / "config.toml")
    with open_ledger(site.config, create=False) as ledger:
        number = next(c.number for c in ledger.cases() if c.facts.get("customer_name") == CUSTOMER)
    page = scratch / "case.html"
    where = ["--config", str(demo / "config.toml"), "--html", str(page)]
    run([sys.executable, "-m", "daemon", "case", number, *where])
    screenshot(page, PICTURES / "case-page.png", 900, 1180)


def picture_of_the_month(month: Path, scratch: Path) -> None:
    """Draw the mail that sums the month up."""
    name = f"{datetime.now(UTC):%Y-%m}"
    where = ["--config", str(month / "config.toml"), "--out", str(scratch)]
    run([sys.executable, "-m", "daemon", "report", "--month", name, *where])
    screenshot(scratch / f"report-{name}.html", PICTURES / "mail-monthly-report.png", 700, 1180)


def pictures_of_workbook(workbook: Path, scratch: Path) -> None:
    """Draw the dashboard and the open cases as LibreOffice prints them, at the site's time."""
    os.environ["TZ"] = "Asia/Shanghai"
    run(["soffice", "--headless", "--convert-to", "pdf", "--outdir", str(scratch), str(workbook)])
    pdf = scratch / f"{workbook.stem}.pdf"
    for page, (name, area) in enumerate(PAGES.items(), start=1):
        command = ["pdftoppm", "-png", "-singlefile", "-f", str(page), "-l", str(page), *area]
        run([*command, str(pdf), str(PICTURES / name)])


def screenshot(page: Path, target: Path, width: int, height: int) -> None:
    """Let chromium draw a page."""
    with tempfile.TemporaryDirectory() as profile:
        size = [f"--user-data-dir={profile}", f"--screenshot={target}", f"--window-size={width},{height}"]
        subprocess.run([*CHROMIUM, *size, page.as_uri()], check=True, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
