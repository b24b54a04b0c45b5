"""Words that people confirmed in review, a table of the ledger: how often, and which were learned from that."""

from collections.abc import Iterable

from scanmend.ledger.sqlite import Database

MAX_CONFIRMED = 50_000
"""How many confirmations are remembered, the latest: some 5 MiB."""

CONFIRMED_SCHEMA = """CREATE TABLE confirmed (
  folder TEXT NOT NULL,
  word TEXT NOT NULL,
  document TEXT NOT NULL,      -- empty where the row says that the word was learned
  place TEXT NOT NULL,
  PRIMARY KEY (folder, word, document, place)
) STRICT;
CREATE INDEX confirmed_document ON confirmed(document)"""
CONFIRMED_COLUMNS = {"confirmed": {"folder", "word", "document", "place"}}


class ConfirmedWords:
    """The words that people typed or chose, by folder; as safe to share as the database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def note(self, folder: str, document: str, words: Iterable[tuple[str, str]]) -> None:
        """Remember the words, each with its place, that decisions about a document confirm now; forget its others."""
        with self._db.transaction() as db:
            db.execute("DELETE FROM confirmed WHERE document = ?", (document,))
            rows = [(folder, word, document, place) for word, place in words]
            db.executemany("INSERT OR IGNORE INTO confirmed VALUES (?, ?, ?, ?)", rows)
            db.execute(
                "DELETE FROM confirmed WHERE document != '' AND rowid IN "
                "(SELECT rowid FROM confirmed ORDER BY rowid DESC LIMIT -1 OFFSET ?)",
                (MAX_CONFIRMED,),
            )

    def counts(self, folder: str) -> dict[str, int]:
        """Return in how many places each word of a folder was confirmed."""
        query = "SELECT word, count(*) FROM confirmed WHERE folder = ? AND document != '' GROUP BY word"
        return {row[0]: row[1] for row in self._db.query(query, (folder,))}

    def to_learn(self, folder: str, least: int) -> list[str]:
        """Return the words of a folder that were confirmed in ``least`` places, and are not learned yet."""
        query = (
            "SELECT word FROM confirmed AS c WHERE folder = ? AND document != '' AND NOT EXISTS "
            "(SELECT 1 FROM confirmed WHERE folder = c.folder AND word = c.word AND document = '') "
            "GROUP BY word HAVING count(*) >= ? ORDER BY word"
        )
        return [row[0] for row in self._db.query(query, (folder, least))]

    def learned(self, folder: str, word: str) -> None:
        """Note that a word was learned, so that it is not again when a person removes it from the glossary."""
        self._db.run("INSERT OR IGNORE INTO confirmed VALUES (?, ?, '', '')", (folder, word))
