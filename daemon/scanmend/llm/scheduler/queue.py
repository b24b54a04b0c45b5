"""Who may have which model next, and which model has to be given up for that; pure.

Documents of one model hold it together. Work is grouped by model: where a model may be taken up, documents of a loaded
one go first, whenever they came. Nobody waits for ever: a document that has waited longer than ``max_wait_s`` for a
model that is not loaded goes before those, and the model held longest is given up for it between two pages.
"""

from scanmend.llm.scheduler.state import Snapshot, Ticket


def may_enter(state: Snapshot, ticket: Ticket, now: float) -> bool:
    """Whether this document, which is in the queue, may hold its model from now on."""
    if ticket.name in state.draining:
        return False
    if hold := state.held.get(ticket.name):
        return state.configured.get(ticket.name) == hold.spec and ticket.name not in yielding(state, now)
    return ticket in _first_in_line(state, now)


def yielding(state: Snapshot, now: float) -> set[str]:
    """Return the models to be given up between two pages: for each overdue model one, those held longest."""
    overdue = {t.name for t in state.queue if t.name not in state.held and _is_overdue(state, t, now)}
    count = len(overdue) - _vacancies(state)
    return set(sorted(state.held, key=lambda name: state.held[name].since)[: max(0, count)])


def _first_in_line(state: Snapshot, now: float) -> list[Ticket]:
    """Return the first ticket of each model that may be taken up now."""
    tickets = [t for t in state.queue if t.name not in state.held and t.name not in state.draining]
    if not any(_is_overdue(state, t, now) and t.name not in state.loaded for t in tickets):
        tickets.sort(key=lambda t: t.name not in state.loaded)
    firsts = {t.name: t for t in reversed(tickets)}
    return sorted(firsts.values(), key=tickets.index)[: _vacancies(state)]


def _vacancies(state: Snapshot) -> int:
    """Return how many more models may be held."""
    return max(0, state.policy.max_loaded - len(state.held))


def _is_overdue(state: Snapshot, ticket: Ticket, now: float) -> bool:
    return now - ticket.since > state.policy.max_wait_s
