"""What of a line may tell its category, as texts."""

from __future__ import annotations

from functools import lru_cache

from raccord.suggesting.history import Line
from raccord.suggesting.words import payee_of, words_in

GRAM = 4


@lru_cache(maxsize=2048)
def features_of(line: Line) -> tuple[str, ...]:
    """Return the features of a line, each once."""
    words = words_in(line.text)
    payee = payee_of(words)
    sign = "+" if line.amount > 0 else "-"
    size = bucket(line)
    told = [f"w:{word}" for word in words]
    padded = f" {payee} "
    told += [f"c:{padded[place : place + GRAM]}" for place in range(max(1, len(padded) - GRAM + 1))]
    told += [f"p:{payee}", f"p{sign}:{payee}", f"p{size}:{payee}", f"pa{line.account}:{payee}"]
    told += [f"s:{sign}", f"a:{line.account}{sign}", f"m:{sign}{size}", f"e:{payee} {line.amount}"]
    told += [f"d:{line.day.weekday()}", f"t:{line.day.day // 8}"]
    return tuple(dict.fromkeys(told))


def bucket(line: Line) -> int:
    """Return the size of an amount: two steps for each doubling."""
    cents = int(abs(line.amount) * 100)
    return int(cents * cents).bit_length()
