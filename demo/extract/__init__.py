"""Scripts that cut our small fact files out of the public data sets; run ``python -m demo.extract``."""
