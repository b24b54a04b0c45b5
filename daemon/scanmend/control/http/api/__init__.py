"""The JSON API, ``/api/v1``: one table of operations, from which both routes and description are made.

1. ``operations`` says what an operation is, checks the parts of a request, and answers.
2. ``table`` lists them all, those about documents in review from ``reviews``, and makes routes of them.
3. ``openapi`` describes the table to programs.
4. ``problems`` says what went wrong: a stable code, the place and the remedy (RFC 9457).

It imports control, ledger and review; ``control.http`` serves it.
"""
