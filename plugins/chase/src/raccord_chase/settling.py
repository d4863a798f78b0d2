"""Puts settlements together: one transfer of one report period, checked against its own totals before it may post."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from raccord.plugin import Money
from raccord_chase.facts import Charge, Chargeback, FeeLine, LineType, Settlement, SettlementLine, Transaction, in_order
from raccord_chase.problems import Problem, problem
from raccord_chase.readers.dfr import Period
from raccord_chase.readers.dfr_facts import (
    CHARGEBACKS_NET,
    NET,
    REFUND,
    SALE,
    ChargeRow,
    DepositRow,
    GroupKey,
)
from raccord_chase.readers.layouts import Layout
from raccord_chase.settings import ChargebackSource, ChargeSource, ChaseSettings
from raccord_chase.timing import funding_day

LINES_MAX = 50_000
_DETAIL_LINES_MAX = 12
_ZERO = Decimal(0)


@dataclass(slots=True)
class PeriodFacts:
    """Everything that all files say of one report period; ``conflicts`` names ids with contradicting rows."""

    period: Period
    deposits: list[DepositRow] = field(default_factory=list)
    charges: list[ChargeRow] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)
    chargebacks: list[Chargeback] = field(default_factory=list)
    conflicts: list[tuple[str, str]] = field(default_factory=list)
    """(entity, what contradicts itself)"""
    elsewhere: frozenset[GroupKey] = frozenset()
    """Transfers that the summary of another period holds."""


@dataclass(frozen=True, slots=True)
class Named:
    """A problem of one settlement, by its id."""

    id: str
    problem: Problem


Settled = Settlement | Charge | Chargeback | Named
"""What a period becomes; chargebacks only where they are read from the summary."""


def settle(facts: PeriodFacts, settings: ChaseSettings, currency: str, layout: Layout) -> list[Settled]:
    """Return the settlements of a period, ordered by id; what does not add up is a problem and stops that one only."""
    table = _Table(facts, settings, currency, layout)
    return _ordered(result for key in table.groups if not table.is_charge(key) for result in table.settlement(key))


def charges_apart(facts: PeriodFacts, settings: ChaseSettings, currency: str, layout: Layout) -> list[Settled]:
    """Return the charges of a period that were debited apart, ordered by id (rule K13); members are not needed."""
    table = _Table(facts, settings, currency, layout)
    found = [result for key in table.groups if table.is_charge(key) for result in table.charge(key)]
    return _ordered([*found, *table.charges_without_summary()])


def _ordered(results: Iterable[Settled]) -> list[Settled]:
    return sorted(results, key=lambda result: (result.id, type(result).__name__))


def settlement_id(key: GroupKey, period: Period) -> str:
    """Return the id of a settlement: entity, currency, transfer and report period."""
    return f"{key.entity}-{key.currency}-{key.transfer}-{period.start:%Y%m%d}-{period.end:%Y%m%d}"


class _Table:
    """The rows of one period by transfer."""

    def __init__(self, facts: PeriodFacts, settings: ChaseSettings, currency: str, layout: Layout) -> None:
        self.facts = facts
        self.settings = settings
        self.currency = currency
        self.layout = layout
        self.groups: dict[GroupKey, list[DepositRow]] = defaultdict(list)
        self.conveyed: set[tuple[str, str, str]] = set()
        for row in facts.deposits:
            self.groups[row.group].append(row)
            if row.conveyed and row.method:
                self.conveyed.add((row.group.entity, row.group.currency, row.method))
        self.day = funding_day(facts.period.end, settings)

    def is_charge(self, key: GroupKey) -> bool:
        return self._sums(key).only_fees(self.layout)

    def charge(self, key: GroupKey) -> Iterator[Settled]:
        """Check a transfer that holds nothing but fees and yield its charge."""
        id_, sums = settlement_id(key, self.facts.period), self._sums(key)
        found = self._net(key, id_, sums)
        if isinstance(found, Problem):
            yield Named(id_, found)
        else:
            lines = tuple(self._fee_lines(key, found[1]))
            yield Charge(id=id_, day=self.day, currency=key.currency, lines=lines)

    def settlement(self, key: GroupKey) -> Iterator[Settled]:
        """Check a transfer and yield its settlement, or what is wrong with it."""
        id_, sums = settlement_id(key, self.facts.period), self._sums(key)
        if not sums.amounts:
            return  # all of it is paid by somebody else
        found = self._net(key, id_, sums)
        if isinstance(found, Problem):
            yield Named(id_, found)
            return
        members = self._members(key, id_, sums)
        if isinstance(members, Problem):
            yield Named(id_, members)
            return
        net, fees = found
        for name in sums.unknown(self.layout):
            yield Named(id_, problem("unknown_category", value=name))
        yield from self._summary_chargebacks(key, id_, sums)
        fee_lines = (
            SettlementLine(LineType.FEE, fee.category, fee.amount, fee.description)
            for fee in self._fee_lines(key, fees)
        )
        lines = in_order([*members, *fee_lines])
        if len(lines) > LINES_MAX:
            yield Named(id_, problem("settlement_too_long", id=id_, found=len(lines), limit=LINES_MAX))
            return
        period = (self.facts.period.start, self.facts.period.end)
        yield Settlement(id=id_, day=self.day, currency=key.currency, net=net, lines=lines, period=period)

    def charges_without_summary(self) -> Iterator[Settled]:
        """Yield the charges whose transfer is in no deposit summary.

        They are debited apart only where the settings say that the summary never lists such debits: else the summary
        may just not be here yet, and the charge would be posted a second time inside its deposit.
        """
        apart: dict[GroupKey, list[ChargeRow]] = defaultdict(list)
        for row in self.facts.charges:
            if row.group not in self.groups and row.group not in self.facts.elsewhere:
                apart[row.group].append(row)
        for key, rows in apart.items():
            id_ = settlement_id(key, self.facts.period)
            total = sum((row.total for row in rows), _ZERO)
            if key.currency != self.currency:
                yield Named(id_, problem("other_currency", found=key.currency, expected=self.currency))
            elif not self.groups or self.settings.charges_from is ChargeSource.SUMMARY:
                transfer = key.transfer or "?"
                wrong = problem("charge_unplaced", amount=total, currency=key.currency, transfer=transfer)
                yield Named(id_, wrong)
            else:
                yield Charge(id=id_, day=self.day, currency=key.currency, lines=tuple(_apart(rows, total)))

    def _net(self, key: GroupKey, id_: str, sums: _Sums) -> tuple[Decimal, Mapping[str, Decimal]] | Problem:
        """Return NET and the fees as they move the bank, once the lines add up to it."""
        if key.currency != self.currency:
            return problem("other_currency", found=key.currency, expected=self.currency)
        categories = self.layout.categories
        for name, amount in sums.amounts.items():
            if name in categories.unsupported and amount:
                return problem("settlement_unsupported", id=id_, amount=amount, currency=self.currency, category=name)
        if NET not in sums.amounts:
            return problem("settlement_no_net", id=id_)
        net = sums.amounts[NET]
        without_fees = sums.get(SALE) - abs(sums.get(REFUND)) + sums.get(CHARGEBACKS_NET)
        totals: list[Decimal] = []
        for sign in categories.fee_signs:
            fees = {name: self._fee(name, sums.amounts[name], sign) for name in categories.fees if name in sums.amounts}
            totals.append(without_fees + sum(fees.values(), _ZERO))
            if totals[-1] == net:
                return net, fees
        found = totals[0]
        return problem("settlement_net", id=id_, found=found, said=net, difference=found - net, currency=self.currency)

    def _sums(self, key: GroupKey) -> _Sums:
        return _Sums.of([row for row in self.groups[key] if not row.conveyed])

    def _fee(self, name: str, amount: Decimal, sign: str) -> Decimal:
        # Interchange and processing fees are subtracted; other lines bear the sign with which they move the bank.
        return -amount if name in ("IA", "PFEE") and sign == "positive" else amount

    def _fee_lines(self, key: GroupKey, fees: Mapping[str, Decimal]) -> list[FeeLine]:
        """Return one line a fee, or its service charges where their sum is the same to the cent."""
        lines: list[FeeLine] = []
        for name, amount in fees.items():
            detail: dict[str, Decimal] = defaultdict(Decimal)
            for row in self.facts.charges:
                if row.group == key and row.category == name:
                    detail[row.description] += row.total
            total = sum(detail.values(), _ZERO)
            in_cents = all(Money(part, key.currency).rounded().amount == part for part in detail.values())
            if amount and abs(total) == abs(amount) and in_cents and len(detail) <= _DETAIL_LINES_MAX:
                turn = 1 if total == amount else -1
                lines += [
                    FeeLine(name, text, Money(turn * part, key.currency).rounded().amount)
                    for text, part in sorted(detail.items())
                    if part
                ]
            elif amount:
                lines.append(FeeLine(name, "", amount))
        return lines

    def _members(self, key: GroupKey, id_: str, sums: _Sums) -> list[SettlementLine] | Problem:
        """Return the receipts of a transfer, once their sums and counts are those of its summary."""
        for entity, detail in self.facts.conflicts:
            if entity == key.entity:
                return problem("settlement_conflict", id=id_, detail=detail)
        methods = self._methods(key)
        if methods is None:
            return problem("settlement_ambiguous", id=id_, entity=key.entity)
        mine = [
            each
            for each in self.facts.transactions
            if (each.entity, each.currency) == (key.entity, key.currency)
            and (each.entity, each.currency, each.method) not in self.conveyed
            and (not methods or each.method in methods)
        ]
        sales = [each for each in mine if not each.refund]
        refunds = [each for each in mine if each.refund]
        chargebacks = self._chargebacks(key, id_, sums)
        checks = (
            (SALE, sums.get(SALE), sum((each.amount for each in sales), _ZERO), sums.counts.get(SALE), len(sales)),
            (
                REFUND,
                abs(sums.get(REFUND)),
                sum((each.amount for each in refunds), _ZERO),
                sums.counts.get(REFUND),
                len(refunds),
            ),
            (CHARGEBACKS_NET, sums.get(CHARGEBACKS_NET), sum((each.signed for each in chargebacks), _ZERO), None, 0),
        )
        for kind, said, found, said_count, found_count in checks:
            if said != found:
                return problem(
                    "settlement_sum",
                    id=id_,
                    kind=kind,
                    said=said,
                    found=found,
                    difference=said - found,
                    currency=key.currency,
                )
            if said_count is not None and said_count != found_count:
                return problem("settlement_count", id=id_, kind=kind, said=said_count, found=found_count)
        lines = [SettlementLine(LineType.SALE, each.id, each.amount) for each in sales]
        lines += [SettlementLine(LineType.REFUND, each.id, -each.amount) for each in refunds]
        lines += [SettlementLine(LineType.CHARGEBACK, each.id, each.signed) for each in chargebacks]
        # A receipt of zero is never posted, so nothing can link to it.
        return [line for line in lines if line.amount]

    def _methods(self, key: GroupKey) -> frozenset[str] | None:
        """Return the payment methods of a transfer where an entity has several; nothing (empty) where it has one."""
        rivals = [
            other
            for other in self.groups
            if (other.entity, other.currency) == (key.entity, key.currency) and not self.is_charge(other)
        ]
        if len(rivals) < 2:
            return frozenset()
        by_group = {other: _methods_of(self.groups[other]) for other in rivals}
        mine = by_group[key]
        clash = any(mine & methods for other, methods in by_group.items() if other != key)
        return None if clash or not mine or "" in mine else mine

    def _chargebacks(self, key: GroupKey, id_: str, sums: _Sums) -> list[Chargeback]:
        if self.settings.chargebacks_from is ChargebackSource.SUMMARY:
            return list(self._summary_chargebacks(key, id_, sums))
        return [each for each in self.facts.chargebacks if (each.entity, each.currency) == (key.entity, key.currency)]

    def _summary_chargebacks(self, key: GroupKey, id_: str, sums: _Sums) -> Iterator[Chargeback]:
        amount = sums.get(CHARGEBACKS_NET)
        if self.settings.chargebacks_from is ChargebackSource.SUMMARY and amount:
            yield Chargeback(
                id=f"{id_}-{CHARGEBACKS_NET}",
                dispute=id_,
                returned=amount > 0,
                day=self.facts.period.end,
                currency=key.currency,
                amount=abs(amount),
                entity=key.entity,
            )


@dataclass(frozen=True, slots=True)
class _Sums:
    """Amounts and counts of a transfer by category; a count is kept only where every row has one."""

    amounts: Mapping[str, Decimal]
    counts: Mapping[str, int]

    @classmethod
    def of(cls, rows: Sequence[DepositRow]) -> _Sums:
        amounts: dict[str, Decimal] = defaultdict(Decimal)
        counts: dict[str, int] = defaultdict(int)
        unknown = {row.category for row in rows if row.count is None}
        for row in rows:
            amounts[row.category] += row.amount
            counts[row.category] += row.count or 0
        return cls(dict(amounts), {name: count for name, count in counts.items() if name not in unknown})

    def get(self, category: str) -> Decimal:
        return self.amounts.get(category, _ZERO)

    def unknown(self, layout: Layout) -> list[str]:
        """Return the categories nobody knows that bear an amount; the NET line proves they move no money."""
        named = layout.categories
        known = {SALE, REFUND, CHARGEBACKS_NET, NET, *named.fees, *named.unsupported, *named.not_money}
        return sorted(name for name, amount in self.amounts.items() if amount and name not in known)

    def only_fees(self, layout: Layout) -> bool:
        """Tell whether nothing but fees moved: such a transfer is a charge debited apart (rule K13)."""
        moved = {name for name, amount in self.amounts.items() if amount and name != NET}
        counted = any(self.counts.get(name) for name in (SALE, REFUND))
        return bool(moved) and not counted and moved <= set(layout.categories.fees)


def _methods_of(rows: Sequence[DepositRow]) -> frozenset[str]:
    return frozenset(row.method for row in rows if row.category in (SALE, REFUND) and not row.conveyed and row.amount)


def _apart(rows: Sequence[ChargeRow], total: Decimal) -> list[FeeLine]:
    """Return the lines of a charge; where they are not in whole cents, one line of the total rounded half up."""
    currency = rows[0].group.currency
    parts = [(row, Money(row.total, currency).rounded().amount) for row in rows]
    if all(rounded == row.total for row, rounded in parts):
        lines = [FeeLine(row.category, row.description, rounded) for row, rounded in parts if rounded]
        return sorted(lines, key=lambda line: (line.category, line.description, line.amount))
    return [FeeLine(rows[0].category, "", Money(total, currency).rounded().amount)]
