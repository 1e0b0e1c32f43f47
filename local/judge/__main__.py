"""`python -m local.judge`."""

from local.judge.cli import app

if __name__ == "__main__":
    app()
