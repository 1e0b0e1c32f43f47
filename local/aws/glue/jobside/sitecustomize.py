"""Python imports this at start: it guards Spark's Python workers, which the runner does not start."""

import json
import os
from pathlib import Path

if "LOCAL_GLUE_JOB" in os.environ:
    import import_guard

    import_guard.install(json.loads(Path(os.environ["LOCAL_GLUE_JOB"]).read_text()))
