"""The settings of a connection: which TaxDome firm, how its data comes, and what of it is to be synced."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic.config import JsonDict, JsonValue
from pydantic_core import PydanticCustomError

from raccord.plugin import ServerFolder
from raccord.plugin.contract import Intake, Pull, checked_columns, known_columns, said_columns
from raccord_taxdome.contract import CONTRACT


class InputKind(StrEnum):
    """How the data comes; signed messages are taken in whichever is chosen."""

    UPLOAD = "upload"
    FOLDER = "folder"
    PULL = "pull"


class Scope(StrEnum):
    """Which accounts become customers (TD-31, TD-32)."""

    USED = "used"
    ALL = "all"
    SELECTED = "selected"


class Payments(StrEnum):
    """Which payments go where their own box says nothing (K24)."""

    ALL = "all"
    ONLINE = "online"
    NONE = "none"


class Landing(StrEnum):
    """Where payments land before they are paid out (K4)."""

    UNDEPOSITED = "undeposited"
    CLEARING = "clearing"


class OlderServices(StrEnum):
    """What services older than the connection become (K3)."""

    DEFAULT_ITEM = "default_item"
    OWN_ITEM = "own_item"


class Tracking(StrEnum):
    """What becomes of an invoice's class and location (EX-11)."""

    FOLLOW = "follow"
    LEFT_OUT = "left_out"


class TaxPolicy(StrEnum):
    """What becomes of sales tax: QuickBooks' automated one, or what the firm answered once (K18)."""

    AUTOMATED = "automated"
    MAPPED = "mapped"
    LEFT_OUT = "left_out"


def _choice(fr: str, **options: tuple[str, str]) -> JsonDict:
    return {"fr": fr, "options": {name: list[JsonValue](texts) for name, texts in options.items()}}


class TaxDomeSettings(BaseModel):
    """What the person who connects TaxDome says once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    firm: str = Field(
        title="TaxDome firm (the first part of your portal's address)",
        min_length=1,
        max_length=100,
        json_schema_extra={"fr": "Cabinet TaxDome (le début de l’adresse de votre portail)"},
    )
    accounts: Scope = Field(
        Scope.USED,
        title="Accounts to sync",
        json_schema_extra=_choice(
            "Comptes à synchroniser",
            used=(
                "Synchronisez uniquement les comptes avec les factures ou les paiements",
                "Sync only accounts with invoices or payments",
            ),
            all=("Synchronisez tous les comptes", "Sync all accounts"),
            selected=(
                "Synchronisez seulement les comptes de la liste ci-dessous",
                "Sync only the accounts of the list below",
            ),
        ),
    )
    selected: str = Field(
        "",
        max_length=100_000,
        title="Accounts that are synced, where only selected ones are",
        description="An account that is not in the list yet is named by its TaxDome id.",
        json_schema_extra={
            "fr": "Comptes synchronisés, si seuls des comptes choisis le sont",
            "fr_hint": "Un compte qui n’est pas encore dans la liste se nomme par son identifiant TaxDome.",
            "known": {"stream": "accounts", "called": ["name"]},
        },
    )
    payments: Payments = Field(
        Payments.ALL,
        title="Payments to sync, where their own box says nothing",
        json_schema_extra=_choice(
            "Paiements à synchroniser, quand leur propre case ne dit rien",
            all=("Tous", "All"),
            online=(
                "Pas ceux reçus hors ligne (espèces, chèque, autre)",
                "Not offline ones (cash, check, other)",
            ),
            none=("Aucun", "None"),
        ),
    )
    landing: Landing = Field(
        Landing.UNDEPOSITED,
        title="Where payments land",
        description="A clearing account is easier to reconcile; the vendor's page names Undeposited Funds.",
        json_schema_extra={
            **_choice(
                "Où arrivent les paiements",
                undeposited=("Fonds non déposés", "Undeposited Funds"),
                clearing=("Un compte de passage (recommandé)", "A clearing account (recommended)"),
            ),
            "fr_hint": "Un compte de passage se rapproche mieux ; la page de l’éditeur nomme les fonds non déposés.",
        },
    )
    landing_before: str = Field(
        "",
        pattern=r"^\s*((\d{4}-\d{2}-\d{2}) *= *(undeposited|clearing)\s*)*$",
        title="Where payments landed before, “last day = answer”, one a line",
        description="A change counts after the last posted day; what landed before is paid out from there.",
        json_schema_extra={
            "fr": "Où arrivaient les paiements avant, « dernier jour = réponse », un par ligne",
            "fr_hint": "Un changement compte après le dernier jour transmis ; ce qui est arrivé avant est versé de là.",
        },
    )
    older_services: OlderServices = Field(
        OlderServices.DEFAULT_ITEM,
        title="Services created before the connection",
        json_schema_extra=_choice(
            "Services créés avant la connexion",
            default_item=(
                "L’article de vente par défaut, leur nom dans la description",
                "The default sales item, their name in the description",
            ),
            own_item=(
                "Un article à eux, dans le compte de revenu de service",
                "An item of their own, in the service income account",
            ),
        ),
    )
    tax: TaxPolicy = Field(
        TaxPolicy.MAPPED,
        title="Sales tax of invoices",
        description="A change counts for invoices after the last posted day; the list below says what counted before.",
        json_schema_extra={
            **_choice(
                "Taxe de vente des factures",
                automated=(
                    "États-Unis, taxe de vente automatisée activée dans QuickBooks",
                    "United States, automated sales tax switched on in QuickBooks",
                ),
                mapped=(
                    "Chaque taxe a sa taxe QuickBooks ; sans réponse, la facture attend",
                    "Each tax has its QuickBooks tax; without an answer the invoice waits",
                ),
                left_out=(
                    "Laisser la taxe hors de QuickBooks, comme le fait TaxDome",
                    "Leave tax out of QuickBooks, as TaxDome does",
                ),
            ),
            "fr_hint": "Un changement compte après le dernier jour transmis ; la liste ci-dessous dit ce qui comptait.",
        },
    )
    tax_before: str = Field(
        "",
        pattern=r"^\s*((\d{4}-\d{2}-\d{2}) *= *(automated|mapped|left_out)\s*)*$",
        title="What counted before for sales tax, “last day = answer”, one a line",
        description="Taken away, the answer above counts for older invoices too, once they are delivered again.",
        json_schema_extra={
            "fr": "Ce qui comptait avant pour la taxe de vente, « dernier jour = réponse », un par ligne",
            "fr_hint": "Retiré, la réponse ci-dessus compte aussi pour les plus anciennes, livrées de nouveau.",
        },
    )
    tracking: Tracking = Field(
        Tracking.FOLLOW,
        title="Class and location of invoices",
        json_schema_extra=_choice(
            "Classe et lieu des factures",
            follow=(
                "Ceux de QuickBooks qui portent le même nom, ou que vous choisissez",
                "Those of QuickBooks that bear the same name, or that you choose",
            ),
            left_out=("Les laisser de côté", "Leave them out"),
        ),
    )
    synced: str = Field(
        "",
        max_length=100_000,
        title="Payments that are synced all the same",
        json_schema_extra={
            "fr": "Paiements synchronisés quand même",
            "known": {"stream": "payments", "called": ["date", "amount+currency"]},
        },
    )
    unsynced: str = Field(
        "",
        max_length=100_000,
        title="Accounts that are not synced",
        json_schema_extra={
            "fr": "Comptes non synchronisés",
            "known": {"stream": "accounts", "called": ["name"]},
        },
    )
    columns: str = Field(
        "",
        title="Columns of your own tables",
        description="Of other headings, one a line: invoice.number = Invoice #",
        json_schema_extra={
            "fr": "Colonnes de vos propres tableaux",
            "fr_hint": "D’autres titres, un par ligne : invoice.number = No de facture",
            "known": known_columns(CONTRACT),
        },
    )
    input_kind: InputKind = Field(
        InputKind.UPLOAD,
        title="How the data comes, beside signed messages",
        json_schema_extra=_choice(
            "Provenance des données, outre les messages signés",
            upload=("Je dépose les fichiers ici", "I upload the files here"),
            folder=("Un dossier de ce serveur", "A folder of this server"),
            pull=("Une adresse qui suit notre contrat", "An address that follows our contract"),
        ),
    )
    folder: ServerFolder = ""
    base_url: str = Field(
        "",
        pattern=r"^(https?://.+)?$",
        title="Address that follows the contract",
        json_schema_extra={"fr": "Adresse qui suit le contrat", "when": {"input_kind": ["pull"]}},
    )
    token: SecretStr = Field(
        SecretStr(""),
        title="Token of that address",
        json_schema_extra={"fr": "Jeton de cette adresse", "when": {"input_kind": ["pull"]}},
    )

    @field_validator("columns")
    @classmethod
    def _columns(cls, value: str) -> str:
        return checked_columns(CONTRACT, value, "taxdome.settings_columns")

    @model_validator(mode="after")
    def _input_is_complete(self) -> Self:
        if self.input_kind is InputKind.FOLDER and not self.folder:
            raise PydanticCustomError("taxdome.settings_folder", "Give the folder. · Indiquez le dossier.")
        if self.input_kind is InputKind.PULL and not (self.base_url and self.token.get_secret_value()):
            raise PydanticCustomError(
                "taxdome.settings_pull", "Give the address and its token. · Indiquez l’adresse et son jeton."
            )
        return self

    def intake(self) -> Intake:
        """Return how the data comes, as the contract's transport takes it."""
        pull = Pull(self.base_url, self.token) if self.input_kind is InputKind.PULL else None
        folder = self.folder if self.input_kind is InputKind.FOLDER else ""
        return Intake(folder=folder, pull=pull, said=said_columns(CONTRACT, self.columns), asks=True)

    def tax_on(self, day: date) -> TaxPolicy:
        """Return what becomes of the tax of an invoice of a day: an older one keeps what counted then."""
        return TaxPolicy(_counted(self.tax_before, day) or self.tax)

    def landing_on(self, day: date) -> Landing:
        """Return where a payment of a day landed: an older one lies where it landed then."""
        return Landing(_counted(self.landing_before, day) or self.landing)

    def leaves_out(self, account: str) -> bool:
        """Tell whether an account is not synced."""
        return account in _ids(self.unsynced) or self.not_selected(account)

    def not_selected(self, account: str) -> bool:
        """Tell whether an account is not among those that were selected, where only these are synced."""
        return self.accounts is Scope.SELECTED and account not in _ids(self.selected)

    def takes_all_the_same(self, payment: str) -> bool:
        """Tell whether a person said that a payment is synced whatever its box and the firm's default say."""
        return payment in _ids(self.synced)


def _ids(lines: str) -> set[str]:
    return {line.strip() for line in lines.splitlines()}


def _counted(before: str, day: date) -> str:
    """Return what counted on a day by a list of last days; nothing where what counts today did."""
    said = sorted([part.strip() for part in line.split("=", 1)] for line in before.splitlines() if "=" in line)
    return next((answer for last, answer in said if day.isoformat() <= last), "")
