"""``raccord sandbox faults``, ``clock``, ``limits`` and ``switch``: the conditions under which a sandbox works."""

from __future__ import annotations

import re

import click

from raccord.cli.sandbox.client import URL, Doc, Lab, pairs, running_lab
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Column, output
from raccord.cli.terminal.words import Option, command, default_group

COMPANY = Option(
    "--company",
    default="",
    phrase=Phrase("D'une seule société : numéro, nom ou modèle.", "Of one company: realm, name or template."),
)
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@default_group("faults", "list", "Montrer, armer et désarmer les pannes.", "Show, arm and disarm the faults.")
def faults() -> None:
    pass


@faults.command("list", phrase=Phrase("Montrer les pannes armées.", "Show the faults armed."), params=[URL])
def list_faults(url: str) -> None:
    found: list[Doc] = running_lab(url).get("/faults")
    out = output()
    if out.as_json:
        out.json({"faults": found})
        return
    forever = Phrase("toujours", "for ever").get(out.language)
    out.table(
        Phrase("Pannes", "Faults"),
        [
            Column(Phrase("No", "No"), right=True),
            Column(Phrase("Effet", "Effect")),
            Column(Phrase("Requêtes", "Requests")),
            Column(Phrase("Reste", "Left"), right=True),
            Column(Phrase("Frappé", "Struck"), right=True),
        ],
        [
            [
                str(each["number"]),
                str(each["effect"]),
                " ".join(str(each[key]) for key in ("method", "path", "query", "realm") if each[key]),
                forever if each["left"] is None else str(each["left"]),
                str(each["struck"]),
            ]
            for each in found
        ],
        empty=Phrase(
            "Aucune. Armez-en une : raccord sandbox faults arm lose_answer --path invoice",
            "None. Arm one: raccord sandbox faults arm lose_answer --path invoice",
        ),
    )


@faults.command(
    "arm",
    phrase=Phrase("Armer une panne.", "Arm a fault."),
    params=[
        Option(
            "--path",
            default="",
            phrase=Phrase("Expression cherchée dans le chemin.", "Expression searched in the path."),
        ),
        Option(
            "--query",
            default="",
            phrase=Phrase("Expression cherchée dans la requête.", "Expression searched in the query."),
        ),
        Option("--method", default="", phrase=Phrase("GET ou POST.", "GET or POST.")),
        COMPANY,
        Option(
            "--times",
            type=click.IntRange(1),
            default=None,
            phrase=Phrase("Combien de fois ; une sinon.", "How often; once if absent."),
        ),
        Option("--forever", is_flag=True, phrase=Phrase("Frapper toujours.", "Strike for ever.")),
        Option(
            "--skip",
            type=click.IntRange(0),
            default=None,
            phrase=Phrase("Requêtes épargnées d'abord.", "Requests spared first."),
        ),
        Option("--probability", default="", phrase=Phrase("De 0 à 1.", "From 0 to 1.")),
        Option(
            "--status", type=int, default=None, phrase=Phrase("Code HTTP de l'erreur.", "HTTP status of the error.")
        ),
        Option(
            "--seconds",
            default="",
            phrase=Phrase("Durée de slow et de delay.", "Duration of slow and delay."),
        ),
        Option("--body", default="", phrase=Phrase("json, xml, html ou empty.", "json, xml, html or empty.")),
        URL,
    ],
)
@click.argument("effect")
def arm(effect: str, url: str, company: str, times: int | None, forever: bool, **given: object) -> None:
    lab = running_lab(url)
    body: Doc = {"effect": effect}
    # Fractions go as text, which the sandbox reads exactly.
    body |= {name: value for name, value in given.items() if value not in ("", None)}
    if company:
        body["realm"] = lab.realm(company)
    if times is not None:
        body["left"] = times
    if forever:
        body["left"] = None
    armed: Doc = lab.post("/faults", body)
    if output().as_json:
        output().json(armed)
    output().say(Phrase(f"Panne {armed['number']} armée.", f"Fault {armed['number']} is armed."))


@faults.command(
    "clear", phrase=Phrase("Désarmer toutes les pannes, ou une.", "Disarm all faults, or one."), params=[URL]
)
@click.argument("number", required=False, type=int)
def clear(number: int | None, url: str) -> None:
    running_lab(url).delete("/faults" if number is None else f"/faults/{number}")
    if output().as_json:
        output().json({"cleared": "all" if number is None else number})
    output().say(Phrase("Désarmé.", "Disarmed."))


@default_group("clock", "show", "Dire et déplacer l'heure.", "Tell and move the time.")
def clock() -> None:
    pass


@clock.command("show", phrase=Phrase("Dire l'heure.", "Tell the time."), params=[COMPANY, URL])
def show_clock(company: str, url: str) -> None:
    lab = running_lab(url)
    _tell(lab.get(_clock_of(lab, company)))


@clock.command(
    "advance",
    phrase=Phrase("Avancer de 90, 15m, 2h ou 30d ; -1h recule.", "Advance by 90, 15m, 2h or 30d; -1h goes back."),
    params=[COMPANY, URL],
    context_settings={"ignore_unknown_options": True},
)
@click.argument("step")
def advance(step: str, company: str, url: str) -> None:
    found = re.fullmatch(r"(-?\d{1,12})([smhd]?)", step)
    if found is None:
        raise click.BadParameter("90, 15m, 2h, 30d", param_hint="STEP")
    lab = running_lab(url)
    seconds = int(found[1]) * UNITS[found[2] or "s"]
    _tell(lab.post(_clock_of(lab, company), {"advance": seconds}))


@clock.command(
    "set",
    phrase=Phrase("Mettre à une heure ISO 8601 avec fuseau.", "Set to an ISO 8601 time with its zone."),
    params=[
        Option(
            "--frozen/--running",
            default=None,
            phrase=Phrase("L'arrêter, ou la laisser courir.", "Stop it, or let it run."),
        ),
        COMPANY,
        URL,
    ],
)
@click.argument("time")
def set_clock(time: str, frozen: bool | None, company: str, url: str) -> None:
    lab = running_lab(url)
    _tell(lab.post(_clock_of(lab, company), {"set": time} | ({} if frozen is None else {"frozen": frozen})))


def _clock_of(lab: Lab, company: str) -> str:
    return f"/companies/{lab.realm(company)}/clock" if company else "/clock"


def _tell(told: Doc) -> None:
    if output().as_json:
        output().json(told)
    still = ("arrêtée", "stopped") if told["frozen"] else ("qui court", "running")
    output().say(Phrase(f"{told['now']} ({still[0]})", f"{told['now']} ({still[1]})"))


@command(
    "limits",
    "Montrer les limites, ou les fixer : documented, none, ou NOM=NOMBRE.",
    "Show the limits, or set them: documented, none, or NAME=NUMBER.",
    params=[URL],
)
@click.argument("limit", nargs=-1)
def limits(limit: tuple[str, ...], url: str) -> None:
    lab = running_lab(url)
    if not limit:
        _list(lab.get("/limits"))
        return
    named = tuple(word for word in limit if word not in ("documented", "none"))
    _list(lab.post("/limits", pairs(named, "LIMIT") | ({"documented": True} if "documented" in limit else {})))


@command(
    "switch",
    "Montrer les commutateurs, ceux d'une société, ou en fixer : NOM=VALEUR.",
    "Show the switches, those of a company, or set some: NAME=VALUE.",
    params=[URL],
)
@click.argument("company", required=False)
@click.argument("setting", nargs=-1)
def switch(company: str | None, setting: tuple[str, ...], url: str) -> None:
    lab = running_lab(url)
    if company is not None:
        path = f"/companies/{lab.realm(company)}/switches"
        _list(lab.post(path, pairs(setting, "SETTING")) if setting else lab.get(path))
        return
    found: list[Doc] = lab.get("/switches")
    out = output()
    if out.as_json:
        out.json({"switches": found})
        return
    out.table(
        Phrase("Commutateurs", "Switches"),
        [Column(Phrase("Nom", "Name")), Column(Phrase("Départ", "Default")), Column(Phrase("Sens", "Meaning"))],
        [
            [str(each["name"]), _word(each["default"]), str(each["sens" if out.language == "fr" else "meaning"])]
            for each in found
        ],
        empty=Phrase("Aucun.", "None."),
    )


def _list(found: Doc) -> None:
    if output().as_json:
        output().json(found)
    for name, value in found.items():
        output().say(Phrase(f"{name} : {_word(value)}", f"{name}: {_word(value)}"))


def _word(value: object) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return str(value).lower()
        case _:
            return str(value)
