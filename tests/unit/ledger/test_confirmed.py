"""scanmend.ledger.confirmed: how often words were confirmed, and which are to be learned."""

from scanmend.ledger.ledger import Ledger


def test_words_are_counted_by_place_and_learned_once(tmp_path):
    """What a document confirms is what it confirms now; a learned word stays learned."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    words = ledger.confirmed
    words.note("a", "d1", [("Aquarist", "p1"), ("Müller", "p1")])
    words.note("a", "d1", [("Aquarist", "p1"), ("Aquarist", "p1")])
    words.note("b", "d2", [("Aquarist", "p1")])
    assert words.counts("a") == {"Aquarist": 1}
    assert words.to_learn("a", 2) == []
    words.note("a", "d3", [("Aquarist", "p9")])
    assert words.to_learn("a", 2) == ["Aquarist"]
    words.learned("a", "Aquarist")
    words.learned("a", "Aquarist")
    assert words.to_learn("a", 2) == []
    assert words.counts("a") == {"Aquarist": 2}
    words.note("a", "d3", [])
    assert words.counts("a") == {"Aquarist": 1}
    ledger.close()
