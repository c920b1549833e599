"""The pages that every ledger has: list, detail with its timeline, form, action."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from tongchou import audit
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.ledger import filters, paging, registry, serializer, write
from tongchou.ledger.acting import do_action
from tongchou.ledger.columns import Column
from tongchou.ledger.declaration import Action, Ledger
from tongchou.ledger.pages import forms
from tongchou.refusal import Refusal

TIMELINE_LINES = 100
TRAIL_WORDS = {"create": _lazy("新增"), "change": _lazy("修改"), "import.undo": _lazy("撤销导入")}


def ledger_page(verb: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Open a page of a ledger to whoever may do ``verb`` there; for anyone else it does not exist."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def inner(request: HttpRequest, key: str, *args: Any, **kwargs: Any) -> HttpResponse:
            actor = Actor.of_request(request)
            if actor is None:
                return redirect_to_login(request.get_full_path())
            try:
                ledger = registry.get(key)
            except Refusal as refusal:
                raise Http404(refusal.text) from refusal
            if not permissions.may(actor, key, verb) or (verb in ("create", "change", "import") and not ledger.writable):
                raise Http404
            response = view(request, ledger, actor, *args, **kwargs)
            response.headers["Cache-Control"] = "no-store"
            return response

        return inner

    return decorate


def find_row(ledger: Ledger, actor: Actor, pk: str) -> Any:
    """The row inside the actor's scope; outside it, and where there is none, the same 404."""
    try:
        row = ledger.rows(actor).filter(pk=uuid.UUID(str(pk))).first()
    except ValueError:
        row = None
    if row is None:
        raise Http404(_("没有这条记录，或它不在您的范围内。"))
    return row


@ledger_page("list")
def list_page(request: HttpRequest, ledger: Ledger, actor: Actor) -> HttpResponse:
    """First rows at once; ``?rows=1`` gives only the further rows, for htmx. A filter by a sealed value comes by POST."""
    if request.method == "POST":
        query = _asked(ledger, request.POST, request.GET)
        return redirect(f"{reverse('ledger-list', kwargs={'key': ledger.key})}?{query}")
    narrowed = filters.filter_set(ledger, actor, request.GET, ledger.rows(actor))
    columns = serializer.visible_columns(ledger, actor, listed=True)
    try:
        page = paging.page(narrowed.qs, filters.order_of(ledger, narrowed), request.GET.get("after", ""))
    except Refusal as refusal:
        messages.error(request, refusal.text)
        return redirect("ledger-list", key=ledger.key)
    _note_reading(ledger, actor, len(page.rows))
    context = {
        "ledger": ledger,
        "columns": columns,
        "lines": _lines(ledger, page.rows, actor, columns),
        "next_query": _query(request, after=page.next_cursor) if page.next_cursor else "",
        "query": _query(request, after=""),
        "filters": narrowed,
        "words": filters.in_words(ledger, narrowed),
        "sealed": filters.sealed_names(ledger),
        "problems": filters.problems(ledger, narrowed),
        "new_url": _new_url(ledger, actor),
        "filtered": any(value for name, value in request.GET.items() if name not in ("after", "rows")),
        "may": {verb: permissions.may(actor, ledger.key, verb) for verb in ("create", "import", "export")},
        "masked": bool(serializer.masked_columns(ledger, actor)) and not actor.purpose,
    }
    return render(request, "ledger/rows.html" if request.GET.get("rows") else "ledger/list.html", context)


def _asked(ledger: Ledger, sent: QueryDict, before: QueryDict) -> str:
    """The query of a sent filter form. A sealed value becomes its blind index; one left blank stays as it was asked before."""
    query = QueryDict(mutable=True)
    for name, values in sent.lists():
        filled = [value.strip() for value in values if value.strip()]
        if name != "csrfmiddlewaretoken" and filled:
            query.setlist(name, filled)
    for name in filters.sealed_names(ledger):
        text = query.get(name, "") or before.get(name, "")
        if text:
            query[name] = f"{filters.KEPT}{filters.sealed_index(ledger.column(name), text)}"
    return query.urlencode()


def _new_url(ledger: Ledger, actor: Actor) -> str:
    if not (ledger.writable and permissions.may(actor, ledger.key, "create")):
        return ""
    if ledger.new_route and permissions.may_open(actor, ledger.new_route):
        return reverse(ledger.new_route)
    return reverse("ledger-new", kwargs={"key": ledger.key})


@ledger_page("list")
def count_page(request: HttpRequest, ledger: Ledger, actor: Actor) -> HttpResponse:
    """How many rows the list holds, asked for after the first rows are shown."""
    narrowed = filters.filter_set(ledger, actor, request.GET, ledger.rows(actor))
    number, more = paging.count_up_to(narrowed.qs)
    return render(request, "ledger/count.html", {"number": number, "more": more})


@ledger_page("read")
def detail_page(request: HttpRequest, ledger: Ledger, actor: Actor, pk: str) -> HttpResponse:
    row = find_row(ledger, actor, pk)
    columns = serializer.visible_columns(ledger, actor)
    shown = serializer.serialize(ledger, row, actor, columns)
    audit.record("read", ledger=ledger.key, object_id=str(row.pk), by=actor.by, area=_area(ledger, row))
    context = {
        "ledger": ledger,
        "row": row,
        "title": " ".join(shown[column.name].text for column in ledger.title_of(row) if column.name in shown),
        "facts": [(column, shown[column.name]) for column in columns],
        "doors": [
            (reverse(route, kwargs={"pk": row.pk}), label)
            for route, label in ledger.row_routes.items()
            if permissions.may_open(actor, route)
        ],
        "actions": [action for action in ledger.actions if _offers(ledger, action, row, actor)],
        "may_change": ledger.writable and permissions.may(actor, ledger.key, "change"),
        "masked": any(one.masked for one in shown.values()) and not actor.purpose,
        "timeline": _timeline(ledger, row),
    }
    return render(request, "ledger/detail.html", context)


@ledger_page("create")
def new_page(request: HttpRequest, ledger: Ledger, actor: Actor) -> HttpResponse:
    columns = forms.form_columns(ledger, actor, creating=True)
    form = forms.RowForm(columns, _posted(request), initial=request.GET.dict())
    if request.method == "POST" and form.is_valid():
        try:
            values = write.clean_row(ledger, form.raw(), actor)
            row = write.create_rows(ledger, [values], by=actor)[0]
        except Refusal as refusal:
            form.show(refusal)
        else:
            messages.success(request, _("已新增。"))
            return redirect("ledger-detail", key=ledger.key, pk=row.pk)
    return render(request, "ledger/form.html", {"ledger": ledger, "form": form}, status=422 if form.errors else 200)


@ledger_page("change")
def edit_page(request: HttpRequest, ledger: Ledger, actor: Actor, pk: str) -> HttpResponse:
    row = find_row(ledger, actor, pk)
    columns = forms.form_columns(ledger, actor)
    form = forms.RowForm(columns, _posted(request), initial=forms.initial_of(columns, row))
    digest = forms.shown_digest(ledger, row, actor)
    if request.method == "POST" and form.is_valid():
        if request.POST.get("shown") != digest:
            form.add_error(None, _("您填写期间，别人改了这条记录。下面是您填的内容；请核对现有值后再保存。"))
        else:
            try:
                values = write.clean_row(ledger, form.raw(), actor, creating=False)
                changed = write.change_rows(ledger, [(row, values)], by=actor)
            except Refusal as refusal:
                form.show(refusal)
            else:
                messages.success(request, _("已保存。") if changed else _("没有变化，未写入。"))
                return redirect("ledger-detail", key=ledger.key, pk=row.pk)
    context = {"ledger": ledger, "form": form, "row": row, "shown": digest}
    return render(request, "ledger/form.html", context, status=422 if form.errors else 200)


@ledger_page("read")
def action_page(request: HttpRequest, ledger: Ledger, actor: Actor, pk: str, name: str) -> HttpResponse:
    """Ask for what an action needs, do it, and come back to the row."""
    row = find_row(ledger, actor, pk)
    action = next((one for one in ledger.actions if one.name == name), None)
    if action is None or not permissions.may(actor, ledger.key, action.name):
        raise Http404
    form = forms.RowForm(action.fields, _posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            do_action(ledger, action, row, form.raw(), actor)
        except Refusal as refusal:
            form.show(refusal)
        else:
            messages.success(request, _("已办理：%(action)s。") % {"action": action.label})
            return redirect("ledger-detail", key=ledger.key, pk=row.pk)
    context = {"ledger": ledger, "row": row, "action": action, "form": form, "offered": action.when(row)}
    return render(request, "ledger/action.html", context, status=422 if form.errors else 200)


def _posted(request: HttpRequest) -> Any:
    """What was sent; a POST without any field is still a POST."""
    return request.POST if request.method == "POST" else None


def _offers(ledger: Ledger, action: Action, row: Any, actor: Actor) -> bool:
    return permissions.may(actor, ledger.key, action.name) and action.when(row)


def _lines(ledger: Ledger, rows: list[Any], actor: Actor, columns: list[Column]) -> list[Any]:
    shown = serializer.serialize_rows(ledger, rows, actor, columns)
    return [(row, [(column, cells[column.name]) for column in columns]) for row, cells in zip(rows, shown, strict=True)]


def _note_reading(ledger: Ledger, actor: Actor, rows: int) -> None:
    """A list of personal data that was read is one line of the trail."""
    if rows and any(column.cls in serializer.PURPOSE_CLASSES for column in ledger.columns):
        audit.record("list", ledger=ledger.key, object_id="", by=actor.by, count=rows)


def _timeline(ledger: Ledger, row: Any) -> list[dict[str, Any]]:
    labels = {**TRAIL_WORDS, **{column.name: column.label for column in ledger.columns}, **ledger.trail_words}
    labels |= {action.name: action.label for action in ledger.actions}
    places, lines = {name: place for place, name in enumerate(labels)}, []
    for entry in audit.timeline(ledger.key, str(row.pk)).exclude(action__in=("read", "list"))[:TIMELINE_LINES]:
        told = sorted(entry.changes.items(), key=lambda change: places.get(change[0], len(places)))  # as the columns stand
        changes = [(labels.get(name, name), *pair) for name, pair in told if isinstance(pair, list) and len(pair) == 2]
        lines.append({"entry": entry, "label": labels.get(entry.action, entry.action), "changes": changes})
    return lines


def _area(ledger: Ledger, row: Any) -> str:
    path = ledger.placed.get("area", "")
    return str(getattr(row, path, "") or "") if path and "__" not in path else ""


def _query(request: HttpRequest, after: str) -> str:
    query = request.GET.copy()
    for name in ("after", "rows"):
        query.pop(name, None)
    if after:
        query["after"] = after
    return query.urlencode()
