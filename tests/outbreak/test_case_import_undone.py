"""An import of cases is taken back as a whole: rows, their steps, and the tasks and clocks that it had started."""

from __future__ import annotations

import pytest

from tongchou import audit
from tongchou.access.actor import SYSTEM
from tongchou.ledger import registry
from tongchou.ledger.exchange import applying, staging
from tongchou.outbreak.models import Case, CaseStatus
from tongchou.tasks.models import Clock, Task, TaskState

pytestmark = pytest.mark.django_db
LINES = "病例编号,病例状态,现住地区,发病日期,发现时间\nX-1,suspected,{area},2020-02-13,2020-02-14 10:00\nX-2,suspected,{area},2020-02-12,2020-02-14 11:00\n"


def test_cases_steps_tasks_and_clocks_go_with_the_import(outbreak, tmp_path):
    path = tmp_path / "cases.csv"
    path.write_text(LINES.format(area="510402"), encoding="utf-8")
    source = staging.stage(registry.get("case"), path, file_name=path.name, by=SYSTEM)
    applying.apply_now(source=source, by=SYSTEM)
    source.refresh_from_db()
    assert (source.created, source.rejected) == (2, 0), applying.account(source)
    ids = [str(pk) for pk in Case.objects.filter(case_no__startswith="X-").values_list("pk", flat=True)]
    started = Task.objects.filter(ledger="case", object_id__in=ids)
    assert started.count() > 0 and Clock.objects.filter(ledger="case", object_id__in=ids, stopped_at=None).exists()
    assert applying.undo_import(source=source, by=SYSTEM) == 2
    assert not Case.objects.filter(pk__in=ids).exists() and not CaseStatus.objects.filter(case_id__in=ids).exists()
    assert set(started.values_list("state", flat=True)) == {TaskState.CANCELLED}
    assert not Clock.objects.filter(ledger="case", object_id__in=ids, stopped_at=None).exists()
    assert audit.verify().sound
