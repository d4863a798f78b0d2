"""Answering what is to be said before a file is taken back (``FileWeight.asks``).

A file that was held against the one that goes is held against another one then, and its lines wait until a person has
said what is asked. So long it is not known which of them go on, so it is asked while the file is still there.
"""

from __future__ import annotations

from raccord.onboarding.access.people import Actor
from raccord.onboarding.arriving.answering import FileAnswer, FileQuestion, keep_answer, require_manage
from raccord.onboarding.arriving.files_back import weigh_file
from raccord.onboarding.arriving.untold_accounts import waits_no_more
from raccord.sync.workshop import Workshop


def answer_first(
    workshop: Workshop, actor: Actor, connection_id: str, number: int, answer: FileAnswer, *, patient: bool = False
) -> FileQuestion:
    """Keep the answers to one of the questions that come up without a file; raises where it waits for none.

    ``patient`` is for who can wait longer than a page does.
    """
    require_manage(workshop, actor, connection_id)
    asks = weigh_file(workshop, actor, connection_id, number, patient=patient).asks
    asked = next((each for each in asks if each.key == answer.key), None)
    if asked is None:
        raise waits_no_more()
    keep_answer(workshop, actor, connection_id, asked, answer)
    return asked
