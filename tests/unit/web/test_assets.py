"""Styles and scripts: under an address that changes with their content."""

import hashlib
import re

import pytest

from scanmend.web.assets import address, assets


def test_an_address_has_the_hash_of_its_file():
    asset = assets()["page.css"]
    assert address("page.css") == f"/static/{hashlib.sha256(asset.body).hexdigest()[:12]}/page.css"
    assert asset.media_type.startswith("text/css")


def test_only_styles_scripts_and_drawings_are_served():
    assert {name.rpartition(".")[2] for name in assets()} == {"css", "js", "svg"}


def test_a_file_that_is_not_there_is_an_error_of_ours():
    with pytest.raises(KeyError):
        address("missing.js")


@pytest.mark.parametrize("name", [name for name in assets() if name.endswith(".js")])
def test_a_script_needs_nothing_that_the_policy_forbids(name):
    """No code out of strings, no markup out of strings, no style in attributes, nothing from elsewhere."""
    script = assets()[name].body.decode()
    forbidden = (
        r"\beval\b",
        r"\bFunction\(",
        r"(inner|outer)HTML\s*=[^=]",
        "insertAdjacentHTML",
        r"\.style\b",
        "https?:",
    )
    assert [pattern for pattern in forbidden if re.search(pattern, script)] == []


def test_a_style_needs_nothing_from_elsewhere():
    style = assets()["page.css"].body.decode()
    assert "@import" not in style
    assert "url(" not in style
