"""Answers during an exercise: whether the exercise is meant, and what becomes of the answer.

A drill's digits are those of no real question (`domain/drills.py`), so a digit tells by itself
what it answers. Only words need more thought.
"""

from datetime import datetime

from carealert.domain.replies import WORDS, Words, understand
from carealert.services.ports.replies import OpenQuestion, ReplyStore
from carealert.services.ports.store import Stores


def asked_by(
    replies: ReplyStore, number: str, body: str, now: datetime, words: Words = WORDS
) -> OpenQuestion | None:
    """The question that `body` from `number` answers, None where nobody asked.

    What fits both questions goes to the one asked last. What fits only a real question that is
    over, while an exercise has asked since, is a slip of somebody in the exercise: it goes to the
    exercise, which does not understand it and asks again.
    """
    real, drill = replies.open_question(number), replies.open_drill(number, now)
    if drill is None or real is None:
        return drill or real
    means_drill, means_real = (_answers(body, question, words) for question in (drill, real))
    if means_drill != means_real and (means_drill or real.expires_at > now):
        return drill if means_drill else real
    return real if real.asked_at >= drill.asked_at else drill


def keep_drill_answer(
    stores: Stores, question: OpenQuestion, who: str, answer: str, now: datetime
) -> tuple[str, str]:
    """Keep an answer to an exercise beside its question, and nowhere else.

    No status report, no state and no timer follows. Returns the answer and the template of thanks.
    """
    stores.replies.answered(question.notice, answer, now)
    stores.journal.write(now, "drill_answered", who, answer=answer, notice=question.notice)
    return answer, "drill_thanks"


def _answers(body: str, question: OpenQuestion, words: Words) -> bool:
    return understand(body, question.expected_replies, words).answer is not None
