"""Which source account a connection is of: whether it is free, and which connection it had before."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.texts import Text
from raccord.store.models import Company, Connection, ConnectionState
from raccord.sync.workshop import Workshop


class ConnectionRuleError(RaccordError):
    """Raised when a step of a connection's life is not possible now; says why and what to do."""


def refused(code: str, text: Text, fix: Text) -> RaccordError:
    return ConnectionRuleError(code, text, fix)


def info_of(workshop: Workshop, connector: str) -> ConnectorInfo:
    """Return an installed connector's manifest."""
    admitted = workshop.scopes.catalog.get(connector)
    if admitted is None:
        raise refused(
            "connector.not_installed",
            Text(
                f"Le connecteur « {connector} » n'est pas installé.", f"The connector “{connector}” is not installed."
            ),
            Text("« raccord plugins » montre ceux qui sont là.", "“raccord plugins” shows those that are there."),
        )
    return admitted.info


def usual_labels(info: ConnectorInfo, label: str) -> tuple[str, ...]:
    """Return the labels that a connection called so may bear: where nobody called it anything, in either language."""
    usual = (info.label.fr, info.label.en)
    return usual if label in ("", *usual) else (label,)


def earlier(
    session: Session, company_id: str, info: ConnectorInfo, identity: str, label: str = ""
) -> Connection | None:
    """Return the connection that this source account had to this company before it was disconnected.

    A source that does not say which account it is (a bank's files) is known by its label.
    """
    same = Connection.source_identity == identity
    if not identity:
        same = same & Connection.label.in_(usual_labels(info, label))
    return session.scalars(
        select(Connection)
        .where(
            Connection.company_id == company_id,
            Connection.connector == info.name,
            Connection.state == ConnectionState.DISCONNECTED,
            same,
        )
        .order_by(Connection.set_up_at.desc())
    ).first()


_ENDED = (ConnectionState.DISCONNECTED, ConnectionState.UNCONNECTED)


def joined_to(session: Session, info: ConnectorInfo, company_ids: Collection[str]) -> Mapping[str, Connection]:
    """Return, by company, the connection that each of these has to a source already, also one whose set-up is begun."""
    rows = session.scalars(
        select(Connection)
        .where(
            Connection.connector == info.name,
            Connection.company_id.in_(company_ids),
            Connection.state.not_in(_ENDED),
        )
        .order_by(Connection.set_up_at.desc())
    )
    return {each.company_id: each for each in rows}


def company_joined(session: Session, info: ConnectorInfo, company: Company) -> RaccordError | None:
    """Return why a company that has its one account of a source gets no second, before anything is kept; or nothing."""
    joined = joined_to(session, info, [company.id]).get(company.id) if info.owner_only else None
    if joined is None:
        return None
    begun = joined.state == ConnectionState.DRAFT
    return refused(
        "connection.company_joined",
        Text(
            f"« {company.name} » est déjà reliée à {info.label.fr} {joined.source_identity} : un seul compte.",
            f"“{company.name}” is already connected to {info.label.en} {joined.source_identity}: one account only.",
        ),
        Text(
            "Reprenez sa mise en place, ou déconnectez-la d'abord."
            if begun
            else "Prenez une autre société QuickBooks, ou reliez le compte qui est là à une autre société.",
            "Go on with its set-up, or disconnect it first."
            if begun
            else "Take another QuickBooks company, or connect the account that is there to another one.",
        ),
    )


def taken_already(
    session: Session, info: ConnectorInfo, company: Company, identity: str, but: str = "", *, moves: bool = False
) -> RaccordError | None:
    """Return why a source account cannot be connected to a company (CH-23, CH-24), or nothing.

    One that ``moves`` there from another company stays where it is; a new one is created without a connection.
    """
    if not info.identity_setting:
        return None
    live = select(Connection).where(
        Connection.connector == info.name,
        Connection.id != but,
        Connection.state.not_in(_ENDED),
    )
    same = session.scalars(live.where(Connection.source_identity == identity)).first()
    if same is not None:
        return source_taken(info, session.get_one(Company, same.company_id).name)
    own = session.scalars(live.where(Connection.company_id == company.id)).first() if info.owner_only else None
    if own is not None:
        fr = f"« {company.name} » est déjà reliée à {info.label.fr} {own.source_identity}"
        en = f"“{company.name}” is already connected to {info.label.en} {own.source_identity}"
        if moves:
            elsewhere = Text("Choisissez une autre société.", "Choose another company.")
            return refused("connection.company_taken", Text(f"{fr}.", f"{en}."), elsewhere)
        return refused(
            "connection.company_taken",
            Text(f"{fr} ; le compte est créé sans connexion.", f"{en}; the account is created without a connection."),
            Text(
                "Reliez ce compte à une autre société QuickBooks, et retirez celui-ci : raccord connect remove.",
                "Connect this account to another QuickBooks company, and remove this one: raccord connect remove.",
            ),
        )
    return None


def source_taken(info: ConnectorInfo, other: str) -> RaccordError:
    return refused(
        "connection.source_taken",
        Text(
            f"Ce compte {info.label.fr} est déjà relié à « {other} ».",
            f"This {info.label.en} account is already connected to “{other}”.",
        ),
        Text("Déconnectez-le d'abord là-bas.", "Disconnect it there first."),
    )
