"""scanmend.notify.privacy: what is taken out of texts that leave the machine."""

import pytest

from scanmend.notify.privacy import without, without_addresses, without_homes, without_names


@pytest.mark.parametrize(
    ("text", "names", "left"),
    [
        ("Rechnung Meier.pdf is encrypted", ["Rechnung Meier.pdf"], "<file> is encrypted"),
        ("sub/a.pdf and a.pdf", ["a.pdf", "sub/a.pdf"], "<file> and <file>"),
        ("/srv/in/Rechnung Meier.pdf is gone", ["Rechnung Meier.pdf"], "<path> is gone"),
        ("the disk of /srv/out is full: 1.0 MiB are left", [], "the disk of <path> is full: 1.0 MiB are left"),
        ("'/srv/my scans/in.pdf': no", [], "'<path>': no"),
        ("read at 3 MiB/s, and/or not", [], "read at 3 MiB/s, and/or not"),
        ("asked https://u:p@host/x for it", [], "asked https://… for it"),
        ("nothing to hide", ["", " "], "nothing to hide"),
    ],
)
def test_names_paths_and_addresses_go(text, names, left):
    """What is wrong stays readable."""
    assert without_names(text, names) == left


def test_addresses_keep_their_scheme_only():
    """The host may be the secret, as a bot's token is."""
    assert without_addresses("tgram://123:abc/456 and mailto://a:b@c.org?x=1") == "tgram://… and mailto://…"


def test_tokens_of_the_hub_go():
    assert without_addresses("Bearer hf_abcDEF123456789 refused") == "Bearer <secret> refused"


def test_home_folders_are_nobodys(monkeypatch):
    """Neither one's own nor others'."""
    monkeypatch.setenv("HOME", "/data/people/ada")
    assert (
        without_homes("/data/people/ada/in, /home/bob/out and /data/people/adam") == "~/in, ~/out and /data/people/adam"
    )


def test_known_secrets_go_wherever_they_stand():
    """Longer ones first, and none so short that it is in every word."""
    assert without("key=abcdef; abcd", ["abcd", "abcdef", "e"]) == "key=<secret>; <secret>"
