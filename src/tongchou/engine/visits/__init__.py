"""Synthetic visits of a city: who was at which place from when until when, for tests, benchmarks and trials."""

from tongchou.engine.visits.pattern import Opening, PatternError, VisitPattern
from tongchou.engine.visits.synthesize import VisitDays, VisitsOfDay, synthesize_visits

__all__ = ["Opening", "PatternError", "VisitDays", "VisitPattern", "VisitsOfDay", "synthesize_visits"]
