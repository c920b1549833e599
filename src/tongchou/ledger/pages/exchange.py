"""Pages for sheets in and out: upload, what would become of each row, confirm, undo; mapping; export."""

from __future__ import annotations

import csv
import io
import tempfile
from itertools import islice
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongchou.access.actor import Actor
from tongchou.files import store
from tongchou.files.sheets.formats import SheetRefused
from tongchou.files.sheets.reading import read_rows
from tongchou.ledger import filters, paging
from tongchou.ledger.declaration import Ledger
from tongchou.ledger.exchange import applying, exporting, mapping
from tongchou.ledger.models import Import, ImportRow
from tongchou.ledger.pages.rows import ledger_page
from tongchou.refusal import Refusal

UPLOAD_BYTES = 128 * 1024 * 1024
SYNC_EXPORT_ROWS = 50_000
_SHOWN_ROWS = 200
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@ledger_page("import")
def import_page(request: HttpRequest, ledger: Ledger, actor: Actor) -> HttpResponse:
    """Choose a file; earlier imports of this post stand below."""
    problem = ""
    if request.method == "POST":
        upload = request.FILES.get("file")
        if upload is None:
            problem = _("请选择一个 .xlsx 或 .csv 文件。")
        elif (upload.size or 0) > UPLOAD_BYTES:
            problem = _("文件超过 128 MB，请拆成几个文件。")
        else:
            source = applying.take_upload(
                ledger=ledger, file_name=upload.name or "", chunks=upload.chunks(), map_name=request.POST.get("map", ""), by=actor
            )
            return redirect("ledger-import-detail", key=ledger.key, pk=source.pk)
    context = {
        "ledger": ledger,
        "problem": problem,
        "mappings": mapping.names(ledger),
        "columns": ledger.editable_columns(),
        "earlier": Import.objects.filter(ledger=ledger.key, post_id=actor.post_id).order_by("-id")[:20],
    }
    return render(request, "ledger/import.html", context, status=422 if problem else 200)


@ledger_page("import")
def import_detail_page(request: HttpRequest, ledger: Ledger, actor: Actor, pk: str) -> HttpResponse:
    """What would become of each row; confirm, give up, or take back."""
    source = _find(ledger, actor, pk)
    if request.method == "POST":
        try:
            _step(request.POST.get("step", ""), source, actor)
        except Refusal as refusal:
            messages.error(request, refusal.text)
        return redirect("ledger-import-detail", key=ledger.key, pk=source.pk)
    outcome = request.GET.get("outcome", "")
    lines = source.lines.order_by("row")
    if outcome in ImportRow.Outcome.values:
        lines = lines.filter(outcome=outcome)
    context = {
        "ledger": ledger,
        "source": source,
        "working": source.state in (Import.State.STAGING, Import.State.APPLYING),
        "lines": [_line(ledger, line) for line in lines[:_SHOWN_ROWS]],
        "shown_rows": _SHOWN_ROWS,
        "outcome": outcome,
        "outcomes": [(name, label, getattr(source, name)) for name, label in ImportRow.Outcome.choices],
        "applied": applying.rows_written(source) if source.state == Import.State.APPLYING else 0,
        "refusal": source.refusal.get("en" if request.LANGUAGE_CODE == "en" else "zh", ""),  # type: ignore[attr-defined]
        "can_map": store.exists(source.stored) and source.state in (Import.State.STAGED, Import.State.REFUSED),
    }
    return render(request, "ledger/import_detail.html", context)


@ledger_page("import")
def import_mapping_page(request: HttpRequest, ledger: Ledger, actor: Actor, pk: str) -> HttpResponse:
    """Say which of the file's columns is which of ours, under a name, and read the file again with it."""
    source = _find(ledger, actor, pk)
    problem, headers, samples = "", [], []
    try:
        headers, samples = _head_of(source, int(request.GET.get("header", "0") or 0))
    except (SheetRefused, ValueError) as error:
        problem = getattr(error, "zh", "") or _("表头行号请填数字。")
    if request.method == "POST" and headers:
        try:
            name = request.POST.get("name", "").strip()
            mapping.save(ledger, name, _rules(ledger, request), by=actor)
            applying.ask_staging(source=source, by=actor, map_name=name)
        except Refusal as refusal:
            problem = refusal.text
        else:
            return redirect("ledger-import-detail", key=ledger.key, pk=source.pk)
    rules = source.columns
    fields = [(column, rules.get(column.name, {})) for column in ledger.editable_columns()]
    context = {"ledger": ledger, "source": source, "headers": headers, "samples": samples, "fields": fields, "problem": problem}
    return render(request, "ledger/import_mapping.html", context, status=422 if problem else 200)


@ledger_page("import")
def rejected_page(request: HttpRequest, ledger: Ledger, actor: Actor, pk: str) -> HttpResponse:
    """Rows handed back, as a sheet with their reasons, to be mended and sent again."""
    source = _find(ledger, actor, pk)
    text = io.StringIO()
    writer = csv.writer(text)
    columns = [column for column in ledger.editable_columns() if column.name in source.columns]
    writer.writerow([*(str(column.label) for column in columns), _("原行号"), _("退回原因")])
    for line in source.lines.filter(outcome=ImportRow.Outcome.REJECT).order_by("row").iterator(chunk_size=500):
        shown = _line(ledger, line)
        cells = [shown["values"].get(column.name, "") for column in columns]
        writer.writerow([exporting.harmless(cell) for cell in (*cells, str(line.row), ";".join(shown["reasons"]))])
    response = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{ledger.key}-rejected.csv"'
    return response


@ledger_page("export")
def export_page(request: HttpRequest, ledger: Ledger, actor: Actor) -> HttpResponse:
    """The rows that the list's filters leave, as an .xlsx; personal data leaves encrypted, its password shown once."""
    narrowed = filters.filter_set(ledger, actor, request.GET, ledger.rows(actor)).qs
    number, more = paging.count_up_to(narrowed, SYNC_EXPORT_ROWS)
    if request.method == "POST":
        try:
            if more:
                raise Refusal(
                    f"超过 {SYNC_EXPORT_ROWS} 行，请先筛选；整本导出请在服务器上用 tongchou export。",
                    f"More than {SYNC_EXPORT_ROWS} rows: filter first; whole ledgers are exported on the server by tongchou export.",
                    code="too_many_rows",
                )
            return _exported(request, ledger, narrowed, actor)
        except Refusal as refusal:
            messages.error(request, refusal.text)
            return redirect(request.get_full_path())
    context = {"ledger": ledger, "number": number, "more": more, "words": filters.in_words(ledger, filters.filter_set(ledger, actor, request.GET, narrowed))}
    return render(request, "ledger/export.html", context)


@ledger_page("export")
def export_file_page(request: HttpRequest, ledger: Ledger, actor: Actor, name: str) -> HttpResponse:
    """Hand a finished export to the session that made it, once."""
    if request.session.get("exported", {}).get("file") != str(name) or not store.exists(str(name)):
        raise Http404(_("这份导出已经取走或已过期，请重新导出。"))
    with store.opened(str(name)) as path:
        response = HttpResponse(path.read_bytes(), content_type=_XLSX)
    store.forget(str(name))
    response["Content-Disposition"] = f'attachment; filename="{ledger.key}.xlsx"'
    return response


def _exported(request: HttpRequest, ledger: Ledger, rows: Any, actor: Actor) -> HttpResponse:
    with tempfile.TemporaryDirectory(dir=store.folder()) as folder:
        done = exporting.export(ledger, rows, Path(folder) / "export.xlsx", by=actor, encrypt=True)
        name = store.keep([done.path.read_bytes()])
    request.session["exported"] = {"file": name}
    return render(request, "ledger/exported.html", {"ledger": ledger, "done": done, "name": name})


def _find(ledger: Ledger, actor: Actor, pk: str) -> Import:
    source = Import.objects.filter(pk=pk, ledger=ledger.key, post_id=actor.post_id).first()
    if source is None:
        raise Http404(_("没有这份导入，或它属于别的岗位。"))
    return source


def _step(step: str, source: Import, actor: Actor) -> None:
    steps = {"confirm": applying.confirm_import, "drop": applying.drop_import, "undo": applying.undo_import}
    if step not in steps:
        raise Refusal("没有这一步。", "There is no such step.", code="unknown_step")
    steps[step](source=source, by=actor)


def _line(ledger: Ledger, line: ImportRow) -> dict[str, Any]:
    values = line.parsed()
    return {
        "line": line,
        "values": values,
        "reasons": [Refusal(reason["zh"], reason["en"]).text for reason in line.reasons],
        "differs": [ledger.column(name).label for name in line.differs],
    }


def _head_of(source: Import, header_row: int) -> tuple[list[str], list[list[str]]]:
    """The header cells of the stored file and a few rows below it; by default the first row with the most cells."""
    with store.opened(source.stored) as path:
        rows = list(islice(read_rows(path), 12))
    if not rows:
        return [], []
    chosen = next((item for item in rows if item[0] == header_row), None) or max(rows, key=lambda item: sum(bool(cell) for cell in item[1]))
    return [cell for cell in chosen[1] if cell], [cells for number, cells in rows if number > chosen[0]][:3]


def _rules(ledger: Ledger, request: HttpRequest) -> dict[str, dict[str, Any]]:
    rules: dict[str, dict[str, Any]] = {}
    for column in ledger.editable_columns():
        rule = {word: text for word in ("from", "const", "prefix", "date") if (text := request.POST.get(f"{column.name}.{word}", "").strip())}
        if "from" in rule or "const" in rule:
            rules[column.name] = rule
    return rules
