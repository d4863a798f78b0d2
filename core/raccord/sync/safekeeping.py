"""Where backups go, and which companies nothing is posted to before they go anywhere."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.plugin.texts import Text
from raccord.settings import Settings
from raccord.store.models import Company, CompanyState, Installation
from raccord.store.models.installation import THE_ONE

NO_TARGET = "posting.no_backup"
"""The code of a run that ended before it posted, for want of a place for backups."""
GUARDED = "production"
"""The environment whose companies hold somebody's real books."""


class NoBackupError(RaccordError):
    """Raised when something would be posted to a company whose books nobody could put back."""


def installation_of(session: Session) -> Installation | None:
    """Return what was said of the installation; nothing where nothing was."""
    return session.get(Installation, THE_ONE)


def the_installation(session: Session) -> Installation:
    """Return the installation's row to be changed, made where there is none; its row is held."""
    row = session.get(Installation, THE_ONE, with_for_update=True)
    if row is None:
        row = Installation(id=THE_ONE)
        session.add(row)
        session.flush()
    return row


def target_of(settings: Settings, row: Installation | None) -> Path | None:
    """Return the folder backups go to: that of the settings, else what was said in the pages or by a command."""
    if settings.backup_dir != Path():
        return settings.backup_dir.expanduser().absolute()
    return Path(row.backup_dir) if row is not None and row.backup_dir else None


def posting_off(session: Session, settings: Settings, company: Company) -> bool:
    """Tell whether nothing may be posted to a company: its books are real, it was connected since a backup target is
    asked for, and there is none.
    """
    if company.environment != GUARDED or settings.backup_dir != Path():
        return False
    row = installation_of(session)
    if target_of(settings, row) is not None:
        return False
    return row is None or row.exempt_before is None or company.created_at >= row.exempt_before


def require_target(session: Session, settings: Settings, company_id: str) -> None:
    """Raise ``NoBackupError`` where nothing may be posted to a company."""
    company = session.get_one(Company, company_id)
    if posting_off(session, settings, company):
        raise NoBackupError(
            NO_TARGET,
            Text(
                f"Rien ne s'écrit dans « {company.name} » : aucune cible de sauvegarde n'est choisie.",
                f"Nothing is posted to “{company.name}”: no backup target is chosen.",
            ),
            Text(
                "Choisissez un dossier de sauvegarde (raccord backup target DOSSIER, ou RACCORD_BACKUP_DIR), puis "
                "approuvez de nouveau.",
                "Choose a backup folder (raccord backup target FOLDER, or RACCORD_BACKUP_DIR), then approve again.",
            ),
        )


def guarded_companies(session: Session) -> list[Company]:
    """Return the connected companies with real books, by name."""
    return list(
        session.scalars(
            select(Company)
            .where(Company.environment == GUARDED, Company.state != CompanyState.DISCONNECTED)
            .order_by(Company.name)
        )
    )
