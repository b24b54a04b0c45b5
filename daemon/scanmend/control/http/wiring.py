"""Which sockets a configuration asks for, who may ask on them, and the server that serves a daemon's controls there."""

import socket
from collections.abc import Callable, Sequence

from starlette.routing import BaseRoute

from scanmend.config.fields import host_and_port
from scanmend.config.schema import Config
from scanmend.control.controls import Controls
from scanmend.control.http import login, sockets
from scanmend.control.http.app import create_app
from scanmend.control.http.auth import Token
from scanmend.control.http.gate import Rules
from scanmend.control.http.server import ControlServer, Opening
from scanmend.errors import StorageError


def rules_of(config: Config) -> Rules:
    """Return who may ask; ConfigError where the token file cannot be used."""
    web = config.web
    if web is None:
        return Rules()
    own = [host_and_port(web.listen)[0]] if web.listen else []
    return Rules((*own, *web.hosts), Token(web.token_file) if web.token_file else None)


def control_server(
    config: Config,
    controls: Controls,
    rules: Rules,
    metrics: Callable[[], bytes],
    make_pages: Callable[[], Sequence[BaseRoute]] = tuple,
    login_page: login.LoginPage = login.plain_page,
) -> ControlServer:
    """Return the server of a daemon, not started yet; it takes what systemd has passed.

    ``metrics`` returns what ``/metrics`` shows; ``make_pages`` returns the routes of the web page.
    """
    return ControlServer(
        lambda: create_app(controls, rules, metrics, make_pages(), login_page), _openings(config, rules)
    )


def _openings(config: Config, rules: Rules) -> list[Opening]:
    passed, web = sockets.passed(), config.web
    path = sockets.control_path(config.state_dir)
    out: list[Opening] = [lambda: [sockets.open_control(path, config.control.group)]]
    if passed:
        out.append(lambda: _admitted(passed, config, rules))
    if web is not None and web.listen is not None:
        address = host_and_port(web.listen)
        out.append(lambda: [sockets.open_address(address)])
    elif web is not None and not passed:
        out.append(_nowhere)
    return out


def _admitted(passed: Sequence[socket.socket], config: Config, rules: Rules) -> Sequence[socket.socket]:
    """Return the sockets that systemd has passed, where the configuration lets them be served; StorageError."""
    if config.web is None:
        raise StorageError(
            f"systemd passes a socket for the web page, but {config.source} has no web; add web: {{}} and restart, or "
            "systemctl disable --now scanmend.socket"
        )
    if rules.token is None and not all(sockets.is_local(one) for one in passed):
        raise StorageError(
            "scanmend.socket is reached from other machines, so it needs web.token_file, a file with a secret; set it "
            "and restart, or have it listen on 127.0.0.1"
        )
    return passed


def _nowhere() -> Sequence[socket.socket]:
    raise StorageError(
        "web has no listen, and systemd passes no socket; set listen: 127.0.0.1:8642, or "
        "systemctl enable --now scanmend.socket"
    )
