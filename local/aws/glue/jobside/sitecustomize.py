"""Python imports this at start: it puts the import guard into Spark's Python workers, which are not started by the runner."""

import json
import os
from pathlib import Path

if "LOCAL_GLUE_JOB" in os.environ:
    import import_guard

    import_guard.install(json.loads(Path(os.environ["LOCAL_GLUE_JOB"]).read_text()))
