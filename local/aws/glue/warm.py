"""`python -m local.aws.glue.warm`: compile and archive once what every Glue run would load again.

The s3:// file system is compiled, and a small Spark job leaves the JVM's class archive (AppCDS, 150 MB): a run then
starts its first stage in about half the time. Optional, takes half a minute, does nothing when it is there.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from local.aws.glue import spark
from local.aws.options import ServerOptions

_TRAINING = Path(__file__).resolve().parent / "training.py"


class WarmUpFailed(Exception):
    """The training job did not run or left no archive."""


def warm(options: ServerOptions) -> Path:
    """The class archive, made now when it is missing.

    Raises:
        CompilerMissing: there is no javac.
        WarmUpFailed: the training job failed; the message ends with its output.
    """
    archive = spark.class_archive(options)
    if archive.exists():
        return archive
    with tempfile.TemporaryDirectory(dir=options.build) as scratch:
        conf = spark.write_settings(Path(scratch) / "conf", options, ())
        environment = {**os.environ, **spark.environment(options, conf, train=True), "TMPDIR": scratch}
        command = [sys.executable, str(_TRAINING), scratch]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0 or not archive.exists():
        raise WarmUpFailed(f"the training job ended with {done.returncode}:\n{(done.stdout + done.stderr)[-2000:]}")
    return archive


def main(argv: list[str] | None = None) -> int:
    """Warm up and say where the archive is; 1 when it could not be made."""
    parser = argparse.ArgumentParser(prog="python -m local.aws.glue.warm", description=__doc__)
    parser.add_argument("--build", type=Path, default=ServerOptions.build)
    given = parser.parse_args(argv)
    try:
        archive = warm(ServerOptions(home=given.build, build=given.build.resolve()))
    except Exception as failed:
        print(f"local.aws.glue.warm: {failed}", file=sys.stderr)
        return 1
    print(archive)
    return 0


if __name__ == "__main__":
    sys.exit(main())
