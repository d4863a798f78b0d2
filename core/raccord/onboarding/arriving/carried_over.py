"""What was said of an account of files, carried over to the account as which another file tells the same lines."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.onboarding.arriving.untold_accounts import said_of
from raccord.onboarding.gates.each_account import roles_of_accounts
from raccord.plugin.info import ConnectorInfo
from raccord.store.models import Choice, Connection


def carry_over(
    session: Session, connection: Connection, info: ConnectorInfo, pairs: Collection[tuple[str, str]]
) -> None:
    """Let the later account of each pair be of the books' account of the earlier one, unless something is said of it.

    An account that several take part in is none of these: then it is asked about, as any new one.
    """
    for before, after in _one_to_one(pairs).items():
        for role in roles_of_accounts(info):
            mine = select(Choice).where(Choice.connection_id == connection.id, Choice.role == role.name)
            if session.scalars(mine.where(Choice.of == after).limit(1)).first() is not None:
                continue
            for each in session.scalars(mine.where(Choice.of == before)).all():
                session.add(
                    Choice(
                        connection_id=connection.id, role=role.name, of=after, valid_from=each.valid_from,
                        ledger_kind=each.ledger_kind, ledger_id=each.ledger_id, ledger_name=each.ledger_name,
                        origin=each.origin, chosen_by=each.chosen_by, chosen_at=each.chosen_at, held_as=each.held_as,
                    )
                )  # fmt: skip
        for setting in info.currencies.values():
            said = said_of(connection, setting)
            if before in said and after not in said:
                text = str(connection.settings[setting]).rstrip("\n")
                connection.settings = {**connection.settings, setting: f"{text}\n{after} = {said[before]}"}


def _one_to_one(pairs: Collection[tuple[str, str]]) -> Mapping[str, str]:
    """Return the later account of each earlier one, where both are of one pair alone and are two."""
    befores, afters = [before for before, _ in pairs], [after for _, after in pairs]
    return {
        before: after
        for before, after in sorted(pairs)
        if before and after and before != after and befores.count(before) == afters.count(after) == 1
    }
