"""Rules as dated data: packs in TOML, city rows by two persons, one bitemporal reader."""
