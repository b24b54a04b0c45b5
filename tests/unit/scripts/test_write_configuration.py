"""scripts/write_configuration.py: the tables of docs/configuration.md say what the schema does."""

import pytest
from pydantic import BaseModel, Field

import write_configuration
from scanmend.config.schema import Config


def test_the_page_in_docs_is_up_to_date():
    """Whoever changes a key, its limits, its default or its docstring runs scripts/write_configuration.py."""
    text = write_configuration.PAGE.read_text("utf-8")
    assert write_configuration.page(text) == text


class Undescribed(BaseModel):
    """A section with a key that says nothing of itself."""

    limit_s: float = Field(3.0, gt=0, le=60)
    """Longest ``pause`` between
    two looks."""
    silent: bool = False


def test_a_row_has_the_limits_of_the_schema_and_the_docstring_and_a_key_without_one_is_refused():
    """On the page nobody could tell what it is for."""
    rows = write_configuration.rows(Undescribed)
    assert next(rows) == "| `limit_s` | seconds, above 0, up to 60 | `3` | Longest `pause` between two looks. |\n"
    with pytest.raises(ValueError, match=r"Undescribed\.silent has no docstring"):
        next(rows)


def test_old_rows_are_replaced_prose_stays_and_a_page_without_its_table_is_refused():
    """A renamed key would stand there for ever, and a heading that was reworded would have no table."""
    text = write_configuration.PAGE.read_text("utf-8")
    (row,) = (row for row in write_configuration.rows(Config) if row.startswith("| `max_wait_s`"))
    assert write_configuration.page(text.replace(row, "| `old` | text | — | Gone. |\n" + row)) == text
    with pytest.raises(ValueError, match="heading Control"):
        write_configuration.page(text.replace("## Control", "## Commands"))
