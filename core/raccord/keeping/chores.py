"""What a worker does for the installation by itself: it removes what is kept no longer and makes a backup each day, and
the drill that somebody asked for.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import or_, update

from raccord.errors import RaccordError
from raccord.keeping.backups import make_backup
from raccord.keeping.drill import drill
from raccord.keeping.retention import purge_due
from raccord.keeping.standing import BACKUP_AFTER
from raccord.onboarding.access.people import Actor, RoleName
from raccord.store.locks import LockHeldError
from raccord.store.models import Installation
from raccord.store.models.installation import THE_ONE
from raccord.sync.safekeeping import installation_of, target_of, the_installation
from raccord.sync.workshop import Workshop

log = logging.getLogger("raccord.keeping")

AGAIN_AFTER = timedelta(hours=1)
"""How long a worker leaves a backup alone that could not be made."""
BY_ITSELF = "raccord"


def keep(workshop: Workshop) -> None:
    """Do what is due; several workers may call it at once, one of them does it."""
    removed = purge_due(workshop, BY_ITSELF)
    if removed is not None:
        log.info("removed what is kept no longer: %s", removed)
    with workshop.database.read() as session:
        row = installation_of(session)
        if target_of(workshop.settings, row) is None:
            return
        asked = "" if row is None else row.drill_asked_by
    if _due(workshop):
        try:
            made = make_backup(workshop, BY_ITSELF)
            log.info("backup %s was made", made.name)
        except RaccordError as error:
            # The reminder is the alarm of a backup that is overdue.
            log.warning("no backup: %s", error)
    if asked:
        try:
            # It stays asked for until it is over, so that pages say so; of several workers one makes it.
            done = drill(workshop, Actor(asked, RoleName.OPERATOR))
            log.log(logging.INFO if done.passed else logging.ERROR, "drill of %s: passed %s", done.backup, done.passed)
        except LockHeldError:
            log.info("another worker makes the drill")
        except RaccordError as error:
            log.warning("no drill: %s", error)
            _forget(workshop, asked)


def _due(workshop: Workshop) -> bool:
    """Take the day's backup for this worker, where one is due."""
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        the_installation(session)
        claim = (
            update(Installation)
            .where(
                Installation.id == THE_ONE,
                or_(Installation.backed_up_at.is_(None), Installation.backed_up_at <= now - BACKUP_AFTER),
                or_(Installation.backup_tried_at.is_(None), Installation.backup_tried_at <= now - AGAIN_AFTER),
            )
            .values(backup_tried_at=now)
        )
        return bool(session.connection().execute(claim).rowcount)


def _forget(workshop: Workshop, asked: str) -> None:
    """Let a drill go that could not be made."""
    with workshop.database.begin() as session:
        row = the_installation(session)
        if row.drill_asked_by == asked:
            row.drill_asked_by = ""
