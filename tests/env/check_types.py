"""Types, of the lint layer: `files` and `plan` keep mypy's strict rules, the rest has no more errors than before."""

import os
import re
import subprocess
import sys

STRICT = ("files", "plan")  # wings without any error
MOST_ERRORS = 27  # in all others together; may only fall

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def main() -> int:
    if sys.version_info < (3, 10):
        print("mypy needs Python 3.10: types were not checked")
        return 0
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--hide-error-context", "--no-pretty"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if not re.search(r"^(Found|Success)", run.stdout, re.MULTILINE):
        print(run.stdout)
        return 2
    errors = re.findall(r"^plugin/npyvtk/.+: error: .+$", run.stdout.replace(os.sep, "/"), re.MULTILINE)
    strict = [error for error in errors if error.split("/")[2] in STRICT]
    others = [error for error in errors if error not in strict]
    if strict:
        print(*strict, f"mypy: {' and '.join(STRICT)} have no errors of types, but these.", sep="\n")
    if len(others) > MOST_ERRORS:
        print(*others, f"mypy: {len(others)} errors, {MOST_ERRORS} before; mend those that are new.", sep="\n")
    elif len(others) < MOST_ERRORS:
        print(f"mypy: {len(others)} errors, {MOST_ERRORS} before; write it into tests/env/check_types.py.")
    else:
        print(f"mypy: {' and '.join(STRICT)} without errors, the rest with {len(others)} as before")
    return int(bool(strict) or len(others) > MOST_ERRORS)


if __name__ == "__main__":
    sys.exit(main())
