"""What the API says of itself: complete, consistent with its own examples, and readable with no other host."""

import html
import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import jsonschema_rs
import pytest
from starlette.routing import Route

from outdial.api.framing import plain_path
from outdial.api.reference.examples import PLACE, placed
from outdial.api.reference.page import page as page_of
from support.api_world import ApiWorld
from support.page_texts import PAGE_TEXTS

METHODS = {"get", "post", "put", "patch", "delete"}
UNLISTED = {"/", "/openapi.json", "/docs"}
Document = dict[str, Any]


async def document_of(world: ApiWorld) -> Document:
    del world.client.headers["Authorization"]
    response = await world.client.get("/openapi.json")
    assert response.headers["content-type"] == "application/json"
    document: Document = response.json()
    return document


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, item in document["paths"].items():
        for method in METHODS & set(item):
            yield path, method, item[method]


def shape(path: str) -> str:
    """A path without the names of what varies in it."""
    return plain_path(re.sub(r"\{[^}]*\}", "{}", path)).lower()


async def test_every_page_is_in_the_document_and_nothing_else(world: ApiWorld) -> None:
    """The management API's operations are made from its routes, so they can't differ."""
    told = {
        (shape(path), method.upper())
        for path, method, _ in operations(await document_of(world))
        if not path.startswith("/manage/")
    }
    served = set()
    for route in world.app.routes:
        path, methods = getattr(route, "path", None), getattr(route, "methods", None)
        if path not in UNLISTED and path is not None and methods:
            served |= {(shape(path), method) for method in methods - {"HEAD"}}
    assert any(isinstance(route, Route) for route in world.app.routes)
    assert told == served


async def test_every_operation_has_a_name_a_summary_and_says_how_it_turns_requests_down(world: ApiWorld) -> None:
    document = await document_of(world)
    found = [operation for _, _, operation in operations(document)]
    names = [operation["operationId"] for operation in found]
    assert len(set(names)) == len(names)
    assert all(operation["summary"] for operation in found)
    for operation in found:
        if operation.get("security") and "bearer" in str(operation["security"]):
            assert {"400", "401", "403", "404", "503"} <= set(operation["responses"]), operation["operationId"]


def resolved(document: Document, node: Document) -> Document:
    for step in node.get("$ref", "").removeprefix("#/").split("/"):
        if step:
            document = document[step]
    return document if "$ref" in node else node


def bodies(document: Document) -> Iterator[tuple[str, Document]]:
    for path, method, operation in operations(document):
        where = f"{method} {path}"
        yield from ((where, body) for body in operation.get("requestBody", {}).get("content", {}).values())
        for status, response in operation["responses"].items():
            content = resolved(document, response).get("content", {})
            yield from ((f"{where} {status}", body) for body in content.values())


async def test_every_example_is_as_its_schema_says(world: ApiWorld) -> None:
    document = await document_of(world)
    checked = 0
    for where, body in bodies(document):
        schema = {**body["schema"], "components": document["components"]}
        validator = jsonschema_rs.validator_for(schema, validate_formats=True)
        for name, example in body.get("examples", {}).items():
            errors = [error.message for error in validator.iter_errors(example["value"])]
            assert not errors, (where, name)
            checked += 1
    assert checked > 30


@pytest.mark.parametrize("example", PLACE, ids=lambda example: example.name)
async def test_every_example_of_a_call_is_placed_and_answered_as_shown(world: ApiWorld, example: Any) -> None:
    assert (await world.place(example.body, n=example.version)).status_code == 201
    if example.version:
        await world.settled()
        too_low = await world.place({**example.body, "from": {**example.body["from"]}}, n=example.version - 1)
        assert too_low.json()["code"] == "member-newer-than-version"
    shown = placed(example)
    assert list(shown)[:4] == ["id", "links", "from", "to"]


async def test_the_texts_of_the_page_are_in_the_document(world: ApiWorld) -> None:
    place = (await document_of(world))["paths"]["/v{n}/{accountKey}/calls/"]["post"]
    shown = [
        each["value"]["message"]
        for each in place["responses"]["400"]["content"]["application/json"]["examples"].values()
    ]
    assert set(PAGE_TEXTS) <= set(shown)
    assert len(set(shown)) == len(shown) > 30


class Reader(HTMLParser):
    """Reads a page as strictly as it can: tags in pairs, and what they point to."""

    VOID = frozenset({"meta", "link", "br", "img", "input", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.targets: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.targets += [value or "" for name, value in attrs if name in ("href", "src", "action", "data")]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


async def test_the_page_is_whole_and_asks_no_other_host_for_anything(world: ApiWorld) -> None:
    response = await world.client.get("/docs/")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    (script,) = re.findall("<script>(.*?)</script>", response.text, re.DOTALL)
    assert f"script-src 'sha256-{b64encode(sha256(script.encode()).digest()).decode()}';" in policy
    assert "connect-src 'self';" in policy
    reader = Reader()
    reader.feed(response.text)
    assert not reader.open
    assert not set(reader.tags) & {"link", "img", "iframe", "object"}
    assert not reader.attributes & {"src", "style", "onclick", "onload"}
    assert "@import" not in response.text
    assert "url(" not in response.text
    assert len(set(reader.ids)) == len(reader.ids)
    for target in reader.targets:
        assert target == "openapi.json" or (target[0] == "#" and target[1:] in reader.ids), target


async def test_the_page_shows_every_operation_with_a_command_line(world: ApiWorld) -> None:
    page = (await world.client.get("/docs")).text
    document = await document_of(world)
    assert page.count("<article") == len(list(operations(document)))
    for path, method, operation in operations(document):
        assert html.escape(operation["summary"]) in page, (method, path)


async def test_every_body_has_an_example(world: ApiWorld) -> None:
    document = await document_of(world)
    bare = [
        operation["operationId"]
        for _, _, operation in operations(document)
        for body in operation.get("requestBody", {}).get("content", {}).values()
        if not body.get("examples") and body["schema"].get("format") != "binary"
    ]
    assert bare == []


async def test_whatever_needs_a_token_says_which_scope(world: ApiWorld) -> None:
    document = await document_of(world)
    needing = [each for _, _, each in operations(document) if "bearer" in str(each["security"])]
    assert all(way["bearer"] for each in needing for way in each["security"])
    page = (await world.client.get("/docs")).text
    assert page.count('Needs a <a href="#section-tokens">bearer token</a> with the scope <code>') == len(needing)


async def test_titles_tell_operations_and_sections_apart(world: ApiWorld) -> None:
    document = await document_of(world)
    told = [operation["summary"] for _, _, operation in operations(document)]
    assert len(set(told)) == len(told)
    tags = [tag["name"] for tag in document["tags"]]
    assert [tag for group in document["x-tagGroups"] for tag in group["tags"]] == tags
    assert len({tag.lower() for tag in tags}) == len(tags)


async def test_answers_are_in_order_and_each_says_what_it_is(world: ApiWorld) -> None:
    page = (await world.client.get("/docs")).text
    assert "Successful Response" not in page
    for _, _, operation in operations(await document_of(world)):
        assert list(operation["responses"]) == sorted(operation["responses"]), operation["operationId"]


async def test_titles_of_examples_are_words(world: ApiWorld) -> None:
    page = (await world.client.get("/docs")).text
    titles = re.findall(r'<p class="caption">(.*?)</p>', page)
    assert len(titles) > 60
    assert [title for title in titles if re.search("[a-z][A-Z]", title)] == []


async def test_whoever_only_knows_the_host_is_shown_the_page(world: ApiWorld) -> None:
    response = await world.client.get("/")
    assert (response.status_code, response.headers["location"]) == (302, "docs")
    assert (await world.client.post("/")).status_code == 405


def test_what_is_written_in_the_document_can_not_break_the_page() -> None:
    nasty = "<script>alert(1)</script>`<b>`\"'&"
    document = {
        "info": {"title": nasty, "version": nasty, "description": nasty},
        "tags": [{"name": nasty, "description": nasty}],
        "paths": {
            f"/{nasty}": {
                "get": {
                    "tags": [nasty],
                    "summary": nasty,
                    "description": nasty,
                    "security": [{"bearer": [nasty]}],
                    "parameters": [{"name": nasty, "in": nasty, "description": nasty, "required": True}],
                    "responses": {nasty: {"description": nasty, "headers": {nasty: {}}, "content": {}}},
                }
            }
        },
        "components": {"schemas": {nasty: {"description": nasty}}},
    }
    reader = Reader()
    reader.feed(page_of(document))
    assert reader.tags.count("script") == 1
    assert not {"b>"} & set(reader.tags)
    assert not reader.open
