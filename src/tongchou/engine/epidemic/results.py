from dataclasses import dataclass
from typing import Any
import numpy as np
@dataclass(frozen=True, eq=False)
class Outcome:
    city: Any
    disease: Any
    days: int
    seed: int
    chain: Any
    infectious: Any
    log: Any
