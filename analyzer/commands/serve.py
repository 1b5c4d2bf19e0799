"""`keyshark serve`: the terminal UI in a browser, on this machine only unless told otherwise."""

from __future__ import annotations

import secrets
import shlex
import sys
from typing import TYPE_CHECKING

import click

from analyzer.codes import USAGE
from analyzer.commands.cases import Failure, find, inputs, media_option, profile_option
from analyzer.commands.output import common, tell

if TYPE_CHECKING:
    from aiohttp import web
    from aiohttp.typedefs import Handler, Middleware

COOKIE = "keyshark"
REFUSED = "Open the address that keyshark serve printed: it has a token in it.\n"
TOKEN = 24  # octets of chance in what a browser must know


@click.command("serve")
@click.option("--host", default="127.0.0.1", help="Address to listen to [127.0.0.1]: others can then read your keys.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, help="Port to listen to [8000].")
@inputs
@media_option
@profile_option
@common
def command(
    paths: tuple[str, ...],
    merge: bool,
    keys: tuple[str, ...],
    engine: str,
    media: str,
    profile: str | None,
    host: str,
    port: int,
) -> None:
    """Show the terminal UI in a browser: open the address that is printed, which has a token in it.

    Each browser window has a UI of its own. Without the token nobody gets in; whoever has it sees all that the
    captures and the keyrings hold, and TLS is up to a proxy of yours.
    """
    try:
        from textual_serve.server import Server  # noqa: PLC0415  # an extra
    except ImportError:
        raise Failure("the package textual-serve is not installed: pip install 'keyshark[serve]'", USAGE) from None
    if not find(paths, merge):
        raise SystemExit(USAGE)
    token = secrets.token_urlsafe(TOKEN)

    class Guarded(Server):
        """The server of textual-serve, for those who know the token."""

        async def _make_app(self) -> web.Application:
            app: web.Application = await super()._make_app()
            app.middlewares.append(guard(token))
            return app

        async def on_startup(self, app: web.Application) -> None:
            shown = f"[{host}]" if ":" in host else host
            tell(f"serving on http://{shown}:{port}/?token={token}  (Ctrl-C ends it)")

    told = ["--engine", engine, "--media", media, *(["--merge"] if merge else [])]
    told += ["--profile", profile] if profile is not None else []
    told += [word for keyring in keys for word in ("--keys", keyring)]
    line = shlex.join([sys.executable, "-m", "analyzer", "open", *told, "--", *paths])
    Guarded(line, host=host, port=port, title="keyshark").serve()


def guard(token: str) -> Middleware:
    """Return what lets only those in who bring the token, first in the address and from then on in a cookie."""
    from aiohttp import web  # noqa: PLC0415

    @web.middleware
    async def checked(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.query.get("token", request.cookies.get(COOKIE, ""))
        if not secrets.compare_digest(given.encode(), token.encode()):
            return web.Response(status=403, text=REFUSED)
        if "token" not in request.query:
            return await handler(request)
        inside = web.HTTPSeeOther("/")  # so that the token stays in no history
        inside.set_cookie(COOKIE, token, httponly=True, samesite="Strict")
        raise inside

    return checked
