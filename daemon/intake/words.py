"""Words of a message without forms: reports, decisions, calls, leave; what cannot be told is asked back."""

from datetime import datetime

from daemon import asking, correcting, judging, leave, proof
from daemon.answers import Outcome
from daemon.asking import Unproven
from daemon.docket import Docket
from daemon.followup.lists import ListIntake
from daemon.intake.numbers import thread_of
from daemon.intake.replies import Replies, digest
from daemon.intake.reports import take_report
from daemon.intake.tally import Tally
from daemon.ledger import Entry, StoredMail
from daemon.reading import Reading
from parsers.change_verbs import ChangeKind
from parsers.reply_quotes import own_text


class Words:
    """Takes in what people say in their own words."""

    def __init__(self, docket: Docket, replies: Replies) -> None:
        self._docket = docket
        self._replies = replies

    def take(self, entry: Entry, mail: StoredMail, reading: Reading, now: datetime, tally: Tally) -> None:
        """Take a message without forms: a short reply in words, for each case it names, or a question of its own."""
        if reading.absence is not None:
            self._take_leave(entry, mail, reading, now, tally)
            return
        for number, part in reading.requests(thread_of(entry, reading.message)):
            if number and not part.message.automatic and (part.speaks or not part.files):
                self._take_part(entry, mail, part, number, now, tally)

    def _lacks_proof(self, reading: Reading) -> bool:
        return proof.lacking(reading.proven, None, self._docket.site, released=reading.released)

    def _take_leave(
        self, entry: Entry, mail: StoredMail, reading: Reading, now: datetime, tally: Tally
    ) -> None:
        tally.unreadable.clear()  # a doctor's note beside it is no form
        if self._lacks_proof(reading):
            tally.unproven.append(Unproven("", own_text(reading.message.text)))
            return
        answers_him = self._replies.may_answer(entry, reading, now)
        leave.take(self._docket, entry, mail, reading, now, answers=answers_him)
        tally.leave = True

    def _take_part(
        self, entry: Entry, mail: StoredMail, reading: Reading, number: str, now: datetime, tally: Tally
    ) -> None:
        claim = digest(number + reading.message.text)
        case = entry.case(number)
        if not reading.retaken and not entry.claim_part(mail.message_id, claim, mail.id):
            tally.duplicates += 1
        elif case is not None and self._lacks_proof(reading):
            tally.put_aside(asking.words(self._docket, entry, reading, case))
        elif self._judge(entry, reading, number, now, tally) or self._take_calls(
            entry, reading, number, now, tally
        ):
            tally.unreadable.clear()
        elif reading.reply is not None:
            tally.unreadable.clear()  # what lies beside an answer in words is no form, but kept with the case
            locale = self._docket.site.locale_of(reading.sender.email)
            unclear = "\n".join(text.get(locale) for text in reading.reply.problems)
            take_report(self._docket, entry, reading, number, reading.reply.facts, unclear, now, tally)
        elif reading.sender.roles:
            unclear = reading.message.text.strip()[:200] or "…"
            take_report(self._docket, entry, reading, number, {}, unclear, now, tally)

    def _judge(self, entry: Entry, reading: Reading, number: str, now: datetime, tally: Tally) -> bool:
        """Take words about a penalty or a finding of the case; False where they are about neither."""
        case = entry.case(number)
        if case is None or reading.reply is not None:
            return False
        if reading.change is not None and reading.change.kind is not ChangeKind.REOPEN:
            case = correcting.going_on(entry, case)
        site = self._docket.site_of(case)
        match judging.judgement(entry, reading, case, site):
            case None:
                return False
            case "nothing":
                return True
            case judging.Unclear() as unclear:
                refused = unclear.refused(case, reading.sender, site, now)
                case = self._docket.refuse(entry, case, refused, now)
            case command:
                command = leave.disinterested(command, case, self._docket.present(now, site, entry))
                case = correcting.perform(self._docket, entry, case, command, now)
        tally.outcomes.append(Outcome(case, "reported"))
        return True

    def _take_calls(self, entry: Entry, reading: Reading, number: str, now: datetime, tally: Tally) -> bool:
        """Take words about calls: on a day's thread a line for each customer, else of the case's own customer."""
        case = entry.case(number)
        taking = ListIntake(self._docket, entry, reading.sender, now)
        if case is not None and case.kind == "follow-up":
            if reading.calls or not reading.silent:
                tally.add_lists([taking.words(case, reading.calls, reading.message.text)])
            return True
        alone = len(reading.calls) == 1 and reading.reply is None and not reading.calls[0].phone
        taken = taking.word(case, reading.calls[0]) if case is not None and alone else None
        if taken is not None:
            tally.add_lists([taken])
        return taken is not None
