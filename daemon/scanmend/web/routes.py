"""The addresses of the page: each view and each action; an action is a form that is posted, and ends in a redirect."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from scanmend.control.controls import Controls
from scanmend.review.reviews import Reviews
from scanmend.web.assets import assets
from scanmend.web.handling import get, post
from scanmend.web.review_views import ReviewViews
from scanmend.web.templates import render
from scanmend.web.views import Views

FOR_EVER = "public, max-age=31536000, immutable"
"""Of files whose address has their hash."""


def routes(controls: Controls, reviews: Reviews) -> list[BaseRoute]:
    """Return the routes of the page over a running daemon."""
    views = Views(controls, reviews)
    desk = ReviewViews(views, reviews)
    return [
        get("/", views.now),
        get("/done", views.done),
        get("/failed", views.failed),
        post("/unload", views.unload),
        post("/folders/{name}/pause", views.pause),
        post("/folders/{name}/resume", views.resume),
        post("/retry", views.retry_all),
        post("/retry/{id}", views.retry),
        get("/review", desk.queue),
        post("/review/name", desk.set_name),
        get("/review/{id}", desk.document),
        get("/review/{id}/page/{number:int}", desk.page_image),
        get("/review/{id}/crop/{place}", desk.crop),
        post("/review/{id}/decide", desk.decide),
        post("/review/{id}/undo", desk.undo),
        post("/review/{id}/restore", desk.restore),
        Route("/static/{digest}/{name}", static),
        get("/{rest:path}", views.nothing),
    ]


def login_page(message: str, target: str) -> str:
    """Return the page that asks for the token. ``message``: why it is asked again; ``target``: where to go then."""
    return render("login.html", message=message, target=target).decode("utf-8")


async def static(request: Request) -> Response:
    """Send a style or script; its address changes with its content, so browsers need not ask again."""
    asset = assets().get(request.path_params["name"])
    if asset is None or request.path_params["digest"] != asset.digest:
        return Response("there is no such file", 404, media_type="text/plain")
    headers = {"Cache-Control": FOR_EVER, "ETag": f'"{asset.digest}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(asset.body, media_type=asset.media_type, headers=headers)
