"""Items of all kinds for `placeholders`: what people write that a translation copies."""

import random
import string
from collections.abc import Callable

Draw = random.Random
SYLLABLES = [onset + vowel for onset in (*"bcdfghjklmnprstvwz", "ch", "kr", "st", "gr", "dj") for vowel in "aeiou"]
ACCENTS = dict(zip("aeioucn", "áéíöüçñ", strict=True))
SYMBOLS = tuple("❤\ufe0f 😀 🎉 👍🏽 🇫🇷 👩\u200d👧 → ⇒ © ® ™ • ★ ✓ ✔ ☎ ♫ ¶ ∞ ≈ ◆ ▶ 🚀 ⚠\ufe0f ❤".split())  # noqa: SIM905


def word(draw: Draw, syllables: int = 3) -> str:
    """A word that no language has."""
    return "".join(draw.choices(SYLLABLES, k=draw.randint(2, syllables)))


def digits(draw: Draw, count: int) -> str:
    """So many digits, the first of them not zero."""
    return draw.choice("123456789") + "".join(draw.choices(string.digits, k=count - 1))


def number(draw: Draw) -> str:
    """A plain or grouped number, perhaps with decimals or a sign."""
    grouped = f"{draw.randint(1000, 10 ** draw.randint(4, 8)):,}"
    plain = digits(draw, draw.randint(1, 6))
    return draw.choice(
        [
            plain,
            grouped,
            grouped.replace(",", " "),
            grouped.replace(",", "."),
            f"{digits(draw, draw.randint(1, 3))}.{digits(draw, draw.choice([1, 2, 4]))}",
            draw.choice("-+−") + plain,
        ]
    )


def fraction(draw: Draw) -> str:
    """1/2, ½ or 3 ½."""
    sign = draw.choice("½⅓¼¾⅔⅛")
    return draw.choice([f"{draw.randint(1, 19)}/{draw.randint(2, 99)}", sign, f"{draw.randint(2, 9)}{sign}"])


def amount(draw: Draw) -> str:
    """A sum of money."""
    value = draw.choice([digits(draw, 2), f"{draw.randint(1, 999)}.{draw.randint(10, 99)}", f"{digits(draw, 2)},500"])
    sign = draw.choice("$€£¥₹")
    return draw.choice(
        [f"{sign}{value}", f"{value}{sign}", f"{value} {sign}", f"{value} {draw.choice(['USD', 'EUR'])}"]
    )


def phone(draw: Draw) -> str:
    """A telephone number, or the number of a card or an account."""

    def groups(*sizes: int, by: str = " ") -> str:
        return by.join("".join(draw.choices(string.digits, k=size)) for size in sizes)

    return draw.choice(
        [
            "0" + groups(1, 2, 2, 2, 2),
            f"+{draw.randint(20, 99)} {groups(1, 2, 2, 2, 2)}",
            f"({digits(draw, 3)}) {groups(3, 4, by='-')}",
            groups(3, 3, 4, by="-"),
            f"+1-{groups(3, 3, 4, by='-')}",
            digits(draw, 1) + groups(3, 4, 4, 4),
            f"0{groups(2, 4, 4)}",
        ]
    )


def date(draw: Draw) -> str:
    """A date in digits."""
    day, month, year = draw.randint(1, 28), draw.randint(1, 12), draw.randint(1900, 2030)
    return draw.choice(
        [
            f"{year}-{month:02}-{day:02}",
            f"{day:02}.{month:02}.{year}",
            f"{month}/{day}/{year}",
            f"{day}/{month}/{year % 100:02}",
        ]
    )


def time(draw: Draw) -> str:
    """A time of day."""
    hour, minute = draw.randint(1, 12), draw.randint(0, 59)
    return draw.choice(
        [f"{hour}:{minute:02}", f"{hour + 11}:{minute:02}", f"{hour}:{minute:02}{draw.choice(['pm', 'am', 'PM'])}",
         f"{hour:02}:{minute:02}:{draw.randint(0, 59):02}"]
    )  # fmt: skip


def code(draw: Draw) -> str:
    """A measure or a code: digits glued to letters."""
    upper = "".join(draw.choices(string.ascii_uppercase, k=2))
    unit = draw.choice(["km", "kg", "ml", "GB", "mph", "cm", "°C", "kWh", "MHz", "m²"])
    return draw.choice(
        [f"{draw.randint(2, 900)}{unit}", f"{draw.randint(2, 9)}.5{unit}", f"{upper}{digits(draw, 4)}",
         f"{upper[0]}-{digits(draw, 3)}", f"{upper}-{digits(draw, 2)}", f"{digits(draw, 1)}{upper}{digits(draw, 2)}"]
    )  # fmt: skip


def span(draw: Draw) -> str:
    """Code between backquotes."""
    one, other = word(draw), word(draw)
    call = f"{one}({digits(draw, 1)}, x={draw.choice(['None', 'True', '[]'])})"
    return f"`{draw.choice([call, f'{one} -r ./{other}', f'{one}[0] = {other!r}', f'{one}.{other} && exit'])}`"


def address(draw: Draw) -> str:
    """A web or e-mail address."""
    one, other = word(draw), word(draw)
    site = f"{one}.{draw.choice(['org', 'com', 'co.uk', 'fr', 'io'])}"
    return draw.choice(
        [
            f"https://www.{site}/{other}/{digits(draw, 2)}.html?q={one}&n={digits(draw, 1)}",
            f"http://{site}",
            f"https://{site}/~{other}#{one}-2",
            f"www.{site}/{other}_x",
            f"http://localhost:{digits(draw, 4)}/",
            f"{other}@{site}",
            f"{one}.{other}+{one}@mail.{site}",
            f"{other}_{digits(draw, 2)}@{site}",
        ]
    )


def handle(draw: Draw) -> str:
    """The name of an account, or a hash tag."""
    return draw.choice("@#") + draw.choice(
        [word(draw), f"{word(draw)}_{word(draw)}", f"{word(draw).title()}{digits(draw, 2)}"]
    )


def template(draw: Draw) -> str:
    """A part of a message that a program fills in."""
    name = word(draw)
    return draw.choice(
        [f"{{{name}}}", f"{{{{{name}.{word(draw)}}}}}", f"{{{{ {name} }}}}", "%s", "%d", f"%{draw.randint(1, 9)}$s",
         f"%({name})s", f"${name.upper()}", f"${{{name}}}", f"{{{draw.randint(0, 9)}}}"]
    )  # fmt: skip


def name(draw: Draw) -> str:
    """The name of a person that nobody has."""

    def single() -> str:
        plain = word(draw).capitalize() + draw.choice(["", "n", "x", "ck"])
        changed = plain[:1] + "".join(ACCENTS.get(c, c) if draw.random() < 0.2 else c for c in plain[1:])
        return draw.choice(
            [
                plain,
                plain,
                changed,
                f"{draw.choice(['O', 'D', 'L'])}'{plain}",
                f"{word(draw).title()}-{plain}",
                f"Mc{plain}",
            ]
        )

    return " ".join(single() for _ in range(draw.choice([1, 1, 2, 3])))


MAKERS: dict[str, tuple[Callable[[Draw], str], str]] = {
    "numbers": (number, "number"),
    "fractions": (fraction, "number"),
    "amounts": (amount, "amount"),
    "phones": (phone, "phone"),
    "dates": (date, "date"),
    "times": (time, "time"),
    "codes": (code, "code"),
    "code spans": (span, "span"),
    "addresses": (address, "address"),
    "handles": (handle, "handle"),
    "templates": (template, "template"),
    "names": (name, "name"),
}
"""What makes the items of a kind, and the frames that they go into."""
