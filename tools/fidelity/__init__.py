"""What the project sends to AWS, and the page of AWS's documentation that allows it.

`operations` and `statements` read it from the code, `pages.yaml` holds what a person looked up, `document` writes
docs/fidelity.md from both, and `check` asks a real account, read-only (`make fidelity-check`).
"""
