"""Clock times, dates, the weather, numbers."""

from data_prep.phrasebook.closed import BE, I
from data_prep.phrasebook.draw import Draw, Unfit
from data_prep.phrasebook.forms import before_vowel, number_words
from data_prep.phrasebook.frames.frame import BOTH, NOUNS, STATIVE, YES_NO, frame
from data_prep.phrasebook.lexicon import Country, Verb
from data_prep.phrasebook.structure import (
    Complement,
    Filler,
    Name,
    NounPhrase,
    Object,
    Polarity,
    Pronoun,
    Sentence,
    Tense,
    Text,
)

IT = Filler("it", "il")
WEATHER = tuple(
    (Filler(subject, "il"), Verb("be", "faire", en_rest=en, fr_rest=fr, state=True))
    for subject, en, fr in (
        ("it", "cold", "froid"), ("it", "hot", "chaud"), ("it", "mild", "doux"), ("it", "dark", "nuit"),
        ("it", "light", "jour"), ("the weather", "nice", "beau"),
    )
)  # fmt: skip
OUTDOORS = ("here", "over there", "outside", "in the countryside", "in the mountains", "at the seaside")
RAIN = (Verb("rain", "pleuvoir"), Verb("snow", "neiger"), Verb("freeze", "geler"))
MONTHS = (
    ("January", "janvier"),
    ("February", "février"),
    ("March", "mars"),
    ("April", "avril"),
    ("May", "mai"),
    ("June", "juin"),
    ("July", "juillet"),
    ("August", "août"),
    ("September", "septembre"),
    ("October", "octobre"),
    ("November", "novembre"),
    ("December", "décembre"),
)
DAYS = (
    ("Monday", "lundi"),
    ("Tuesday", "mardi"),
    ("Wednesday", "mercredi"),
    ("Thursday", "jeudi"),
    ("Friday", "vendredi"),
    ("Saturday", "samedi"),
    ("Sunday", "dimanche"),
)
ONES = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
TEENS = ("eleven", "twelf", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
ORDINALS = (
    *ONES,
    "tenth",
    *(f"{teen}th" for teen in TEENS),
    "twentieth",
    *(f"twenty-{one}" for one in ONES),
    "thirtieth",
    "thirty-first",
)
"""Of the days of a month, from the first."""


def clock(draw: Draw) -> Text:
    """A time of day: half past six, six heures et demie."""
    hour = draw.one(range(1, 13))
    en, fr = number_words(hour, "en"), number_words(hour, "fr")
    following = hour % 12 + 1
    next_en, next_fr = number_words(following, "en"), number_words(following, "fr")
    hours, next_hours = (("une heure" if fr == "un" else f"{fr} heures") for fr in (fr, next_fr))
    if hour == 12 and draw.chance(0.5):
        en, hours = draw.one((("noon", "midi"), ("midnight", "minuit")))
        return Text(en, hours)
    kind = draw.one(("full", "full", "half", "quarter", "to", "past", "past", "before"))
    if kind != "full":  # douze heures et quart is not said
        hours, next_hours = ("midi" if said == "douze heures" else said for said in (hours, next_hours))
    minutes = draw.one((5, 10, 20, 25))
    minutes_en, minutes_fr = number_words(minutes, "en"), number_words(minutes, "fr")
    return {
        "full": Text(f"{en} o'clock", hours),
        "half": Text(f"half past {en}", f"{hours} et demi{'' if hours == 'midi' else 'e'}"),
        "quarter": Text(f"a quarter past {en}", f"{hours} et quart"),
        "to": Text(f"a quarter to {next_en}", f"{next_hours} moins le quart"),
        "past": Text(f"{minutes_en} past {en}", f"{hours} {minutes_fr}"),
        "before": Text(f"{minutes_en} to {next_en}", f"{next_hours} moins {minutes_fr}"),
    }[kind]


def date(draw: Draw) -> Text:
    """A day of the year: the third of May, le trois mai."""
    day, (en, fr) = draw.one(range(1, 32)), draw.one(MONTHS)
    if day > {"February": 28, "April": 30, "June": 30, "September": 30, "November": 30}.get(en, 31):
        raise Unfit
    number = "premier" if day == 1 else number_words(day, "fr")
    return Text(f"the {ORDINALS[day - 1]} of {en}", f"le {number} {fr}")


def at(moment: Text) -> Text:
    """At that time."""
    return Text(f"at {moment.en}", f"à {moment.fr}")


@frame(2, persons=("he",), tenses=STATIVE[:2], polarities=YES_NO)
def time_of_day(draw: Draw) -> Sentence:
    """It is ten past three."""
    return Sentence((draw.clause(IT, BE, clock(draw)),))


@frame(3, persons=NOUNS[:1], tenses=STATIVE[:3], polarities=YES_NO, forms=BOTH)
def day_of_event(draw: Draw) -> Sentence:
    """The exam is tomorrow; the trip was last week."""
    noun = draw.noun("event")
    when = {Tense.PAST: "past", Tense.FUTURE: "future"}.get(draw.features.tense, "future")
    return draw.say(draw.clause(NounPhrase(noun), BE, draw.adverb(when)))


@frame(3, tenses=(Tense.PRESENT, Tense.PAST, Tense.FUTURE, Tense.GOING), forms=BOTH)
def at_a_time(draw: Draw) -> Sentence:
    """We have dinner at half past seven."""
    verb = draw.verb()
    if verb.state:
        raise Unfit
    return draw.say(draw.clause(draw.subject(), verb, at(clock(draw))))


@frame(1.5, persons=NOUNS[:1], tenses=(Tense.PRESENT, Tense.FUTURE), polarities=YES_NO)
def event_at_a_time(draw: Draw) -> Sentence:
    """The meeting starts at nine o'clock."""
    verb = draw.one((Verb("start", "commencer"), Verb("end", "terminer", reflexive=True)))
    return draw.say(draw.clause(NounPhrase(draw.noun("gathering")), verb, at(clock(draw))))


@frame(2, persons=("he",), tenses=STATIVE[:1])
def day_and_date(draw: Draw) -> Sentence:
    """Today is Monday; my birthday is on the third of May."""
    kind = draw.one(("day", "date", "birthday", "birthday", "event"))
    if kind == "day":
        (en, fr), (when_en, when_fr) = draw.one(DAYS), draw.one((("today", "aujourd'hui"), ("tomorrow", "demain")))
        return Sentence((Text(f"{when_en} is {en}", f"{when_fr}, c'est {fr}"),))
    on = date(draw)
    if kind == "date":
        return Sentence((Text(f"today is {on.en}", f"aujourd'hui, c'est {on.fr}"),))
    noun = draw.noun("gathering") if kind == "event" else None
    if noun is None:
        owner: tuple[Pronoun | Name | NounPhrase, ...] = (I, draw.name(), NounPhrase(draw.noun("kin"), owner=I))
        birthday = next(n for n in draw.words.nouns["event"] if n.en == "birthday")
        return Sentence((draw.clause(NounPhrase(birthday, owner=draw.one(owner)), BE, Text(f"on {on.en}", on.fr)),))
    verb = Verb("take", "avoir", en_rest="place", fr_rest="lieu")
    return Sentence((draw.clause(NounPhrase(noun), verb, Text(f"on {on.en}", on.fr), tense=Tense.FUTURE),))


@frame(3, persons=("he",), tenses=STATIVE, polarities=YES_NO, forms=BOTH)
def weather(draw: Draw) -> Sentence:
    """It is cold in the mountains."""
    subject, verb = draw.one(WEATHER)
    where: tuple[Complement, ...] = ()
    if draw.chance(0.3):
        outdoors = tuple(place for place in draw.words.adverbs["place"] if place.en in OUTDOORS)
        where = (in_country(draw.word(draw.words.countries)) if draw.chance(0.5) else draw.word(outdoors),)
    when = draw.when(0.5)
    if when and draw.features.tense is Tense.PRESENT:  # today, not every day
        when = (draw.adverb("present"),)
    return draw.say(draw.clause(subject, verb, *where, *when))


@frame(2, persons=("he",), tenses=(Tense.PRESENT, Tense.PROGRESSIVE, Tense.PAST, Tense.FUTURE, Tense.GOING),
       polarities=YES_NO, forms=BOTH)  # fmt: skip
def rain(draw: Draw) -> Sentence:
    """It is raining; it snowed last week."""
    features = draw.features
    positive = features.polarity is Polarity.POSITIVE
    often = {"adverb": draw.adverb("frequency")} if positive and features.tense is Tense.PRESENT else {}
    place = (in_country(draw.word(draw.words.countries)),) if draw.chance(0.3) else ()
    return draw.say(draw.clause(IT, draw.one(RAIN), *place, *(() if often else draw.when(0.5)), **often))


@frame(6, persons=NOUNS[:1], tenses=STATIVE[:2], polarities=YES_NO)
def weather_noun(draw: Draw) -> Sentence:
    """The storm was terrible in Italy; the sky is beautiful."""
    kind = draw.one(("weather", "sky"))
    where = (in_country(draw.word(draw.words.countries)),) if kind == "weather" and draw.chance(0.4) else ()
    return draw.say(draw.clause(NounPhrase(draw.noun(kind)), BE, draw.grade(kind), *where))


@frame(2, persons=("he",), tenses=STATIVE[:3], polarities=YES_NO)
def kind_of_day(draw: Draw) -> Sentence:
    """It was a rainy day."""
    noun = draw.noun("time")
    phrase = NounPhrase(noun, "a", adjectives=(draw.adjective(noun),))
    where = (in_country(draw.word(draw.words.countries)),) if draw.chance(0.3) else ()
    return draw.say(draw.clause(Filler("it", "ce"), BE, Object(phrase), *where))


@frame(1.5, persons=("he",))
def arithmetic(draw: Draw) -> Sentence:
    """Two plus three makes five."""
    first, second = draw.one(range(1, 60)), draw.one(range(1, 40))
    operation = draw.one((("plus", "plus"), ("times", "fois"), ("minus", "moins")))
    if operation[0] == "times" and (first > 12 or second > 12):
        raise Unfit
    result = {"plus": first + second, "times": first * second, "minus": first - second}[operation[0]]
    if result < 0:
        raise Unfit
    numbers = [[number_words(n, language) for n in (first, second, result)] for language in ("en", "fr")]
    (a, b, c), (x, y, z) = numbers
    if operation[0] == "times" and first == 1:
        x = "une"
    return Sentence((Text(f"{a} {operation[0]} {b} is {c}", f"{x} {operation[1]} {y} font {z}"),))


@frame(2, persons=("I", "we", "he", "she", "they", "one", "many"), tenses=(Tense.SINCE,), polarities=YES_NO[:1],
       forms=BOTH)  # fmt: skip
def since(draw: Draw) -> Sentence:
    """He has been working here for ten years."""
    verb = draw.word(tuple(v for v in draw.words.verbs if v.en in LASTING and not (v.recipient or v.en_rest)))
    complements = (draw.object_of(verb),) if verb.objects else ()
    number, (en, fr) = draw.one(range(2, 21)), draw.one(UNITS[3:] if verb.en in LASTING[YEARS:] else UNITS[:3])
    length = Text(f"for {number_words(number, 'en')} {en}", f"depuis {number_words(number, 'fr')} {fr}")
    return draw.say(draw.clause(draw.subject(), verb, *complements, length))


LASTING = ("work", "learn", "study", "smoke", "drive", "play", "travel", "wait", "read", "sleep", "walk", "talk",
           "swim", "run", "dance", "sing", "draw", "cry", "look", "listen", "rest")  # fmt: skip
YEARS = 6  # so many of them for years
UNITS = (("years", "ans"), ("months", "mois"), ("weeks", "semaines"), ("hours", "heures"), ("minutes", "minutes"))


def in_country(country: Country) -> Text:
    """In Italy, in Canada, in the Netherlands: en, au, aux."""
    if country.plural:
        return Text(f"in {country.en}", f"aux {country.fr}")
    masculine = country.gender == "m" and not before_vowel(country.fr)
    return Text(f"in {country.en}", f"{'au' if masculine else 'en'} {country.fr}")
