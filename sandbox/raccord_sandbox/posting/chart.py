"""Account types, their classification, the side of their balance and their subtypes."""

from __future__ import annotations

from dataclasses import dataclass

BALANCE_SHEET = frozenset({"Asset", "Liability", "Equity"})


@dataclass(frozen=True, slots=True)
class AccountKind:
    """One AccountType with its classification and its subtypes; the first subtype is the default."""

    name: str
    classification: str
    subtypes: tuple[str, ...]


def _kind(name: str, classification: str, subtypes: str) -> AccountKind:
    return AccountKind(name, classification, tuple(subtypes.split()))


KINDS = {
    kind.name: kind
    for kind in (
        _kind("Bank", "Asset", "CashOnHand Checking MoneyMarket RentsHeldInTrust Savings TrustAccounts"),
        _kind("Accounts Receivable", "Asset", "AccountsReceivable"),
        _kind(
            "Other Current Asset",
            "Asset",
            "EmployeeCashAdvances AllowanceForBadDebts DevelopmentCosts Inventory Investment_Other LoansToOfficers"
            " LoansToOthers LoansToStockholders OtherCurrentAssets PrepaidExpenses Retainage UndepositedFunds",
        ),
        _kind(
            "Fixed Asset",
            "Asset",
            "FurnitureAndFixtures AccumulatedDepreciation AccumulatedAmortization AccumulatedDepletion Buildings"
            " DepletableAssets IntangibleAssets Land LeaseholdImprovements MachineryAndEquipment OtherFixedAssets"
            " Vehicles",
        ),
        _kind(
            "Other Asset",
            "Asset",
            "Licenses AccumulatedAmortizationOfOtherAssets Goodwill LeaseBuyout OrganizationalCosts"
            " OtherLongTermAssets SecurityDeposits",
        ),
        _kind("Accounts Payable", "Liability", "AccountsPayable"),
        _kind("Credit Card", "Liability", "CreditCard"),
        _kind(
            "Other Current Liability",
            "Liability",
            "OtherCurrentLiabilities DirectDepositPayable FederalIncomeTaxPayable GlobalTaxPayable GlobalTaxSuspense"
            " InsurancePayable LineOfCredit LoanPayable PayrollClearing PayrollTaxPayable PrepaidExpensesPayable"
            " RentsInTrustLiability SalesTaxPayable StateLocalIncomeTaxPayable TrustAccountsLiabilities",
        ),
        _kind("Long Term Liability", "Liability", "NotesPayable OtherLongTermLiabilities ShareholderNotesPayable"),
        _kind(
            "Equity",
            "Equity",
            "OpeningBalanceEquity AccumulatedAdjustment CommonStock EstimatedTaxes OwnersEquity PaidInCapitalOrSurplus"
            " PartnerContributions PartnerDistributions PartnersEquity PreferredStock RetainedEarnings TreasuryStock",
        ),
        _kind(
            "Income",
            "Revenue",
            "OtherPrimaryIncome DiscountsRefundsGiven NonProfitIncome SalesOfProductIncome ServiceFeeIncome"
            " UnappliedCashPaymentIncome",
        ),
        _kind(
            "Other Income",
            "Revenue",
            "OtherInvestmentIncome DividendIncome InterestEarned OtherMiscellaneousIncome TaxExemptInterest",
        ),
        _kind(
            "Cost of Goods Sold",
            "Expense",
            "CostOfLaborCos EquipmentRentalCos OtherCostsOfServiceCos ShippingFreightDeliveryCos SuppliesMaterialsCogs",
        ),
        _kind(
            "Expense",
            "Expense",
            "Travel AdvertisingPromotional Auto BadDebts BankCharges CharitableContributions CostOfLabor"
            " DuesSubscriptions Entertainment EntertainmentMeals EquipmentRental FinanceCosts Insurance InterestPaid"
            " LegalProfessionalFees OfficeGeneralAdministrativeExpenses OtherBusinessExpenses"
            " OtherMiscellaneousServiceCost PayrollExpenses PromotionalMeals RentOrLeaseOfBuildings RepairMaintenance"
            " ShippingFreightDelivery SuppliesMaterials TaxesPaid TravelMeals UnappliedCashBillPaymentExpense"
            " Utilities",
        ),
        _kind(
            "Other Expense",
            "Expense",
            "Depreciation Amortization ExchangeGainOrLoss GasAndFuel HomeOffice OtherMiscellaneousExpense"
            " PenaltiesSettlements",
        ),
    )
}

TYPE_OF_SUBTYPE = {subtype: kind.name for kind in KINDS.values() for subtype in kind.subtypes}

SYSTEM_SUBTYPES = frozenset({"UndepositedFunds", "OpeningBalanceEquity", "RetainedEarnings", "ExchangeGainOrLoss"})


def is_debit_side(classification: str) -> bool:
    """Tell whether a positive balance of this classification is a debit."""
    return classification in ("Asset", "Expense")
