"""Why a month is not certified, and whether a reason may stand in for what is open in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from raccord.errors import RaccordError
from raccord.plugin.texts import Language, Text
from raccord.sync.proving.certified import cell_name

EXCEPTIONS_MAX = 5_000
"""More than a person can have read: such a month is not certified."""
REASON_CHARS_MAX = 500

LANGUAGES: tuple[Language, Language] = ("fr", "en")
KINDS = {
    "unequal": Text("différences dans la preuve", "differences in the proof"),
    "waits": Text("documents en attente", "documents waiting"),
    "failed": Text("opérations en échec", "failed records"),
    "gap": Text("périodes sans données", "periods without data"),
    "unproven": Text("jours sans preuve", "days without a proof"),
    "stale": Text("preuves périmées", "proofs out of date"),
}
"""What can be open in a month, as people read it."""


class CertificateError(RaccordError):
    """Raised when a month cannot be certified as asked; says why and what to do."""

    parts: Sequence[Mapping[str, Any]] = ()
    """Each connection's part of the certificate that was not made, with what is open in it."""
    acceptable = False
    """Whether the month may be certified with what is open."""


def unexplained_in(parts: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the days of a proof that differ without a document that tells why."""
    return [
        f"{part['label']} {cell_name(row)}"
        for part in parts
        for row in part["proofs"]
        if not row["equal"] and not row["differences"]
    ]


def still_open(
    exceptions: Sequence[Mapping[str, Any]], parts: Sequence[Mapping[str, Any]], month: date
) -> CertificateError:
    """Return why a month is not certified: what is open in it, or a difference that nothing explains."""
    counts = Counter(each["code"] for each in exceptions)
    kinds = [(n, KINDS[code]) for code, n in counts.items()]
    french, english = (", ".join(f"{said.get(spoken)} ({n})" for n, said in kinds) for spoken in LANGUAGES)
    if unexplained := unexplained_in(parts):
        some, more = ", ".join(unexplained[:5]), "…" if len(unexplained) > 5 else ""
        error = CertificateError(
            "certificate.unexplained",
            Text(
                f"Le mois {month:%Y-%m} ne peut pas être certifié : aucun document n'explique la différence de "
                f"{some}{more}.",
                f"The month {month:%Y-%m} cannot be certified: no document explains the difference of {some}{more}.",
            ),
            Text(
                "Prouvez le mois à nouveau. Si elle reste, comparez ce jour avec QuickBooks et prévenez l'exploitant : "
                "aucun motif ne la remplace.",
                "Prove the month again. If it stays, compare that day with QuickBooks and tell the operator: no reason "
                "stands in for it.",
            ),
        )
        error.parts = parts
        return error
    error = CertificateError(
        "certificate.exceptions",
        Text(
            f"Le mois {month:%Y-%m} n'est pas encore certifié, il reste ouvert : {french}.",
            f"The month {month:%Y-%m} is not certified yet, what is still open: {english}.",
        ),
        Text(
            "Réglez ce qui est ouvert, ou certifiez avec : chaque point sera nommé dans le certificat. Sur cette page, "
            "dites pourquoi ; dans un terminal, --with-exceptions --reason.",
            "Settle what is open, or certify with it: each is named in the certificate. On this page, say why; in a "
            "terminal, --with-exceptions --reason.",
        ),
    )
    error.parts, error.acceptable = parts, len(exceptions) <= EXCEPTIONS_MAX
    return error


def require_reason(reason: str, parts: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a month to be certified with what is open in it where nobody said why, or said more than is kept."""
    said = reason.strip()
    if 0 < len(said) <= REASON_CHARS_MAX:
        return
    error = CertificateError(
        "certificate.reason",
        Text(
            "Le motif manque : pourquoi ce mois est certifié avec ce qui reste ouvert.",
            "The reason is missing: why this month is certified with what is still open.",
        )
        if not said
        else Text(f"Le motif a {len(said)} caractères.", f"The reason has {len(said)} characters."),
        Text(
            f"Écrivez-le en {REASON_CHARS_MAX} caractères au plus : il figure dans le certificat. Dans un terminal : "
            "--reason.",
            f"Write it in {REASON_CHARS_MAX} characters at most: it stands in the certificate. In a terminal: "
            "--reason.",
        ),
    )
    error.parts, error.acceptable = parts, True
    raise error
