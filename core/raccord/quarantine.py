"""Why a plugin is not let in: one stable code a rule, with what to do, in French and English."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from raccord.plugin.texts import Language, Text


class Rule(StrEnum):
    """The rules of admission, in the order they are checked."""

    METADATA_BROKEN = "plugin.metadata_broken"
    NAME_NOT_ALLOWED = "plugin.name_not_allowed"
    NAME_TAKEN = "plugin.name_taken"
    DEPENDENCY_MISSING = "plugin.dependency_missing"
    DEPENDENCY_VERSION = "plugin.dependency_version"
    SYNTAX_ERROR = "plugin.syntax_error"
    EXITS_AT_IMPORT = "plugin.exits_at_import"
    IMPORT_FAILED = "plugin.import_failed"
    NOT_HASHABLE = "plugin.not_hashable"
    HOOK_NOT_PLAIN = "plugin.hook_not_plain"
    HOOK_UNKNOWN = "plugin.hook_unknown"
    HOOK_TWICE = "plugin.hook_twice"
    HOOK_ARGUMENTS = "plugin.hook_arguments"
    HOOK_DEFAULTS = "plugin.hook_defaults"
    HOOK_TYPES = "plugin.hook_types"
    HOOK_MISSING = "plugin.hook_missing"
    DESCRIBE_FAILED = "plugin.describe_failed"
    DESCRIBE_WRONG = "plugin.describe_wrong"
    API_VERSION = "plugin.api_version"
    NAME_DIFFERS = "plugin.name_differs"
    INFO_WRONG = "plugin.info_wrong"
    ADMISSION_FAILED = "plugin.admission_failed"


class RefusedError(Exception):
    """Raised inside admission to say which rule a plugin breaks; ``details`` fill the rule's sentences.

    A detail that is a :class:`Text` is said in the sentence's language. Details are cut at a fixed length.
    """

    def __init__(self, rule: Rule, **details: object) -> None:
        super().__init__(rule, details)
        self.rule = rule
        self.details = details

    @property
    def reason(self) -> Text:
        fr, en = _SENTENCES[self.rule]
        return Text(fr.format_map(self._said("fr")), en.format_map(self._said("en")))

    def _said(self, language: Language) -> dict[str, str]:
        return {
            name: (value.get(language) if isinstance(value, Text) else str(value))[:DETAIL_CHARACTERS_MAX]
            for name, value in self.details.items()
        }


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A plugin that was found and not let in; shown to the operator with its reason and what to do."""

    name: str
    distribution: str
    version: str
    code: Rule
    reason: Text
    fix: Text


DETAIL_CHARACTERS_MAX = 300


def fix_for(rule: Rule) -> Text:
    """Return what the operator can do about a plugin that breaks ``rule``."""
    return Text(*_FIXES.get(rule, _TELL_AUTHOR))


_SENTENCES: dict[Rule, tuple[str, str]] = {
    Rule.METADATA_BROKEN: (
        "Les métadonnées de la distribution sont illisibles : {cause}.",
        "The distribution's metadata cannot be read: {cause}.",
    ),
    Rule.NAME_NOT_ALLOWED: (
        "« {name} » n'est pas un nom permis : 2 à 40 minuscules, chiffres ou tirets, une lettre d'abord, non réservé.",
        "“{name}” is not an allowed name: 2 to 40 lower-case letters, digits or dashes, a letter first, not reserved.",
    ),
    Rule.NAME_TAKEN: (
        "Le nom « {name} » est aussi revendiqué par : {others}.",
        "The name “{name}” is also claimed by: {others}.",
    ),
    Rule.DEPENDENCY_MISSING: (
        "Il manque une dépendance : {missing}.",
        "A dependency is missing: {missing}.",
    ),
    Rule.DEPENDENCY_VERSION: (
        "Une dépendance n'a pas la version voulue : {needed} demandé, {installed} installé.",
        "A dependency has another version than needed: {needed} wanted, {installed} installed.",
    ),
    Rule.SYNTAX_ERROR: (
        "Le module {module} ne se lit pas en Python : {cause}.",
        "The module {module} is not valid Python: {cause}.",
    ),
    Rule.EXITS_AT_IMPORT: (
        "Le module {module} met fin au programme quand on l'importe ({cause}).",
        "The module {module} ends the program when it is imported ({cause}).",
    ),
    Rule.IMPORT_FAILED: (
        "Le module {module} ne s'importe pas : {cause}.",
        "The module {module} cannot be imported: {cause}.",
    ),
    Rule.NOT_HASHABLE: (
        "L'objet du point d'entrée, un {kind}, n'est pas hachable ; donnez un module.",
        "The entry point's object, a {kind}, is not hashable; give a module.",
    ),
    Rule.HOOK_NOT_PLAIN: (
        "Le point d'extension {hook} est {kind} ; il faut une fonction ordinaire qui retourne une valeur.",
        "The hook {hook} is {kind}; it must be a plain function that returns a value.",
    ),
    Rule.HOOK_UNKNOWN: (
        "Le point d'extension {hook} n'existe pas. Le plus proche : {guess}.",
        "There is no hook called {hook}. The nearest: {guess}.",
    ),
    Rule.HOOK_TWICE: (
        "Le point d'extension {hook} est réalisé deux fois.",
        "The hook {hook} is implemented twice.",
    ),
    Rule.HOOK_ARGUMENTS: (
        "Le point d'extension {hook} demande des arguments qu'il ne reçoit pas ({wrong}) ; il reçoit : {known}.",
        "The hook {hook} asks for arguments that it does not get ({wrong}); it gets: {known}.",
    ),
    Rule.HOOK_DEFAULTS: (
        "Le point d'extension {hook} donne une valeur par défaut à {wrong} ; ses arguments sont toujours fournis.",
        "The hook {hook} gives {wrong} a default; its arguments are always passed.",
    ),
    Rule.HOOK_TYPES: (
        "Le point d'extension {hook} est annoté {found} pour {part}, au lieu de {wanted}.",
        "The hook {hook} is annotated {found} for {part}, instead of {wanted}.",
    ),
    Rule.HOOK_MISSING: (
        "Le point d'extension {hook} manque.",
        "The hook {hook} is missing.",
    ),
    Rule.DESCRIBE_FAILED: (
        "describe() a échoué : {cause}.",
        "describe() failed: {cause}.",
    ),
    Rule.DESCRIBE_WRONG: (
        "describe() n'a pas retourné un ConnectorInfo correct : {cause}.",
        "describe() did not return a correct ConnectorInfo: {cause}.",
    ),
    Rule.API_VERSION: (
        "Écrit pour la version {found} du contrat ; ce Raccord parle la version {wanted}.",
        "Made for version {found} of the contract; this Raccord speaks version {wanted}.",
    ),
    Rule.NAME_DIFFERS: (
        "describe() dit s'appeler « {found} », le point d'entrée « {wanted} ».",
        "describe() calls itself “{found}”, its entry point “{wanted}”.",
    ),
    Rule.INFO_WRONG: (
        "Le ConnectorInfo se contredit ; {field} : {cause}.",
        "The ConnectorInfo contradicts itself; {field}: {cause}.",
    ),
    Rule.ADMISSION_FAILED: (
        "Le greffon a fait échouer son examen : {cause}.",
        "The plugin made its own examination fail: {cause}.",
    ),
}

_TELL_AUTHOR = (
    "Signalez-le à l'auteur du greffon, ou désinstallez sa distribution. Les autres connecteurs ne sont pas touchés.",
    "Tell the plugin's author, or uninstall its distribution. The other connectors are not affected.",
)

_FIXES: dict[Rule, tuple[str, str]] = {
    Rule.METADATA_BROKEN: (
        "Réinstallez la distribution, ou désinstallez-la.",
        "Install the distribution again, or uninstall it.",
    ),
    Rule.NAME_TAKEN: (
        "Désinstallez l'une des distributions. Seule la distribution raccord-<nom> a la priorité sur son nom.",
        "Uninstall one of the distributions. Only the distribution raccord-<name> has precedence for its name.",
    ),
    Rule.DEPENDENCY_MISSING: (
        "Installez ce qui manque dans le même environnement, puis redémarrez Raccord.",
        "Install what is missing into the same environment, then restart Raccord.",
    ),
    Rule.DEPENDENCY_VERSION: (
        "Installez une version qui convient aux deux, ou une autre version du greffon.",
        "Install a version that suits both, or another version of the plugin.",
    ),
    Rule.API_VERSION: (
        "Installez la version du greffon faite pour ce Raccord.",
        "Install the version of the plugin that is made for this Raccord.",
    ),
}
