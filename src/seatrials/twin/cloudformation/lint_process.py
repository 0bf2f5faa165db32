"""cfn-lint on one template, in a process of its own: it takes two seconds to import, and nobody else needs it.

Run as a module, with the region as argument and the template as JSON on standard input; writes a JSON list of findings.
"""

import gc
import json
import sys

# It ends before there is much garbage, and to look for it while all of cfn-lint is imported takes a tenth of its time.
gc.disable()

from cfnlint.api import lint  # noqa: E402
from cfnlint.config import ManualArgs  # noqa: E402


def main() -> None:
    """Lint standard input."""
    matches = lint(sys.stdin.read(), config=ManualArgs(regions=[sys.argv[1]]))
    findings = [
        {
            "id": match.rule.id,
            "is_error": match.rule.severity.lower() == "error",
            "path": [str(step) for step in match.path or []],
            "message": match.message,
        }
        for match in matches
    ]
    sys.stdout.write(json.dumps(findings))


if __name__ == "__main__":
    main()
