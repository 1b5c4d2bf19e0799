"""`keyshark serve`: nobody gets in without the token, and a browser that has it drives the UI."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys

import pytest

from analyzer.cli import run
from analyzer.commands.serve import COOKIE, guard

aiohttp = pytest.importorskip("aiohttp")
pytest.importorskip("textual_serve")
START = 60  # seconds that a server may take to begin, on a machine with other things to do


async def test_only_the_token_lets_in_and_it_goes_into_a_cookie():
    from aiohttp import web
    from aiohttp.test_utils import TestClient, TestServer

    async def hello(request):
        return web.Response(text="in")

    app = web.Application(middlewares=[guard("right")])
    app.router.add_get("/", hello)
    async with TestClient(TestServer(app)) as client:
        for path in ("/", "/?token=wrong", "/?token=", "/?token=ä"):
            response = await client.get(path)
            assert response.status == 403
            assert "token" in await response.text()
        response = await client.get("/?token=right", allow_redirects=False)
        assert (response.status, response.headers["Location"]) == (303, "/")
        cookie = response.cookies[COOKIE]
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
        assert await (await client.get("/")).text() == "in"


def test_without_captures_nothing_is_served(tmp_path, capsys):
    with pytest.raises(SystemExit):
        run(["serve", str(tmp_path)])
    assert "no captures in" in capsys.readouterr().err


async def _got(session, address):
    """Get a page of a server that tells its address a moment before it listens."""
    async with asyncio.timeout(START):
        while True:
            try:
                return await session.get(address)
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.1)


async def test_a_browser_sees_the_ui():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "analyzer", "serve", "--port", str(port), "sample_pcaps/http_good"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=os.environ)
    try:
        line = await asyncio.to_thread(server.stderr.readline)
        address = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", line)[0]
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            assert (await _got(session, address.partition("?")[0])).status == 403
            page = await (await session.get(address)).text()
            assert "keyshark" in page
            seen = b""
            async with (
                session.ws_connect(f"http://127.0.0.1:{port}/ws?width=100&height=30") as socket_,
                asyncio.timeout(START),
            ):
                async for message in socket_:
                    seen += message.data if isinstance(message.data, bytes) else message.data.encode()
                    if b"user1_private" in seen:
                        break
        assert b"user1_private" in seen
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(START)
        server.stderr.close()
