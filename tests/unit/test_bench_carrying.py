"""What the sentences are made of."""

import random

import pytest
from data_prep.carrying import Carrier

from tests.benchmarks import carrying


def test_a_slot_is_where_one_item_of_both_sides_stands() -> None:
    sources = ["I see 25 cats", "I see 25 or 7", "I see three", "See Paris", "I see 5"]
    targets = ["Je vois 25 chats", "Je vois 25 ou 7", "J'en vois 3", "Vois Paris", "J'en vois cinq"]
    assert carrying.slots_of(Carrier(), sources, targets) == ["I see _ cats"]
    assert "See _" in carrying.slots_of(Carrier(frozenset()), sources, targets)


@pytest.mark.parametrize("make", [carrying.number, carrying.address, carrying.code, carrying.name])
def test_what_is_made_is_carried_as_one_item(make: object) -> None:
    draw = random.Random(1)
    for _ in range(200):
        item = make(draw)  # type: ignore[operator]
        _, items = Carrier(frozenset({"see", "this"})).mask(f"see {item} this")
        assert [one for one in items if one] == [item]
