"""The epidemic in a city, person by person: cost follows the infectious, not the population."""

from tongchou.engine.epidemic.arrivals import Imports
from tongchou.engine.epidemic.disease import Delay, Disease, Vaccine, read_disease
from tongchou.engine.epidemic.faults import EpidemicFault
from tongchou.engine.epidemic.layers import LAYER_NAMES, Contacts, Layer, Meeting, read_contacts
from tongchou.engine.epidemic.results import Outcome
from tongchou.engine.epidemic.simulate import simulate_epidemic

__all__ = [
    "LAYER_NAMES", "Contacts", "Delay", "Disease", "EpidemicFault", "Imports", "Layer", "Meeting", "Outcome", "Vaccine", "read_contacts",
    "read_disease", "simulate_epidemic",
]  # fmt: skip
