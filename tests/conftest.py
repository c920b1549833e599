"""Test runs keep their data in a folder of their own, and can run on either database."""

import os
import tempfile

os.environ.setdefault("TONGCHOU_DATA", tempfile.mkdtemp(prefix="tongchou-test-"))
