"""Issued forecasts: hubverse rows and back, scored against what came, kept once and never rewritten."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tongchou.engine.estimate.errors import EstimateError
from tongchou.engine.estimate.forecast_methods import CaseForecast
from tongchou.engine.estimate.hubverse import (
    COLUMNS,
    TARGET,
    gather_rows,
    hub_rows,
    issue,
    score_issued,
    summarise_scores,
)
from tongchou.engine.estimate.scoring import score_quantiles
from tongchou.store.forecasts import ForecastKept, as_csv, keep_forecasts, kept_forecasts

DAY = date(2020, 2, 12)


def made(area: str = "东区", method: str = "renewal", centre: float = 10.0, horizon: int = 2) -> CaseForecast:
    return CaseForecast(area, DAY, method, np.tile(centre + np.arange(23.0) - 11, (horizon, 1)))


def test_rows_have_the_hubverse_s_columns_and_come_back():
    issued = issue(made())
    rows = hub_rows(issued)
    assert len(rows) == 46 and tuple(rows[0]) == COLUMNS
    assert (rows[23]["horizon"], rows[23]["target_end_date"], rows[23]["output_type_id"]) == (2, "2020-02-14", 0.01)
    typed = [{**row, "reference_date": DAY, "target_end_date": date.fromisoformat(row["target_end_date"])} for row in rows]
    assert gather_rows(typed, "renewal") == issued
    with pytest.raises(EstimateError, match="stands twice"):
        gather_rows([*typed, typed[0]], "renewal")


def test_only_what_has_come_is_scored():
    issued = [*issue(made()), *issue(made(method="baseline", centre=20.0))]
    truth = {("东区", TARGET, date(2020, 2, 13)): 12.0}
    scores = score_issued(issued, truth)
    assert [score.forecast.model for score in scores] == ["renewal", "baseline"]
    assert scores[0].wis == pytest.approx(float(score_quantiles(np.array(issued[0].quantiles), np.array(12.0)).total))
    assert (scores[0].absolute_error, scores[0].in_50, scores[1].absolute_error, scores[1].in_50) == (2.0, True, 8.0, False)
    first, second = summarise_scores(issued, scores, "baseline")
    assert (first.model, first.scored, first.waiting, second.to_baseline) == ("renewal", 1, 1, 1.0)
    assert first.to_baseline == pytest.approx(scores[0].wis / scores[1].wis)
    (alone,) = summarise_scores(issued[:2], scores[:1])
    assert alone.skill is None and alone.wis == scores[0].wis


def test_what_was_issued_is_kept_once(tmp_path: Path):
    issued = issue(made())
    (path,) = keep_forecasts(tmp_path, issued, data_version="a1", stated={"seed": 4})
    assert path.name == "2020-02-12-tongchou-renewal-a1.csv" and path.read_bytes() == as_csv(hub_rows(issued))
    assert keep_forecasts(tmp_path, issued, data_version="a1") == [path]
    with pytest.raises(ForecastKept, match="never rewritten") as refused:
        keep_forecasts(tmp_path, issue(made(centre=11.0)), data_version="a1")
    assert refused.value.zh and path.read_bytes() == as_csv(hub_rows(issued))
    keep_forecasts(tmp_path, issue(made(centre=11.0)), data_version="a2")
    first, second = kept_forecasts(tmp_path)
    assert (first.data_version, first.method, first.stated["seed"], first.issued) == ("a1", "renewal", 4, issued)
    assert second.data_version == "a2" and second.reference_on == DAY


def test_a_changed_file_is_noticed(tmp_path: Path):
    (path,) = keep_forecasts(tmp_path, issue(made()), data_version="a1")
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b",10.0", b",11.0"))
    with pytest.raises(ForecastKept, match="is not what was issued"):
        kept_forecasts(tmp_path)
    with pytest.raises(ForecastKept, match="letters, digits"):
        keep_forecasts(tmp_path, issue(made()), data_version="a/1")


def test_the_facts_beside_it_say_what_made_it(tmp_path: Path):
    (path,) = keep_forecasts(tmp_path, issue(made()), data_version="a1", stated={"cleaned": True})
    facts = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert (facts["model_id"], facts["data_version"], facts["rows"], facts["cleaned"]) == ("tongchou-renewal", "a1", 46, True)
