"""Around every request: sizes, paths, methods, faults, and the bytes on a real socket."""

import asyncio
import json
import re

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from outdial.api.framing import LONGEST_BODY, plain_path
from support.api_world import ACCOUNT, AGENT_TO_NUMBER, ApiWorld
from support.raw_http import chunk, listening

URL = f"/v0/{ACCOUNT}/calls/"
TOO_LARGE = {"message": "The request body is too large", "code": "body-too-large"}


def padded(size: int) -> bytes:
    """A body that would be granted, of so many bytes."""
    body = json.dumps(AGENT_TO_NUMBER).encode()
    return body[:-1] + b" " * (size - len(body)) + body[-1:]


async def test_100_kb_are_read_and_no_byte_more(world: ApiWorld) -> None:
    headers = {"Content-Type": "application/json"}
    assert LONGEST_BODY == 102_400
    response = await world.client.post(URL, content=padded(LONGEST_BODY + 1), headers=headers)
    assert (response.status_code, response.json()) == (413, TOO_LARGE)
    assert (await world.client.post(URL, content=padded(LONGEST_BODY), headers=headers)).status_code == 201


async def test_a_body_in_chunks_is_read_no_further_than_100_kb(world: ApiWorld) -> None:
    headers = [f"Authorization: Bearer {world.token()}", "Content-Type: application/json", "Transfer-Encoding: chunked"]
    async with listening(world.app) as listener:
        whole = padded(LONGEST_BODY)
        fine = await listener.post(URL, headers, chunk(whole[:50_000]), chunk(whole[50_000:]), chunk(b""))
        assert fine.status == 201
        endless = await listener.post(URL, headers, *(chunk(b" " * 10_000) for _ in range(11)))
        assert (endless.status, json.loads(endless.body)) == (413, TOO_LARGE)


async def test_a_length_that_is_too_much_is_refused_before_the_body_comes(world: ApiWorld) -> None:
    headers = [f"Authorization: Bearer {world.token()}", "Content-Type: application/json", "Content-Length: 999999999"]
    async with listening(world.app) as listener:
        assert (await listener.post(URL, headers)).status == 413
        without_token = await listener.post(URL, headers[1:])
        assert without_token.status == 401


async def test_the_reply_on_the_wire(world: ApiWorld) -> None:
    body = json.dumps(AGENT_TO_NUMBER).encode()
    headers = [
        f"Authorization: bearer {world.token()}",
        "Content-Type: application/json; version=1.1",
        f"Content-Length: {len(body)}",
    ]
    async with listening(world.app) as listener:
        answer = await listener.post("/V0/A1B2C3D4E5/Calls", headers, body)
        said = json.loads(answer.body)
        base = f"http://127.0.0.1:{listener.port}"
    assert answer.status == 201
    assert answer.headers["content-type"] == "application/json; version=2"
    assert answer.headers["location"] == f"{base}/v0/{ACCOUNT}/calls/{said['id']}" == said["links"][0]["href"]
    assert "server" not in answer.headers
    assert list(said) == ["id", "links", "from", "to"]


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"POST /v0/a1b2c3d4e5/calls/ HTTP/1.1\r\n\r\n", 401),
        (b"GET /v0/a1b2c3d4e5/calls/%zz HTTP/1.1\r\nHost: x\r\n\r\n", 401),
        (b"GET /v0/a1b2c3d4e5/calls/\xff HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
    ],
)
async def test_odd_requests_get_an_answer(world: ApiWorld, request_line: bytes, status: int) -> None:
    async with listening(world.app) as listener:
        line, _, rest = request_line.partition(b"\r\n")
        assert (await listener.send(line + b"\r\nConnection: close\r\n" + rest)).status == status


@pytest.mark.parametrize(
    ("sent", "plain"),
    [
        ("/V0/A1b2/Calls/", "/v0/a1b2/calls"),
        ("/v6/a/agents", "/v6/a/agents"),
        ("/AUTH/Connect/token", "/auth/connect/token"),
        ("/manage/accounts/a/groups/Sales/", "/manage/accounts/a/groups/Sales"),
        ("/Vx/A", "/Vx/A"),
        ("/", "/"),
        ("//", "/"),
        ("", "/"),
    ],
)
def test_paths_are_matched_without_regard_to_case_and_last_slash(sent: str, plain: str) -> None:
    assert plain_path(sent) == plain


METHODS = [
    (URL, "POST"),
    (f"/v0/{ACCOUNT}/calls/x", "DELETE, GET, HEAD, POST"),
    (f"/v0/{ACCOUNT}/agents/", "GET, HEAD"),
    (f"/v0/{ACCOUNT}/agents/1", "GET, HEAD"),
    ("/v0/oauth2/token", "POST"),
    ("/Auth/connect/token", "POST"),
    ("/healthz", "GET, HEAD"),
]


@pytest.mark.parametrize(("url", "allow"), METHODS)
@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "TRACE"])
async def test_other_methods_are_told_which_there_are(world: ApiWorld, url: str, allow: str, method: str) -> None:
    response = await world.client.request(method, url)
    message = f"The requested resource does not support http method '{method}'."
    assert (response.status_code, response.json()) == (405, {"message": message, "code": "method-not-allowed"})
    assert response.headers["allow"] == allow


@pytest.mark.parametrize("url", ["/nope", "/v0", f"/v0/{ACCOUNT}", f"/v0/{ACCOUNT}/calls/x/y", "/docs/x"])
async def test_pages_that_are_not_there(world: ApiWorld, url: str) -> None:
    response = await world.client.get(url)
    assert response.status_code == 404
    assert response.json() == {"message": "The requested resource does not exist", "code": "not-found"}


async def test_head_is_get_without_a_body(world: ApiWorld) -> None:
    async with listening(world.app) as listener:
        url = f"/v0/{ACCOUNT}/agents/1234"
        lines = f"HEAD {url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {world.token()}\r\n\r\n"
        answer = await listener.send(lines.encode())
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["content-length"]) > 0


async def test_a_fault_is_told_without_its_cause_and_logged(
    world: ApiWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    async def breaks(request: Request) -> Response:
        raise RuntimeError("the secret of it")

    world.app.router.routes.insert(0, Route("/broken", breaks))
    response = await world.client.get("/broken?token=hidden")
    assert response.status_code == 500
    assert response.json() == {
        "message": "Something went wrong on our side; the request was not carried out in full",
        "code": "internal-error",
    }
    logged = re.sub(r"\x1b\[[0-9;]*m", "", "".join(capsys.readouterr()))
    assert "request fault" in logged
    assert "the secret of it" in logged


async def test_who_leaves_before_the_end_of_the_body_is_no_fault(
    world: ApiWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    head = f"POST {URL} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.token()}\r\n"
    async with listening(world.app) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(head.encode() + b"Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{")
        await writer.drain()
        writer.close()
        assert await reader.read() == b""
        # Served after the one that left: whatever was to be logged of it has been.
        await listener.post(URL, [f"Authorization: Bearer {world.token()}"])
    assert "fault" not in "".join(capsys.readouterr())
    assert not world.switch.performed


async def test_the_same_on_a_socket_which_goes_on_serving(world: ApiWorld) -> None:
    async def breaks(request: Request) -> Response:
        raise RuntimeError("a fault of ours")

    world.app.router.routes.insert(0, Route("/broken", breaks))
    async with listening(world.app) as listener:
        for _ in range(2):
            answer = await listener.send(b"GET /broken HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert (answer.status, json.loads(answer.body)["code"]) == (500, "internal-error")
