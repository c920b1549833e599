"""Who infected whom, how far it goes, and when it is over: chains, offspring, intervals, attack rates, the episode's end."""

from tongchou.engine.chains.cases import Cases, ChainInputError, Links, read_cases, read_links
from tongchou.engine.chains.curve import CurveFacts, daily_counts, estimate_curve
from tongchou.engine.chains.downgrade import Downgrade, estimate_downgrade
from tongchou.engine.chains.episode import EpisodeEnd, Spread, estimate_episode_over, estimate_no_more_onsets
from tongchou.engine.chains.facts import AreaOutlook, DelayFacts, OutlookRules
from tongchou.engine.chains.intervals import (
    DayDelay,
    Interval,
    estimate_report_delay,
    estimate_serial_interval,
    read_delay,
    whole_days,
)
from tongchou.engine.chains.offspring import estimate_offspring, estimate_offspring_from_sizes, find_seen_share
from tongchou.engine.chains.outlook import estimate_outlook, find_delay
from tongchou.engine.chains.profile import Offspring
from tongchou.engine.chains.shares import AttackRate, Share, estimate_attack_rates, estimate_share
from tongchou.engine.chains.trees import REFUSED, Chains, find_chains, unlinked

__all__ = [
    "REFUSED", "AreaOutlook", "AttackRate", "Cases", "ChainInputError", "Chains", "CurveFacts", "DayDelay",
    "DelayFacts", "Downgrade", "EpisodeEnd", "Interval", "Links", "Offspring", "OutlookRules", "Share",
    "Spread", "daily_counts", "estimate_attack_rates", "estimate_curve", "estimate_downgrade",
    "estimate_episode_over", "estimate_no_more_onsets", "estimate_offspring", "estimate_offspring_from_sizes",
    "estimate_outlook", "estimate_report_delay", "estimate_serial_interval", "estimate_share", "find_chains", "find_delay",
    "find_seen_share", "read_cases", "read_delay", "read_links", "unlinked", "whole_days",
]  # fmt: skip
