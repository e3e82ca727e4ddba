"""The commands behind the Makefile: python3 -m local COMMAND, with tests/ on PYTHONPATH."""

from __future__ import annotations

import os
import sys

from . import venvs
from .places import tool
from .processes import Failed, end_on_signals


def main(command: str, *arguments: str) -> int:
    """Runs one command, in the pinned tools' Python."""
    if command == "down":
        from .up import down

        down()
        return 0
    venvs.ensure()
    if os.path.realpath(sys.prefix) != os.path.realpath(os.path.dirname(os.path.dirname(tool("python")))):
        os.execv(tool("python"), [tool("python"), "-m", "local", command, *arguments])
    end_on_signals()
    from . import build, checks, stages
    from .up import up

    match command:
        case "setup":
            pass
        case "build":
            build.build_all()
        case "lint":
            checks.formatted()
            stages.template()
            checks.linted()
        case "unit":
            stages.unit()
            stages.doc()
        case "explore":
            figures, failure = stages.explore(_minutes(60))
            print("\n" + "\n".join(figures), flush=True)
            if failure:
                raise failure
        case "e2e":
            build.build_all()
            stages.end_to_end(arguments=arguments)
        case "test":
            return stages.everything()
        case "sbom":
            from . import sbom

            for place in sbom.write_all():
                print(place)
        case "smoke-aws":
            from smoke.story import tell as smoke

            smoke()
        case "soak":
            from chaos.soak import soak

            build.build_all()
            soak(_minutes(20), int(os.environ["SEED"]) if os.environ.get("SEED") else None)
        case "arm64":
            print(build.build_for_the_other_processor())
        case "up":
            build.build_all()
            up()
        case "demo":
            from demo.story import tell

            build.build_all()
            tell()
        case _:
            print(f"unknown command {command}", file=sys.stderr)
            return 2
    return 0


def _minutes(usually: float) -> float:
    return float(os.environ.get("MINUTES") or usually)


if __name__ == "__main__":
    try:
        sys.exit(main(*(sys.argv[1:] or ["help"])))
    except Failed as failure:
        sys.exit(f"\n{failure}")
    except KeyboardInterrupt:
        sys.exit("\ninterrupted; everything started is stopped")
