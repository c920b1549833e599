"""The JSON API of a ledger: list, read, create, change, act; the same columns, door, masks and write path as the pages."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any, ClassVar

from django.db import transaction
from django.urls import URLPattern, path
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tongchou import audit
from tongchou.access import permissions
from tongchou.access.actions import idempotency
from tongchou.access.actor import Actor
from tongchou.access.tokens import HasActor, PageAuthentication, TokenAuthentication
from tongchou.ledger import filters, paging, registry, serializer, write
from tongchou.ledger.acting import do_action
from tongchou.ledger.columns import Column
from tongchou.ledger.declaration import Action, Ledger
from tongchou.refusal import Refusal, Refusals

MOST_ROWS = 200
_STATUS = {"forbidden": 403, "out_of_scope": 403, "duplicate": 409, "not_found": 404, "key_in_flight": 409}


class NotFound(Refusal):
    """The same answer for a row that does not exist and for one outside the actor's scope."""

    def __init__(self) -> None:
        super().__init__("没有这条记录，或它不在您的范围内。", "There is no such row, or it lies outside your scope.", code="not_found")


class LedgerView(APIView):
    """What the views of one ledger share. ``ledger`` is set for each by ``urls``."""

    authentication_classes: ClassVar = [TokenAuthentication, PageAuthentication]
    permission_classes: ClassVar = [HasActor]
    ledger: ClassVar[Ledger]

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, Refusal):
            return refusal_response(exc)
        return super().handle_exception(exc)

    def actor(self, verb: str) -> Actor:
        """The actor, who may do ``verb`` here; for anyone else the ledger does not exist."""
        actor = Actor.of_request(self.request._request)
        if actor is None or not permissions.may(actor, self.ledger.key, verb):
            raise NotFound
        return actor

    def row(self, actor: Actor, pk: uuid.UUID) -> Any:
        row = self.ledger.rows(actor).filter(pk=pk).first()
        if row is None:
            raise NotFound
        return row


class RowsView(LedgerView):
    def get(self, request: Request) -> Response:
        """Rows of the actor's scope, a page at a time; ``next`` is the cursor of the page after."""
        actor = self.actor("list")
        narrowed = filters.filter_set(self.ledger, actor, request.query_params, self.ledger.rows(actor))
        problems = filters.problems(self.ledger, narrowed)
        if problems:
            raise Refusal(";".join(problems), "; ".join(problems), code="bad_filter")
        size = min(MOST_ROWS, _number(request.query_params.get("size", ""), paging.PAGE_ROWS))
        page = paging.page(narrowed.qs, filters.order_of(self.ledger, narrowed), request.query_params.get("after", ""), size)
        if page.rows:
            audit.record("list", ledger=self.ledger.key, object_id="", by=actor.by, count=len(page.rows))
        columns = serializer.visible_columns(self.ledger, actor)
        shown = serializer.serialize_rows(self.ledger, page.rows, actor, columns)
        return Response({"results": [_told(row, cells) for row, cells in zip(page.rows, shown, strict=True)], "next": page.next_cursor or None})

    def post(self, request: Request) -> Response:
        """Add a row. ``Idempotency-Key`` makes a repeat give the first answer again."""
        actor = self.actor("create")
        return once(request, actor, lambda: self._create(request, actor))

    def _create(self, request: Request, actor: Actor) -> Response:
        values = write.clean_row(self.ledger, raw_of(request), actor)
        row = write.create_rows(self.ledger, [values], by=actor)[0]
        return Response(_told(row, serializer.serialize(self.ledger, row, actor)), status=201)


class RowView(LedgerView):
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """One row, as the actor may see it."""
        actor = self.actor("read")
        row = self.row(actor, pk)
        audit.record("read", ledger=self.ledger.key, object_id=str(row.pk), by=actor.by)
        return Response(_told(row, serializer.serialize(self.ledger, row, actor)))

    def patch(self, request: Request, pk: uuid.UUID) -> Response:
        """Change the columns given; the others stay."""
        actor = self.actor("change")
        row = self.row(actor, pk)
        raw = raw_of(request)
        hidden = set(raw) & serializer.masked_columns(self.ledger, actor)
        if hidden:
            raise Refusal(f"您只看得到遮盖后的 {'、'.join(sorted(hidden))}，不能改写。", f"You see {', '.join(sorted(hidden))} masked and cannot overwrite it.", code="forbidden")
        write.change_rows(self.ledger, [(row, write.clean_row(self.ledger, raw, actor, creating=False))], by=actor)
        return Response(_told(row, serializer.serialize(self.ledger, row, actor)))


class ActionView(LedgerView):
    deed: ClassVar[Action]

    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Do an action on a row. ``Idempotency-Key`` makes a repeat give the first answer again."""
        actor = self.actor("read")
        if not permissions.may(actor, self.ledger.key, self.deed.name):
            raise NotFound
        return once(request, actor, lambda: self._act(request, actor, pk))

    def _act(self, request: Request, actor: Actor, pk: uuid.UUID) -> Response:
        row = self.row(actor, pk)
        do_action(self.ledger, self.deed, row, raw_of(request), actor)
        fresh = self.ledger.rows(actor).filter(pk=pk).first()
        return Response(_told(fresh, serializer.serialize(self.ledger, fresh, actor)) if fresh else {"id": str(pk)})


def urls() -> list[URLPattern]:
    """The addresses of every ledger that is registered, each with its own entry in the OpenAPI schema."""
    found = []
    for ledger in registry.every():
        name = "".join(part.title() for part in ledger.key.split("_"))
        shown = inline_serializer(f"{name}Shown", _fields(ledger))
        rows = _described(type(f"{name}Rows", (RowsView,), {"ledger": ledger}), ledger, name, shown)
        row = _described(type(f"{name}Row", (RowView,), {"ledger": ledger}), ledger, name, shown)
        found.append(path(f"v1/{ledger.key}/", rows.as_view(), name="api-rows"))
        found.append(path(f"v1/{ledger.key}/<uuid:pk>/", row.as_view(), name="api-row"))
        for action in ledger.actions:
            view: Any = type(f"{name}{action.name.title().replace('_', '')}", (ActionView,), {"ledger": ledger, "deed": action})
            fields = {column.name: _field(column) for column in action.fields}
            view.post = extend_schema(
                operation_id=f"{ledger.key}_{action.name}", tags=[ledger.key], responses=shown,
                request=inline_serializer(f"{view.__name__}Fields", fields) if fields else None,
            )(_own(view.post))  # fmt: skip
            found.append(path(f"v1/{ledger.key}/<uuid:pk>/{action.name}/", view.as_view(), name="api-action"))
    return found


def refusal_response(refusal: Refusal) -> Response:
    parts = refusal.parts if isinstance(refusal, Refusals) else [refusal]
    status = next((_STATUS[part.code] for part in parts if part.code in _STATUS), 422)
    told = [{"code": part.code, "field": part.field, "zh": part.zh, "en": part.en} for part in parts]
    return Response({"code": parts[0].code, "zh": refusal.zh, "en": refusal.en, "problems": told}, status=status)


def raw_of(request: Request) -> dict[str, str]:
    """The body as text by column: the write path reads text. Raises Refusal for a body that is no flat object."""
    if not isinstance(request.data, dict) or any(isinstance(value, (dict, list)) for value in request.data.values()):
        raise Refusal("请求体应是一个平的 JSON 对象。", "The body should be one flat JSON object.", code="bad_body")
    words = {None: "", True: "1", False: "0"}
    return {str(name): words[value] if value is None or isinstance(value, bool) else str(value) for name, value in request.data.items()}


def once(request: Request, actor: Actor, work: Callable[[], Response]) -> Response:
    """Run a write once for each Idempotency-Key of this caller; without the header it just runs."""
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        return work()
    body = f"{request.path}\n".encode() + request._request.body
    claim, kept = idempotency.begin(owner=actor.post_id, key=key, body=body)
    if kept is not None:
        return Response(json.loads(kept.body), status=kept.status)
    assert claim is not None
    try:
        with transaction.atomic():
            response = work()
            idempotency.finish(claim=claim, status=response.status_code, body=json.dumps(response.data, default=str).encode(), content_type="application/json")
    except Exception:
        idempotency.give_up(claim=claim)
        raise
    return response


def _told(row: Any, shown: dict[str, serializer.Shown]) -> dict[str, Any]:
    masked = [name for name, one in shown.items() if one.masked]
    return {"id": str(row.pk), **{name: one.value for name, one in shown.items()}, "masked": masked}


def _number(text: str, default: int) -> int:
    return int(text) if text.isdigit() and int(text) else default


def _described(view: type[LedgerView], ledger: Ledger, name: str, shown: serializers.Serializer) -> type[LedgerView]:
    """Tell the schema what this ledger's calls take and give."""
    asked = [OpenApiParameter(name, str) for name in ("after", "size", *ledger.filters)]
    kinds: dict[str, dict[str, Any]] = {"patch": {"request": _given(ledger, name, "Change"), "responses": shown}}
    if issubclass(view, RowsView):
        page = {"results": inline_serializer(f"{name}Listed", _fields(ledger), many=True), "next": serializers.CharField(allow_null=True)}
        kinds["get"] = {"responses": inline_serializer(f"{name}Page", page), "parameters": asked}
        kinds["post"] = {"request": _given(ledger, name, "New"), "responses": {201: shown}}
    else:
        kinds["get"] = {"responses": shown}
    for verb, told in kinds.items():
        if hasattr(view, verb):
            suffix = "list" if verb == "get" and issubclass(view, RowsView) else verb
            method = extend_schema(operation_id=f"{ledger.key}_{suffix}", tags=[ledger.key], **told)(_own(getattr(view, verb)))
            setattr(view, verb, method)
    return view


def _given(ledger: Ledger, name: str, kind: str) -> serializers.Serializer | None:
    fields = {column.name: _field(column) for column in ledger.editable_columns(creating=kind == "New")}
    return inline_serializer(f"{name}{kind}", fields) if fields else None


def _own(method: Callable[..., Response]) -> Callable[..., Response]:
    """A copy of a shared method, so that each ledger's schema is its own."""

    def copy(self: Any, *args: Any, **kwargs: Any) -> Response:
        return method(self, *args, **kwargs)

    copy.__doc__ = method.__doc__
    return copy


def _fields(ledger: Ledger) -> dict[str, serializers.Field]:
    shown = {column.name: _field(column, shown=True) for column in ledger.columns}
    return {"id": serializers.UUIDField(), **shown, "masked": serializers.ListField(child=serializers.CharField())}


def _field(column: Column, *, shown: bool = False) -> serializers.Field:
    common: dict[str, Any] = {"help_text": f"{column.label} {column.help}".strip(), "allow_null": True, "required": column.required and not shown}
    kinds: dict[str, Callable[..., serializers.Field]] = {
        "int": serializers.IntegerField, "bool": serializers.BooleanField, "date": serializers.DateField,
        "datetime": serializers.DateTimeField, "json": serializers.JSONField,
    }  # fmt: skip
    return kinds.get(column.kind, serializers.CharField)(**common)
