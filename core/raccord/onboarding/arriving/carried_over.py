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

    An account that several take part in of which nothing is said is none of these: it is asked about, as any new one.
    """
    for role in roles_of_accounts(info):
        mine = select(Choice).where(Choice.connection_id == connection.id, Choice.role == role.name)
        said = set(session.scalars(mine.with_only_columns(Choice.of)))
        for before, after in _one_to_one(pairs, said).items():
            for each in session.scalars(mine.where(Choice.of == before)).all():
                session.add(
                    Choice(
                        connection_id=connection.id, role=role.name, of=after, valid_from=each.valid_from,
                        ledger_kind=each.ledger_kind, ledger_id=each.ledger_id, ledger_name=each.ledger_name,
                        origin=each.origin, chosen_by=each.chosen_by, chosen_at=each.chosen_at, held_as=each.held_as,
                    )
                )  # fmt: skip
    for setting in info.currencies.values():
        priced = said_of(connection, setting)
        lines = [
            f"{after} = {priced[before]}" for before, after in _one_to_one(pairs, priced).items() if before in priced
        ]
        if lines:
            text = "\n".join([*str(connection.settings[setting]).splitlines(), *lines])
            connection.settings = {**connection.settings, setting: text}


def _one_to_one(pairs: Collection[tuple[str, str]], said: Collection[str]) -> Mapping[str, str]:
    """Return the later account of each earlier one, where both are of one pair alone and are two; but for later ones of
    which something is said.
    """
    new = [(before, after) for before, after in pairs if before and after and before != after and after not in said]
    befores, afters = [before for before, _ in new], [after for _, after in new]
    return {before: after for before, after in sorted(new) if befores.count(before) == afters.count(after) == 1}
