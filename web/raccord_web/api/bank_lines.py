"""What programs say that bank lines are: a category, a split, a transfer, the owner's own, or nothing for the books."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, StringConstraints
from starlette.requests import Request

from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.access.people import Power, require
from raccord.onboarding.deciding import paying, treating
from raccord.onboarding.deciding.two_sides import answer_two_sides
from raccord.onboarding.setting_up.line_additions import Addition, add_for_line
from raccord.plugin.drafts import PaymentType
from raccord.sync.lines.treatments import NUMBER_MAX, PARTS_MAX, Part, Treated, Treatment
from raccord_web.api.deeds import Done
from raccord_web.api.programs import needs
from raccord_web.api.repeating import Repeatable, repeatable
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting, let_to

router = APIRouter(route_class=Repeatable, dependencies=[Depends(repeatable)])
OneId = Annotated[str, StringConstraints(max_length=64, pattern=r"^[0-9A-Za-z-]*$")]
Said = Annotated[str, StringConstraints(max_length=1000, strip_whitespace=True, pattern=r"^[^\x00]*$")]
Amount = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,2})?$")]


class PartIn(BaseModel):
    """A part of a line, by ids of QuickBooks; the one without an amount gets what the others leave."""

    account: OneId
    amount: Amount | None = None
    tax_code: OneId = ""
    class_id: OneId = ""
    description: Said = ""


class TreatmentIn(BaseModel):
    """What a line is; ``other_side`` is the hold of the line that tells of the same transfer in the other account, and
    ``number`` that of a cheque.
    """

    kind: Treated
    parts: Annotated[tuple[PartIn, ...], Field(max_length=PARTS_MAX)] = ()
    party_kind: Literal["", "Vendor", "Customer", "Employee"] = ""
    party_id: OneId = ""
    location_id: OneId = ""
    other_account: OneId = ""
    other_side: OneId = ""
    payment_type: PaymentType | None = None
    number: Annotated[str, StringConstraints(max_length=NUMBER_MAX, strip_whitespace=True, pattern=r"^[^\x00]*$")] = ""
    why: Said = ""

    def said(self) -> Treatment:
        return Treatment(
            kind=self.kind,
            parts=tuple(
                Part(
                    account=part.account,
                    amount=None if part.amount is None else Decimal(part.amount),
                    tax_code=part.tax_code,
                    class_id=part.class_id,
                    description=part.description,
                )
                for part in self.parts
            ),
            party_kind=self.party_kind,
            party_id=self.party_id,
            location_id=self.location_id,
            other_account=self.other_account,
            payment_type=self.payment_type,
            number=self.number,
            why=self.why,
        )


@router.post("/holds/{hold_id}/treat", dependencies=[Depends(needs(Scope.WRITE))])
def treat(request: Request, hold_id: str, wanted: TreatmentIn) -> Done:
    """Say what a bank line that waits is; the next run plans what it becomes."""
    workshop, actor = desk_of(request).workshop, acting(request)
    require(actor, Power.WORK)
    if wanted.other_side:
        with workshop.database.read() as session:
            let_to(request, session, "hold_id", wanted.other_side)
    treating.treat(workshop, actor, hold_id, wanted.said(), other_side=wanted.other_side)
    return Done(id=hold_id)


class Paid(BaseModel):
    """The documents of one of the proposals that `/holds` gives with the line; without ids those of the first. Others
    that are open in QuickBooks and come to the line's amount may be named too. `seen` is the proposal's own word for
    itself in `/holds`: where it is another one by now, nothing is kept.
    """

    documents: Annotated[tuple[OneId, ...], Field(max_length=200)] = ()
    seen: Annotated[str, StringConstraints(max_length=40)] = ""


@router.post("/holds/{hold_id}/pay", dependencies=[Depends(needs(Scope.WRITE))])
def pay(request: Request, hold_id: str, wanted: Paid) -> Done:
    """Say that a bank line pays what one of its proposals names: open invoices or bills, or a deposit's payments; or
    open ones that none names. Invoices of several customers become a payment of each and one deposit.
    """
    paying.pay(desk_of(request).workshop, acting(request), hold_id, wanted.documents, seen=wanted.seen)
    return Done(id=hold_id)


@router.post("/holds/{hold_id}/take-back", dependencies=[Depends(needs(Scope.WRITE))])
def take_back(request: Request, hold_id: str) -> Done:
    """Ask about a bank line again as if nobody had answered, while nothing of it is posted or on its way.

    Also of a line whose document was undone, to give it another answer. The id is that of the question open now.
    """
    workshop, actor = desk_of(request).workshop, acting(request)
    require(actor, Power.WORK)
    return Done(id=treating.ask_about_again(workshop, actor, hold_id))


class AdditionIn(BaseModel):
    """What a line needs and the books do not have yet: an account of the owner, a category or a payee, by its name."""

    what: Addition
    name: Said


@router.post("/holds/{hold_id}/add", dependencies=[Depends(needs(Scope.WRITE))])
def add(request: Request, hold_id: str, wanted: AdditionIn) -> Done:
    """Add an account or a payee to the books of a bank line that waits; the line is not answered by it.

    The id is QuickBooks' id of what was added.
    """
    workshop, actor = desk_of(request).workshop, acting(request)
    return Done(id=add_for_line(workshop, actor, hold_id, wanted.name, wanted.what)[1])


class Same(BaseModel):
    """Whether the line and the one that `/holds` gives with it as `one_or_two` tell of one movement of money."""

    same: bool


@router.post("/holds/{hold_id}/two-sides", dependencies=[Depends(needs(Scope.WRITE))])
def two_sides(request: Request, hold_id: str, wanted: Same) -> Done:
    """Say whether two lines that were called differently are the two sides of one transfer."""
    answer_two_sides(desk_of(request).workshop, acting(request), hold_id, same=wanted.same)
    return Done(id=hold_id)
