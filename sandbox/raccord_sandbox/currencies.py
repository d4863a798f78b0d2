"""The currencies a company can keep its books in, with their names."""

from __future__ import annotations

NAMES: dict[str, tuple[str, str]] = {
    "AUD": ("Australian Dollar", "Dollar australien"),
    "BRL": ("Brazilian Real", "Réal brésilien"),
    "CAD": ("Canadian Dollar", "Dollar canadien"),
    "CHF": ("Swiss Franc", "Franc suisse"),
    "CNY": ("Chinese Yuan Renminbi", "Yuan renminbi chinois"),
    "CZK": ("Czech Koruna", "Couronne tchèque"),
    "DKK": ("Danish Krone", "Couronne danoise"),
    "EUR": ("Euro", "Euro"),
    "GBP": ("British Pound Sterling", "Livre sterling"),
    "HKD": ("Hong Kong Dollar", "Dollar de Hong Kong"),
    "HUF": ("Hungarian Forint", "Forint hongrois"),
    "ILS": ("Israeli New Shekel", "Nouveau shekel israélien"),
    "INR": ("Indian Rupee", "Roupie indienne"),
    "JPY": ("Japanese Yen", "Yen japonais"),
    "KRW": ("South Korean Won", "Won sud-coréen"),
    "MAD": ("Moroccan Dirham", "Dirham marocain"),
    "MXN": ("Mexican Peso", "Peso mexicain"),
    "NOK": ("Norwegian Krone", "Couronne norvégienne"),
    "NZD": ("New Zealand Dollar", "Dollar néo-zélandais"),
    "PLN": ("Polish Zloty", "Zloty polonais"),
    "SEK": ("Swedish Krona", "Couronne suédoise"),
    "SGD": ("Singapore Dollar", "Dollar de Singapour"),
    "THB": ("Thai Baht", "Baht thaïlandais"),
    "TND": ("Tunisian Dinar", "Dinar tunisien"),
    "TRY": ("Turkish Lira", "Livre turque"),
    "USD": ("United States Dollar", "Dollar américain"),
    "XAF": ("Central African CFA Franc", "Franc CFA (BEAC)"),
    "XOF": ("West African CFA Franc", "Franc CFA (BCEAO)"),
    "ZAR": ("South African Rand", "Rand sud-africain"),
}


def currency_name(code: str, language: str = "en") -> str:
    """Return the name of a currency in English or French. Raises KeyError for one that is not known."""
    english, french = NAMES[code]
    return french if language == "fr" else english
