"""scanmend.config.yaml_lines: YAML 1.2's plain values, where they stand, and files that no reader should choke on."""

import os
import time

import pytest

from scanmend.config.yaml_lines import MAX_BYTES, dotted, read
from scanmend.errors import ConfigError


@pytest.fixture
def file(tmp_path):
    """Return a function that writes text or bytes to a file and returns its path."""

    def write(content):
        path = tmp_path / "c.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def problem(path) -> str:
    """Return the only thing wrong with a file, without the path in front."""
    with pytest.raises(ConfigError) as caught:
        read(path)
    (line,) = caught.value.problems
    assert line.startswith(f"{path}:")
    assert "\n" not in line
    return line.removeprefix(f"{path}:")


class TestValues:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("off", "off"),
            ("no", "no"),
            ("Yes", "Yes"),
            ("y", "y"),
            ("2024-01-01", "2024-01-01"),
            ("1:30", "1:30"),
            ("007", "007"),
            ("1_000", "1_000"),
            ("=", "="),
            (".inf", ".inf"),
            ("1.2.3", "1.2.3"),
            ("-", None),
            ("9" * 5000, "9" * 5000),
            ("true", True),
            ("FALSE", False),
            ("0", 0),
            ("-12", -12),
            ("1.5", 1.5),
            (".5", 0.5),
            ("1e3", 1000.0),
            ("~", None),
            ("", None),
            ("null", None),
            ("'true'", "true"),
            ('"7"', "7"),
            ("!!str 7", "7"),
            ("{a: [1, b]}", {"a": [1, "b"]}),
        ],
    )
    def test_plain_values_are_read_as_yaml_1_2_does(self, file, text, value):
        """``off``, ``no``, dates and clock times are text: a strategy may be called off, a language no."""
        raw, _ = read(file(f"k: {text if text != '-' else ''}\n"))
        assert raw == {"k": value}
        assert type(raw["k"]) is type(value)

    @pytest.mark.parametrize("key", ["off", "yes", "1", "2024-01-01", "null", "true", "1.5"])
    def test_keys_are_text(self, file, key):
        """A model or folder key is called what stands there, whatever kind of value it looks like."""
        raw, lines = read(file(f"{key}: x"))
        assert raw == {key: "x"}
        assert (key,) in lines

    def test_bom(self, file):
        """A byte order mark, which some editors put in front, does not become part of the first key."""
        assert read(file(b"\xef\xbb\xbfa: 1"))[0] == {"a": 1}


class TestLines:
    def test_of(self, file):
        """A key has its own line, one that is not there that of what should have it."""
        path = file("a: 1\nlist:\n  - x: 2\n    y: 3\n  - {x: 4}\n")
        _, lines = read(path)
        assert lines.where("a") == f"{path}:1: a"
        assert lines.where("list", 0, "y") == f"{path}:4: list[0].y"
        assert lines.where("list", 1, "missing") == f"{path}:5: list[1].missing"
        assert lines.where("nowhere") == f"{path}:1: nowhere"
        assert ("list", 1, "x") in lines
        assert ("list", 2) not in lines

    def test_dotted(self):
        """Locations read as one would write them; what cannot be printed is escaped."""
        assert dotted(("folders", 0, "inbox")) == "folders[0].inbox"
        assert dotted(("a\nb",)) == "'a\\nb'"
        assert dotted(()) == ""

    def test_duplicates(self, file):
        """Every key that stands twice in one mapping is named with both lines, also in an anchored mapping, once."""
        path = file("a: 1\nb: &b\n  x: 1\n  x: 2\nc: *b\na: 3\n")
        raw, lines = read(path)
        assert raw["a"] == 1
        assert [p.removeprefix(f"{path}:") for p in lines.problems] == [
            "4: b.x: the same key stands in line 3 already; remove one",
            "6: a: the same key stands in line 1 already; remove one",
        ]


class TestMerge:
    def test_merged_keys_have_the_line_where_they_stand(self, file):
        """``<<`` brings in the keys of an alias; a key of the mapping's own wins and is no duplicate."""
        path = file("base: &b\n  x: 1\n  y: 2\none:\n  <<: *b\n  y: 3\n")
        raw, lines = read(path)
        assert raw["one"] == {"x": 1, "y": 3}
        assert lines.where("one", "x") == f"{path}:2: one.x"
        assert lines.where("one", "y") == f"{path}:6: one.y"
        assert lines.problems == ()

    def test_lists_and_chains_of_merges(self, file):
        """The first of several aliases wins, and an alias may itself have been merged."""
        raw, lines = read(file("a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: [*b, {x: 9, z: 3}]}\nd: {'<<': 5}\n"))
        assert raw["c"] == {"x": 1, "y": 2, "z": 3}
        assert raw["d"] == {"<<": 5}
        assert lines.problems == ()

    def test_merge_of_no_mapping(self, file):
        """What is no mapping cannot be merged, and that is said where it stands."""
        path = file("a: 1\nb:\n  <<: 5\n")
        assert read(path)[1].problems == (f"{path}:3: b: << takes an alias of a mapping, or a list of such aliases",)


class TestRefusals:
    @pytest.mark.parametrize(
        ("content", "said"),
        [
            ("a: 1\n\tb: 2\n", "2: not valid YAML: a tab where"),
            ("a:\n\t- b\n", "2: not valid YAML: a tab where"),
            ("a: 1\nb: 'open\n", "2: not valid YAML: "),
            ("a: [1\nb: 2\n", "2: not valid YAML: "),
            ("a: 1\nb: *nothing\n", "2: not valid YAML: found undefined alias 'nothing'; define it with & above"),
            ("a: 1\n---\nb: 1\n", "2: not valid YAML: a second document begins with ---"),
            ("a: 1\nb: \x00\n", "2: holds a control character (0x00)"),
            (b"a: 1\nb: caf\xe9\n", "2: not UTF-8 (byte 0xe9)"),
            ("a: 1".encode("utf-16"), "1: not UTF-8"),
            ("", " empty; start from"),
            ("# only a remark\n", " empty; start from"),
            ("- a\n- b\n", "1: needs to be a mapping of keys"),
            ("plain words", "1: needs to be a mapping of keys"),
            (b"#" * (MAX_BYTES + 1), " larger than 256 KiB"),
            ("a: " + "[" * 5000, " nested more than 32 deep"),
            ("a: " + "[" * 40 + "]" * 40, "1: a[0][0]: nested more than 32 deep"),
        ],
    )
    def test_what_is_no_configuration_is_told_in_one_line(self, file, content, said):
        """Whatever a file holds, there is one line that names the place and what to do."""
        assert problem(file(content)).startswith(said)

    def test_tags_that_do_not_fit(self, file):
        """Tags for other kinds of object build nothing, and are named with the rest."""
        path = file("a: !!python/object/apply:os.system [true]\nb: !!int x\nc: !!timestamp never\nd: !own x\ne: 1\n")
        raw, lines = read(path)
        assert raw["e"] == 1
        assert [p.split(": ")[0].rpartition(":")[2] for p in lines.problems] == ["2", "3", "4"]
        assert raw["a"] == [True]

    def test_keys_that_are_no_text(self, file):
        """A list as a key is named with its line."""
        path = file("a: 1\n? [x]\n: 2\n")
        assert read(path)[1].problems == (f"{path}:2: a key needs to be plain text",)

    @pytest.mark.parametrize("kind", ["lists", "mappings", "merges", "itself"])
    def test_alias_bombs(self, file, kind):
        """Aliases of aliases that stand for billions of values are refused before they cost time or memory."""
        bodies = {"lists": "[{}]", "mappings": "{{k: [{}]}}", "merges": "{{<<: [{}]}}"}
        rows = ["a0: &a0 {x: 1}"]
        if kind == "itself":
            rows.append("a1: &a1 [*a1, *a1, *a1]")
        else:
            rows += [f"a{i}: &a{i} " + bodies[kind].format(", ".join([f"*a{i - 1}"] * 9)) for i in range(1, 13)]
        started = time.monotonic()
        assert "aliases written out; use fewer aliases" in problem(file("\n".join(rows)))
        assert time.monotonic() - started < 20

    def test_not_a_file(self, tmp_path):
        """A missing file and a folder are named as such."""
        assert problem(tmp_path / "missing.yaml").startswith(" there is no such file; start from")
        assert problem(tmp_path) == " is a folder; name the YAML file in it"

    @pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
    def test_not_readable(self, file):
        """A file that we may not read is named with the system's reason."""
        path = file("a: 1")
        path.chmod(0)
        assert problem(path) == " cannot be read: Permission denied"
