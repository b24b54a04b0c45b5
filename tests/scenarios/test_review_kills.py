"""A daemon is killed while a decision is written; ``scripts/stress/kill_review.py`` does that at every step."""

import pytest

from review_kills import ReviewKills

POINTS = 4
"""Moments of one decision at which it is killed here, spread over all changes that it makes."""


@pytest.mark.timeout(240)
def test_killed_while_a_decision_is_written(tmp_path):
    """No output is ever torn; a decision that was acknowledged comes out in all outputs, another in none or all."""
    kills = ReviewKills(tmp_path, ("txt", "md", "pdf", "json"))
    assert kills.daemon("type", "19.70") is not None
    assert kills.unfinished(tmp_path / "scratch") == []
    changes = kills.daemon("type", "19.80")
    killed = 0
    for n in range(POINTS):
        at = 1 + n * (changes - 1) // (POINTS - 1)
        killed += kills.daemon("type", f"19.{n}1", kill_at=at) is None
        assert kills.torn() == [], f"killed before change {at} of {changes}"
        assert kills.daemon("nothing") is not None
        assert kills.unfinished(tmp_path / "scratch") == [], f"killed before change {at} of {changes}"
    assert killed >= POINTS - 1
    kills.daemon("restore")
    assert kills.unfinished(tmp_path / "scratch") == []
