"""scanmend.control.http.api.openapi: the document says what the API does; schemathesis tries to prove the contrary."""

import json

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from control_world import add_documents, controlled
from scanmend.control.http.api.openapi import document
from scanmend.control.http.api.table import OPERATIONS
from scanmend.control.http.app import create_app

EXAMPLES = 6
"""Requests for each operation that are made up, valid and invalid ones each."""


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    root = tmp_path_factory.mktemp("house")
    with controlled(root) as (service, controls):
        add_documents(service, root)
        yield create_app(controls)


@pytest.fixture(scope="module")
def described(app):
    """The API as its own document describes it, but for the stream that never ends."""
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)
    return schema.exclude(path="/api/v1/events")


def test_every_operation_is_described():
    """With an id, a summary, what it answers, and the errors that it may answer with."""
    described = json.loads(document(OPERATIONS))
    found = {(method.upper(), path) for path, methods in described["paths"].items() for method in methods}
    assert found == {(operation.method, operation.full_path) for operation in OPERATIONS}
    ids = [one["operationId"] for methods in described["paths"].values() for one in methods.values()]
    assert len(set(ids)) == len(ids)
    assert described["openapi"] == "3.1.0"
    for methods in described["paths"].values():
        for one in methods.values():
            problems = [a for status, a in one["responses"].items() if int(status) >= 400]
            assert problems
            assert all("application/problem+json" in answer["content"] for answer in problems)


def cases():
    """Each operation with requests that are valid; and, where there is something to be wrong, with invalid ones."""
    for operation in OPERATIONS:
        for mode in GenerationMode:
            if operation.name != "events" and (mode is GenerationMode.POSITIVE or operation.query or operation.body):
                yield pytest.param(operation, mode, id=f"{operation.name}-{mode.value}")


@pytest.mark.parametrize(("operation", "mode"), list(cases()))
def test_no_request_gets_another_answer_than_is_described(described, operation, mode):
    """Made-up requests, valid and invalid: the status, the type and the content of each answer are as described."""

    @given(case=described[operation.full_path][operation.method].as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.explicit, Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    def ask(case):
        case.call_and_validate(base_url="http://localhost")

    ask()
