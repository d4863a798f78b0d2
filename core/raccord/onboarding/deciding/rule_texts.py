"""Why a rule for bank lines is refused, in French and English."""

from __future__ import annotations

from raccord.errors import RaccordError
from raccord.plugin.texts import Text
from raccord.sync.lines.bank_rules import CONDITIONS_MAX, NAME_MAX, RULE_PARTS_MAX, RULES_MAX, VALUE_MAX, WORDS_MAX


class RuleError(RaccordError):
    """Raised when a rule cannot be what a person wants it to be; says why and what to do."""


def unknown() -> RuleError:
    return RuleError(
        "bank_rule.unknown",
        Text("Cette règle n'existe pas.", "There is no such rule."),
        Text("« raccord rules » montre celles qui existent.", "“raccord rules” shows those there are."),
    )


def changed_meanwhile() -> RuleError:
    return RuleError(
        "bank_rule.changed",
        Text("Cette règle a été changée depuis que vous l'avez vue.", "This rule was changed since you saw it."),
        Text("Relisez-la, puis recommencez.", "Read it again, then try again."),
    )


def too_many() -> RuleError:
    return RuleError(
        "bank_rule.too_many",
        Text(f"Une société a au plus {RULES_MAX} règles.", f"A company has at most {RULES_MAX} rules."),
        Text("Retirez-en, ou réunissez-en.", "Remove some, or put some together."),
    )


def name_unfit() -> RuleError:
    return RuleError(
        "bank_rule.name",
        Text(f"Une règle a un nom, d'au plus {NAME_MAX} signes.", f"A rule has a name, of {NAME_MAX} letters at most."),
        Text("Donnez-lui un nom court.", "Give it a short name."),
    )


def name_taken(name: str) -> RuleError:
    return RuleError(
        "bank_rule.name_taken",
        Text(f"Une autre règle s'appelle « {name} ».", f"Another rule is called “{name}”."),
        Text("Donnez un autre nom à celle-ci.", "Give this one another name."),
    )


def no_condition() -> RuleError:
    return RuleError(
        "bank_rule.no_condition",
        Text(
            f"Une règle a de 1 à {CONDITIONS_MAX} conditions.",
            f"A rule has 1 to {CONDITIONS_MAX} conditions.",
        ),
        Text("Dites quelles opérations elle concerne.", "Say which lines it is about."),
    )


def text_unfit() -> RuleError:
    return RuleError(
        "bank_rule.text",
        Text(
            f"Un texte cherché a de 1 à {VALUE_MAX} signes, dont une lettre ou un chiffre.",
            f"A text to look for has 1 to {VALUE_MAX} characters, a letter or a digit among them.",
        ),
        Text("Écrivez ce que la banque écrit.", "Write what the bank writes."),
    )


def words_unfit() -> RuleError:
    return RuleError(
        "bank_rule.words",
        Text(
            f"Une raison ou une description a au plus {WORDS_MAX} signes, sans retour à la ligne.",
            f"A reason or a description has {WORDS_MAX} characters at most, and no line break.",
        ),
        Text("Raccourcissez-la.", "Make it shorter."),
    )


def amount_unfit() -> RuleError:
    return RuleError(
        "bank_rule.amount",
        Text(
            "Un montant est plus grand que zéro, au cent près ; « entre » va du plus petit au plus grand.",
            "An amount is above zero, to the cent; “between” goes from the smaller to the larger.",
        ),
        Text("Corrigez les montants.", "Correct the amounts."),
    )


def limits_unfit() -> RuleError:
    return RuleError(
        "bank_rule.limits",
        Text(
            "La règle est limitée à un compte ou à une connexion qui n'est pas de cette société.",
            "The rule is limited to an account or a connection that is not this company's.",
        ),
        Text("Choisissez dans la liste proposée.", "Choose from the list that is offered."),
    )


def parts_unfit() -> RuleError:
    return RuleError(
        "bank_rule.parts",
        Text(
            f"Une ventilation a de 2 à {RULE_PARTS_MAX} parts : des pourcentages ou des montants plus grands que zéro, "
            "et une part pour le reste si les pourcentages seuls ne font pas 100.",
            f"A split has 2 to {RULE_PARTS_MAX} parts: percentages or amounts above zero, and one part for the rest "
            "unless percentages alone come to 100.",
        ),
        Text("Corrigez les parts.", "Correct the parts."),
    )


def one_account() -> RuleError:
    return RuleError(
        "bank_rule.one_account",
        Text("Il faut exactement un compte.", "It takes exactly one account."),
        Text("Choisissez-en un ; pour plusieurs, ventilez.", "Choose one; for several, split."),
    )
