"""Tables of fields: what spreadsheets take for formulas, and a growing table that no crash doubles or tears."""

import csv
import os
import signal
import subprocess
import sys
import threading
import tracemalloc

import pytest

from scanmend.document import DocumentField, FieldValue
from scanmend.errors import StorageError
from scanmend.outputs.fields_table import COPIED_BYTES, append, exchange, row, table
from scanmend.outputs.record import field_fields


def head(id_, total="7.00", vendor="Acme Ltd", doubt=""):
    """What a record's head says of a document."""
    fields = (
        DocumentField("vendor", "company", chosen=FieldValue(vendor, vendor, 1)),
        DocumentField("total", "amount", chosen=FieldValue(total, total, 1), doubt=doubt),
    )
    return {"id": id_, "source": "a.png", "finished": "2024-01-02", "fields": [field_fields(f) for f in fields]}


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_one_document_is_a_header_and_a_row():
    """With the names of fields to look at."""
    assert b"".join(table(head("d1", doubt="its confidence is 50%"))) == (
        b"id,source,finished,vendor,total,doubtful\r\nd1,a.png,2024-01-02,Acme Ltd,7.00,total\r\n"
    )


@pytest.mark.parametrize("vendor", ["=HYPERLINK(1)", "+1", "-cmd", "@SUM(A1)"])
def test_no_cell_is_a_formula(vendor, tmp_path):
    """What a scan says is text, whoever printed it; a negative amount is a number all the same."""
    path = tmp_path / "t.csv"
    append(path, head("d1", "-12.50", vendor))
    assert rows(path)[1][3:5] == [f"'{vendor}", "-12.50"]


def test_a_document_is_added_once(tmp_path):
    """Also where others came after it."""
    path = tmp_path / "t.csv"
    for id_ in ("d1", "d2", "d1", "d2", "d3", "d1"):
        append(path, head(id_))
    assert [row[0] for row in rows(path)] == ["id", "d1", "d2", "d3"]


def test_a_torn_row_is_removed_and_written_anew(tmp_path):
    """Wherever the power went: after each byte of the row."""
    path = tmp_path / "t.csv"
    append(path, head("d1"))
    whole = path.read_bytes()
    append(path, head("d2"))
    both = path.read_bytes()
    for cut in range(len(both)):
        path.write_bytes(both[:cut])
        append(path, head("d2"))
        append(path, head("d1"))
        assert sorted(row[0] for row in rows(path)) == ["d1", "d2", "id"], cut
    assert both.startswith(whole)


def test_a_last_row_without_its_end_stays(tmp_path):
    """As an editor may leave it."""
    path = tmp_path / "t.csv"
    append(path, head("d1"))
    path.write_bytes(path.read_bytes().rstrip(b"\r\n"))
    append(path, head("d2"))
    assert [row[0] for row in rows(path)] == ["id", "d1", "d2"]


def test_a_table_with_other_columns_is_set_aside(tmp_path):
    """Nothing of it is changed, however often."""
    path = tmp_path / "t.csv"
    for n in range(2):
        path.write_bytes(b"id,other\r\nx%d,1\r\n" % n)
        append(path, head(f"d{n}"))
    assert (tmp_path / "t.old.csv").read_bytes() == b"id,other\r\nx0,1\r\n"
    assert (tmp_path / "t.old (2).csv").read_bytes() == b"id,other\r\nx1,1\r\n"
    assert [row[0] for row in rows(path)] == ["id", "d1"]


def test_a_row_of_a_long_table_is_exchanged(tmp_path):
    """In its place, with every other byte as it was; little of the table is in memory, and its mode stays."""
    path, others = tmp_path / "t.csv", b"".join(row(head(f"x{n}")) for n in range(200)) * 1000
    append(path, head("d1"))
    above = path.read_bytes() + others
    path.write_bytes(above)
    path.chmod(0o640)
    append(path, head("d2"))
    append(path, head("d3"))
    tracemalloc.start()
    try:
        assert exchange(path, row(head("d2")), row(head("d2", "9.00")))
        assert tracemalloc.get_traced_memory()[1] < 4 * COPIED_BYTES < len(above)
    finally:
        tracemalloc.stop()
    assert path.read_bytes() == above + row(head("d2", "9.00")) + row(head("d3"))
    assert path.stat().st_mode & 0o777 == 0o640
    assert exchange(path, row(head("d2")), row(head("d2", "9.00")))
    assert not exchange(path, row(head("d2", "8.00")), row(head("d2")))


def test_many_at_once(tmp_path):
    """Documents of several threads, some of them twice."""
    path = tmp_path / "t.csv"
    threads = [threading.Thread(target=append, args=(path, head(f"d{n % 20}"))) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(row[0] for row in rows(path)) == sorted(["id", *(f"d{n}" for n in range(20))])


def test_a_process_that_is_killed_leaves_whole_rows(tmp_path):
    """And the next one adds what is missing, once."""
    path = tmp_path / "t.csv"
    code = (
        "import sys; from pathlib import Path; from scanmend.outputs.fields_table import append\n"
        "for n in range(10**6):\n"
        "    append(Path(sys.argv[1]), {'id': f'd{n}', 'source': 'a', 'finished': 'b', 'fields': []})\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], env={**os.environ})
    while not path.exists() or path.stat().st_size < 2000:
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    count = len(rows(path)) - 1
    for n in range(count + 1):
        append(path, {"id": f"d{n}", "source": "a", "finished": "b", "fields": []})
    assert [row[0] for row in rows(path)] == ["id", *(f"d{n}" for n in range(count + 1))]


def test_a_folder_that_is_gone_is_storage_trouble(tmp_path):
    """It is waited for, as for any disk."""
    with pytest.raises(StorageError, match="cannot be written"):
        append(tmp_path / "gone" / "t.csv", head("d1"))
