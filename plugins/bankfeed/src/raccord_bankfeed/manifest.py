"""What the connector says of itself before a record moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from importlib.resources import files

from pydantic import BaseModel

from raccord.plugin import OWNER_ROLE, ConnectorInfo, NewObject, RoleInfo, SourceAccount, StreamInfo, TermTable, Text
from raccord.plugin.drafts import Accepts
from raccord_bankfeed.covering import file_days
from raccord_bankfeed.institutions import directory
from raccord_bankfeed.mapping import LEDGER_ACCOUNT
from raccord_bankfeed.providers.chosen import read_choices, with_cards, write_choices
from raccord_bankfeed.providers.roads import PROVIDERS
from raccord_bankfeed.quicken import said_parts
from raccord_bankfeed.records import LINES, STATEMENTS
from raccord_bankfeed.settings import CARD, OVER_THE_NETWORK, BankFeedSettings
from raccord_bankfeed.words import FACT_VALUES, FACTS

VERSION = "0.1.0"
LIMITS = (
    Text(
        "Fichiers OFX 1 et 2, QFX, QBO, QIF, CAMT.052, 053 et 054, MT940, MT942, BAI2 et CSV.",
        "OFX 1 and 2, QFX, QBO, QIF, CAMT.052, 053 and 054, MT940, MT942, BAI2 and CSV files.",
    ),
    Text(
        "SimpleFIN : 90 jours en arrière, une lecture par jour de la banque ; plus loin par un fichier.",
        "SimpleFIN: 90 days back, one look at the bank a day; further back by a file.",
    ),
    Text(
        "Plaid : 730 jours en arrière au plus, selon la banque ; ses messages ne sont pas reçus, chaque synchro "
        "demande.",
        "Plaid: 730 days back at most, as the bank gives; its own messages are not taken in, each run asks.",
    ),
    Text(
        "Enable Banking : 89 jours en arrière chez la plupart des banques, quatre lectures par jour ; le consentement "
        "est à redonner tous les 90 à 180 jours.",
        "Enable Banking: 89 days back at most banks, four looks a day; the consent has to be given again every 90 to "
        "180 days.",
    ),
    Text(
        "Une autre devise que celle de la société : seulement avec les devises multiples de QuickBooks, dans un compte "
        "tenu dans cette devise ; une conversion entre deux soldes se saisit à la main.",
        "Another currency than the company's: only with multicurrency in QuickBooks, on an account that is kept in it; "
        "a conversion between two balances is entered by hand.",
    ),
    Text(
        "Les opérations en attente ne sont pas envoyées ; les comptes de placement et de prêt ne sont pas lus.",
        "Pending transactions are not posted; investment and loan accounts are not read.",
    ),
)


def _history_days(settings: BaseModel) -> int | None:
    """Tell how far back a connection's provider goes; files go as far as there are files."""
    if not isinstance(settings, BankFeedSettings) or settings.input_kind not in PROVIDERS:
        return None
    return PROVIDERS[settings.input_kind].history_days(settings)


def _consent_ends(settings: BaseModel) -> date | None:
    """Tell on which day a bank's consent ends, where it does."""
    if not isinstance(settings, BankFeedSettings) or settings.input_kind not in PROVIDERS:
        return None
    return PROVIDERS[settings.input_kind].consent_ends(settings)


def _known_accounts(settings: BaseModel) -> Sequence[SourceAccount]:
    """Tell which accounts a person chose at a provider, or named for files."""
    if not isinstance(settings, BankFeedSettings):
        return ()
    cards = {each.key for each in read_choices(settings.chosen) if each.card}
    return [
        SourceAccount(key, name, bool(settings.is_card(key)) or key in cards)
        for key, name in settings.account_names().items()
    ]


def _keep_cards(settings: BaseModel, cards: Mapping[str, bool]) -> Mapping[str, str]:
    """Keep which accounts are cards, with those chosen at a provider or apart for files: their lines are a card's."""
    if not isinstance(settings, BankFeedSettings):
        return {}
    chosen = read_choices(settings.chosen)
    others = {key: card for key, card in cards.items() if key not in {each.key for each in chosen}}
    kept = [each for each in settings.kinds.splitlines() if each.partition("=")[0].strip() not in others]
    said = [f"{key} = {CARD if card else 'bank'}" for key, card in others.items()]
    return {"chosen": write_choices(with_cards(chosen, cards)), "kinds": "\n".join([*kept, *said])}


def _role() -> RoleInfo:
    """Return the role of each account at the bank."""
    return RoleInfo(
        LEDGER_ACCOUNT,
        Text("Compte du plan comptable", "Account in the chart of accounts"),
        Accepts.BANK_OR_CARD,
        help=Text(
            "Le compte QuickBooks qui correspond à ce compte de la banque ou à cette carte.",
            "The QuickBooks account that this account at the bank, or this card, is.",
        ),
        told_by_records=True,
        known_accounts=_known_accounts,
        keep_cards=_keep_cards,
    )


def _owner() -> RoleInfo:
    """Return the role of the owner's own account, which review proposes for what is personal."""
    return RoleInfo(
        OWNER_ROLE,
        Text("Compte du propriétaire", "Owner’s account"),
        Accepts.EQUITY,
        required=False,
        proposal=NewObject(Text("Retraits du propriétaire", "Owner draws")),
        help=Text(
            "Où va ce qui est personnel dans un compte qui mêle les deux, jamais à une dépense. Chaque opération "
            "reste à valider, et un autre compte peut y être dit.",
            "Where what is personal goes in an account that mixes both, never to an expense. Each line is still "
            "validated, and another account may be said there.",
        ),
    )


_QUESTIONS = {
    "bankfeed.date_order": "answers",
    "bankfeed.decimal_mark": "answers",
    "bankfeed.year_missing": "answers",
    "bankfeed.statement_does_not_add_up": "answers",
    "bankfeed.csv_columns": "csv_columns",
    "bankfeed.signs_contradict": "answers",
    "bankfeed.sections": "answers",
    "bankfeed.trades": "answers",
    "bankfeed.tax_beside": "answers",
    "bankfeed.texts_first": "answers",
    "bankfeed.which_account": "answers",
    "bankfeed.same_account": "answers",
    "bankfeed.file_questions": "answers",
}
"""By code which setting answers a question about files."""


def manifest() -> ConnectorInfo:
    """Return the manifest; reads the term table that ships with the connector."""
    terms = TermTable.from_toml((files("raccord_bankfeed") / "terms.toml").read_text(encoding="utf-8"))
    return ConnectorInfo(
        name="bankfeed",
        label=Text("Comptes bancaires", "Bank feed"),
        summary=Text(
            "Lit les fichiers de vos comptes bancaires et de vos cartes, ligne par ligne, jamais deux fois ; "
            "vous validez "
            "chaque ligne avec sa catégorie.",
            "Reads the files of your bank and card accounts, line by line, never twice; you validate each line "
            "with its "
            "category.",
        ),
        version=VERSION,
        uploads={"input_kind": "upload"},
        one_file_each=True,
        institutions=directory(),
        files_cover=file_days(),
        history_days=_history_days,
        credentials_end=_consent_ends,
        signs_in={"input_kind": sorted(OVER_THE_NETWORK)},
        hosts=(
            *("bridge.simplefin.org", "beta-bridge.simplefin.org", "{simplefin_server}", "{ofx_url}"),
            *("api-m.paypal.com", "api-m.sandbox.paypal.com", "{paypal_server}"),
            *("production.plaid.com", "sandbox.plaid.com", "{plaid_server}"),
            *("api.enablebanking.com", "{enable_server}"),
        ),
        questions=_QUESTIONS,
        unnamed={"bankfeed.account_unnamed": "accounts"},
        currencies={"bankfeed.currency_missing": "currencies"},
        left_out="left_out",
        streams=(
            StreamInfo(LINES, Text("Lignes de banque", "Bank lines")),
            StreamInfo(STATEMENTS, Text("Relevés et soldes", "Statements and balances")),
        ),
        settings=BankFeedSettings,
        roles=(_role(), _owner()),
        terms=terms,
        limits=LIMITS,
        warnings=(
            Text(
                "Un compte peut mêler dépenses de la société et dépenses personnelles : écartez les lignes "
                "personnelles "
                "à mesure qu’elles arrivent.",
                "An account may mix business and personal spending: sort the personal lines out as they come.",
            ),
            Text(
                "Si QuickBooks télécharge aussi ce compte, excluez-y ces lignes ou rapprochez-les : sinon elles "
                "comptent "
                "deux fois.",
                "If QuickBooks downloads this account as well, exclude these lines there or match them: otherwise they "
                "count twice.",
            ),
        ),
        validates_each=True,
        facts=FACTS,
        fact_values=FACT_VALUES,
        said_parts=said_parts,
        tile="BQ",
        hue=212,
    )
