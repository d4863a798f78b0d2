"""Checks of a QuickBooks company: reachable, its settings, and whether its books take what we bring."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from raccord.errors import RaccordError
from raccord.onboarding.checking.features import LIVE, check_features
from raccord.onboarding.checking.findings import Finding, Level, refused, well
from raccord.onboarding.checking.lists import check_lists
from raccord.onboarding.connecting.companies import refresh_company
from raccord.plugin.texts import Text
from raccord.quickbooks import Cause, Page, QuickBooksError, explain, page_link
from raccord.store.models import Choice, Company, Connection, LedgerEntry, RecordState, SourceRecord
from raccord.sync.books.company import Facts, read_facts
from raccord.sync.environments import environment_of, is_local
from raccord.sync.fetching.keep import UNSAID
from raccord.sync.workshop import Workshop


def check_company(workshop: Workshop, company: Company) -> Iterator[Finding]:
    """Ask QuickBooks and bring what we know of the company's lists up to date; a refusal ends the company's checks."""
    try:
        company = refresh_company(workshop, company.id)
        client = workshop.client(company)
        preferences = client.preferences().value
        facts = read_facts(client)
    except QuickBooksError as error:
        yield _refusal(error, company)
        return
    except RaccordError as error:
        yield refused(error, company.name)
        return
    yield well("doctor.quickbooks", "QuickBooks répond.", "QuickBooks answers.", company.name)
    yield from _closing(workshop, company, facts)
    yield from _sales_forms(company, preferences)
    money = list(_currencies(workshop, company, facts))
    yield from money
    foreign = any(each.level is not Level.OK for each in money)
    yield from _taxes(workshop, company, preferences, facts)
    yield _clearing(workshop, company)
    try:
        yield from check_features(workshop, company, client, preferences, facts, foreign)
        yield from check_lists(workshop, company, client)
    except QuickBooksError as error:
        yield _refusal(error, company)


def _refusal(error: QuickBooksError, company: Company) -> Finding:
    french, english = explain(error.cause, "fr"), explain(error.cause, "en")
    what = Text(f"{french.what} {french.why}", f"{english.what} {english.why}")
    fix = Text(french.fix, english.fix)
    if error.cause is Cause.UNAVAILABLE and is_local(company):
        # Intuit knows nothing of a sandbox of one's own.
        address = environment_of(company.environment).api_base
        fix = Text(
            f"C'est un bac à sable : lancez-le (il doit répondre à {address}), puis vérifiez de nouveau.",
            f"This is a sandbox: start it (it is to answer at {address}), then check again.",
        )
    return Finding(str(error.cause), Level.FAILED, what, fix, company.name)


def _link(company: Company, page: Page) -> str:
    return page_link(environment_of(company.environment), page, realm=company.realm)


def _closing(workshop: Workshop, company: Company, facts: Facts) -> Iterator[Finding]:
    closed = facts.closed_on
    if closed is None:
        yield well("doctor.closing", "Aucune date de clôture.", "No closing date.", company.name)
        return
    with workshop.database.read() as session:
        reaching = session.scalars(
            select(Connection.label).where(
                Connection.company_id == company.id, Connection.state.in_(LIVE), Connection.starts_on <= closed
            )
        ).all()
    if reaching:
        names = ", ".join(reaching)
        yield Finding(
            "posting.period_closed",
            Level.WARNING,
            Text(
                f"Les livres sont clos jusqu'au {closed} ; ces connexions commencent avant : {names}.",
                f"The books are closed to {closed}; these connections begin earlier: {names}.",
            ),
            Text(
                "Ce qui date de la période close restera bloqué ; déplacez la clôture ou le premier jour.",
                "What is dated in the closed period stays blocked; move the closing date or the first day.",
            ),
            company.name,
            _link(company, Page.ADVANCED_SETTINGS),
        )
    else:
        yield well("doctor.closing", f"Livres clos jusqu'au {closed}.", f"Books closed to {closed}.", company.name)


def _sales_forms(company: Company, preferences: Mapping[str, Any]) -> Iterator[Finding]:
    forms = preferences.get("SalesFormsPrefs", {})
    if forms.get("CustomTxnNumbers") is not True:
        yield Finding(
            "doctor.numbers_automatic",
            Level.WARNING,
            Text(
                "QuickBooks numérote lui-même les ventes ; sa suite continue alors d'après nos numéros.",
                "QuickBooks numbers sales itself; its sequence then goes on from our numbers.",
            ),
            Text(
                "Activez « Numéros de transaction personnalisés » (Compte et paramètres, Ventes).",
                "Turn on “Custom transaction numbers” (Account and settings, Sales).",
            ),
            company.name,
            _link(company, Page.SALES_SETTINGS),
        )
    else:
        yield well("doctor.numbers", "Numéros personnalisés activés.", "Custom numbers are on.", company.name)
    if forms.get("AutoApplyCredit") is True:
        yield Finding(
            "doctor.credits_automatic",
            Level.WARNING,
            Text(
                "QuickBooks applique lui-même les crédits : un paiement peut solder une autre facture que la sienne.",
                "QuickBooks applies credits by itself: a payment may settle another invoice than its own.",
            ),
            Text(
                "Désactivez « Appliquer automatiquement les crédits » (Compte et paramètres, Avancé).",
                "Turn off “Automatically apply credits” (Account and settings, Advanced).",
            ),
            company.name,
            _link(company, Page.ADVANCED_SETTINGS),
        )
    else:
        yield well("doctor.credits", "Crédits appliqués à la main.", "Credits are applied by hand.", company.name)


def _currencies(workshop: Workshop, company: Company, facts: Facts) -> Iterator[Finding]:
    home = facts.encoding.home_currency
    with workshop.database.read() as session:
        rows = session.execute(
            select(Connection.label, SourceRecord.currency)
            .join(SourceRecord, SourceRecord.connection_id == Connection.id)
            .where(
                Connection.company_id == company.id,
                Connection.state.in_(LIVE),
                SourceRecord.currency.is_not(None),
                SourceRecord.currency != home,
                # What is left out needs no account.
                SourceRecord.state != RecordState.SKIPPED,
                SourceRecord.reason.not_in(UNSAID),
            )
            .distinct()
            .order_by(Connection.label, SourceRecord.currency)
        ).all()
    for label, currency in rows:
        many = facts.encoding.multicurrency
        yield Finding(
            "doctor.currency_foreign",
            Level.WARNING if many else Level.FAILED,
            Text(
                f"« {label} » apporte des montants en {currency}, la société tient ses livres en {home}.",
                f"“{label}” brings amounts in {currency}, the company keeps its books in {home}.",
            ),
            Text("Choisissez des comptes tenus dans cette devise.", "Choose accounts kept in that currency.")
            if many
            else Text(
                "Activez les devises multiples dans QuickBooks (irréversible), ou reliez une autre société.",
                "Turn multicurrency on in QuickBooks (it cannot be undone), or connect another company.",
            ),
            company.name,
            _link(company, Page.ADVANCED_SETTINGS),
        )
    if not rows:
        yield well("doctor.currency", f"Tout est en {home}.", f"Everything is in {home}.", company.name)


def _taxes(workshop: Workshop, company: Company, preferences: Mapping[str, Any], facts: Facts) -> Iterator[Finding]:
    settings = preferences.get("TaxPrefs", {})
    link = _link(company, Page.TAXES)
    if not facts.encoding.taxed:
        if settings.get("PartnerTaxEnabled") is True:
            yield Finding(
                "doctor.tax_automated",
                Level.WARNING,
                Text(
                    "QuickBooks calcule lui-même la taxe de vente : le total d'une vente peut différer de la source.",
                    "QuickBooks computes sales tax itself: the total of a sale may differ from the source's.",
                ),
                Text(
                    "Chaque total est comparé au centime, et un écart est montré. Vérifiez l'adresse de la société et "
                    "la catégorie de taxe des produits.",
                    "Each total is compared to the cent and a difference is shown. Check the company's address and "
                    "the tax category of its items.",
                ),
                company.name,
                link,
            )
        return
    if settings.get("UsingSalesTax") is False:
        yield Finding(
            "doctor.tax_off",
            Level.FAILED,
            Text(
                f"Une société de ce pays ({company.country}) demande des taxes, et elles sont désactivées.",
                f"A company of this country ({company.country}) needs taxes, and they are turned off.",
            ),
            Text("Configurez les taxes de vente dans QuickBooks.", "Set sales taxes up in QuickBooks."),
            company.name,
            link,
        )
        return
    taxing = [code for code, rates in facts.encoding.tax_codes.items() if sum((r.percent for r in rates), Decimal(0))]
    if not taxing:
        yield Finding(
            "posting.missing_tax_code",
            Level.FAILED,
            Text(
                f"Une société de ce pays ({company.country}) a besoin de codes de taxe, et aucun ne taxe.",
                f"A company of this country ({company.country}) needs tax codes, and none of them taxes.",
            ),
            Text("Configurez les taxes de vente dans QuickBooks.", "Set sales taxes up in QuickBooks."),
            company.name,
            link,
        )
        return
    empty = _without_rates(workshop, company, facts)
    if empty:
        yield Finding(
            "doctor.tax_rate_missing",
            Level.FAILED,
            Text(
                f"Ces codes de taxe, que des connexions emploient, n'ont aucun taux de vente : {empty}.",
                f"These tax codes, which connections use, have no sales rate: {empty}.",
            ),
            Text(
                "Donnez-leur un taux dans QuickBooks, ou choisissez un autre code : raccord connect choose.",
                "Give them a rate in QuickBooks, or choose another code: raccord connect choose.",
            ),
            company.name,
            link,
        )
        return
    yield _rated(len(taxing), len(facts.encoding.tax_codes) - len(taxing), company)


def _rated(count: int, others: int, company: Company) -> Finding:
    """Count the tax codes, those without a rate apart: they are offered in lists too."""
    return well(
        "doctor.taxes",
        f"Codes de taxe avec un taux : {count}" + (f" ; sans taux (exonéré, détaxé…) : {others}." if others else "."),
        f"Tax codes with a rate: {count}" + (f"; without one (exempt, zero-rated…): {others}." if others else "."),
        company.name,
    )


def _without_rates(workshop: Workshop, company: Company, facts: Facts) -> str:
    """Return the names of tax codes that live connections chose and that have no rate on sales."""
    with workshop.database.read() as session:
        rows = session.execute(
            select(Choice.ledger_id, Choice.ledger_name)
            .join(Connection, Connection.id == Choice.connection_id)
            .where(Connection.company_id == company.id, Connection.state.in_(LIVE), Choice.ledger_kind == "TaxCode")
            .distinct()
        ).all()
    return ", ".join(sorted(name for code, name in rows if facts.encoding.tax_codes.get(code) == ()))


def _clearing(workshop: Workshop, company: Company) -> Finding:
    with workshop.database.read() as session:
        own = session.scalars(
            select(LedgerEntry.name).where(
                LedgerEntry.company_id == company.id,
                LedgerEntry.kind == "Account",
                LedgerEntry.subtype == "UndepositedFunds",
                LedgerEntry.active.is_(True),
            )
        ).first()
    if own is not None:
        return well("doctor.clearing", f"Compte d'attente : {own}.", f"Clearing account: {own}.", company.name)
    return Finding(
        "doctor.clearing_missing",
        Level.FAILED,
        Text(
            "La société n'a pas de compte « Fonds non déposés » actif.",
            "The company has no active “Undeposited Funds” account.",
        ),
        Text(
            "Activez ou créez ce compte dans QuickBooks ; les dépôts groupés en ont besoin.",
            "Make that account active, or create it, in QuickBooks; grouped deposits need it.",
        ),
        company.name,
        _link(company, Page.ACCOUNTS),
    )
