"""Taking messages in: forms, words and lists become commands; every sender gets one answer, every message a fate."""

from daemon.intake.intake import Intake as Intake
from daemon.intake.replies import STRANGERS_PER_HOUR as STRANGERS_PER_HOUR
