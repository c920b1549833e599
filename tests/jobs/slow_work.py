"""A job of many small batches, run by a worker process that a test kills.

``python -m tests.jobs.slow_work DATABASE_NAME`` is that process.
"""

from __future__ import annotations

import sys
import time

ROWS = 60


def declare(pause_s: float) -> None:
    from django.db import transaction  # this module is also the head of a process, which sets Django up first

    from tongchou import jobs, notices  # as above

    @jobs.handler("t.slow")
    def work(run: jobs.Run) -> dict[str, int]:
        for number in range(run.cursor.get("next", 0), ROWS):
            with transaction.atomic():
                notices.send(to_post="p", title=f"row {number}", key=f"{run.job_id}:{number}:{run.args['salt']}:{time.time_ns()}")
                run.save({"next": number + 1}, done=number + 1, total=ROWS)
            time.sleep(pause_s)
        return {"rows": ROWS}


def main() -> None:
    import django  # only this process sets Django up here
    from django.conf import settings  # as above

    settings.DATABASES["default"]["NAME"] = sys.argv[1]
    django.setup()
    from tongchou import jobs  # needs Django set up
    from tongchou.jobs.registry import HANDLERS, PERIODIC  # as above

    HANDLERS.clear()
    PERIODIC.clear()
    declare(pause_s=0.03)
    jobs.run()


if __name__ == "__main__":
    main()
