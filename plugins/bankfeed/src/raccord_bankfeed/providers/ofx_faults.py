"""What a bank's OFX server says, in the product's two languages, each with what to do about it."""

from __future__ import annotations

from raccord.plugin import Reauthorise, RetryLater, SourceRefused, Text

_WRONG = frozenset({15500, 15000, 15507})
_LOCKED = frozenset({15501, 15502})
_CLIENT = frozenset({15510, 15511})
_BUSY = frozenset({2000, 2020, 2028, 10501})


def refused(code: int, said: str) -> Reauthorise | RetryLater | SourceRefused:
    """Return what a status code of the standard asks for."""
    fr, en = (f" La banque dit : « {said} ».", f" The bank says: “{said}”.") if said else ("", "")
    if code in _WRONG:
        return Reauthorise(
            Text(
                f"La banque refuse l’utilisateur ou le mot de passe ({code}).{fr} Corrigez-les ; rien n’est perdu. "
                "Plusieurs essais faux peuvent bloquer l’accès.",
                f"The bank refuses the user name or the password ({code}).{en} Correct them; nothing is lost. Several "
                "wrong tries may lock the access.",
            )
        )
    if code in _LOCKED:
        return Reauthorise(
            Text(
                f"La banque a bloqué cet accès ({code}).{fr} Débloquez-le auprès d’elle, puis recommencez.",
                f"The bank has locked this access ({code}).{en} Have it unlocked there, then sign in again.",
            )
        )
    if code in _CLIENT:
        return Reauthorise(
            Text(
                f"La banque ne connaît pas encore cette installation ({code}).{fr} Approuvez-la sur le site de la "
                "banque, puis connectez-vous de nouveau.",
                f"The bank does not know this installation yet ({code}).{en} Approve it on the bank's site, then sign "
                "in again.",
            )
        )
    if code in _BUSY:
        return RetryLater(
            Text(
                f"Le serveur OFX de la banque est occupé ou en panne ({code}).{fr} Nouvel essai plus tard.",
                f"The bank's OFX server is busy or broken ({code}).{en} Tried again later.",
            )
        )
    return SourceRefused(
        Text(
            f"Le serveur OFX de la banque refuse ({code}).{fr} Demandez à la banque si Direct Connect est ouvert pour "
            "vous ; en attendant, importez un fichier.",
            f"The bank's OFX server refuses ({code}).{en} Ask the bank whether Direct Connect is open to you; "
            "meanwhile, import a file.",
        )
    )


def incomplete() -> Reauthorise:
    return Reauthorise(
        Text(
            "Indiquez l’adresse du serveur OFX, l’utilisateur et le mot de passe.",
            "Give the address of the OFX server, the user name and the password.",
        )
    )


def no_ofx(status: int) -> SourceRefused:
    return SourceRefused(
        Text(
            f"À cette adresse, la réponse n’est pas de l’OFX ({status}). Vérifiez l’adresse, ORG, FID et la version ; "
            "beaucoup de banques ont fermé Direct Connect : importez alors un fichier.",
            f"The answer at this address is no OFX ({status}). Check the address, ORG, FID and the version; many banks "
            "have closed Direct Connect: then import a file.",
        )
    )


def no_account() -> SourceRefused:
    return SourceRefused(
        Text(
            "La banque ne donne aucun compte bancaire ni carte à cet utilisateur. Demandez-lui d’ouvrir vos comptes à "
            "Direct Connect.",
            "The bank gives this user no bank account and no card. Ask it to open your accounts to Direct Connect.",
        )
    )


def no_question() -> SourceRefused:
    return SourceRefused(
        Text(
            "La banque demande un second facteur sans dire lequel. Essayez la version 103 ou 211, ou demandez-lui.",
            "The bank asks for a second factor and does not say which. Try version 103 or 211, or ask the bank.",
        )
    )


def second_factor_again() -> Reauthorise:
    return Reauthorise(
        Text(
            "La banque demande de nouveau un second facteur. Connectez-vous à la source (page de la connexion, ou "
            "raccord connect signin) et répondez ; rien n’est perdu.",
            "The bank asks for a second factor again. Sign in at the source (the connection's page, or raccord connect "
            "signin) and answer; nothing is lost.",
        )
    )


def factor_needed() -> Text:
    return Text(
        "Le mot de passe est juste ; la banque demande encore une vérification.",
        "The password is right; the bank asks for one more check.",
    )


def answer_wrong() -> Text:
    return Text(
        "La banque n’accepte pas cette réponse. Répondez de nouveau.",
        "The bank does not accept this answer. Try again.",
    )


def question(key: str, label: str) -> Text:
    """Return a question as the bank words it, or by its id where it has no words."""
    return Text(label, label) if label else Text(f"Question {key} de la banque", f"The bank's question {key}")


def token_needed() -> Text:
    return Text(
        "La banque demande un code à usage unique : elle le donne sur son site ou par message.",
        "The bank asks for a code that works once: it gives it on its site or by message.",
    )


def token_wrong() -> Text:
    return Text(
        "La banque n’accepte pas ce code. Donnez-en un nouveau.", "The bank does not accept this code. Give a new one."
    )


def token_question() -> Text:
    return Text("Code à usage unique", "Code that works once")
