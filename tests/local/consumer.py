"""The application behind the relay: the samples of infra/examples as they stand, with a copy in SQLite."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import tempfile
from pathlib import Path

from .places import ROOT, tool, tool_environment
from .processes import Failed, Server, wait_until
from .relay import Relay, unique

EXAMPLES = ROOT / "infra" / "examples"


class Consumer:
    """A queue by changes-to-queue.yaml, and keep_copy.py on it. Stops and removes both on leaving."""

    def __init__(self, relay: Relay) -> None:
        self._relay, self._name = relay, unique("changes")
        self._cleanup = contextlib.ExitStack()

    def __enter__(self) -> Consumer:
        with contextlib.ExitStack() as cleanup:
            folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory()))
            self._copy = folder / "copy.sqlite"
            queue = self._deploy(cleanup)
            command = [tool("python"), str(EXAMPLES / "keep_copy.py"), queue, str(self._copy)]
            environment = tool_environment() | {name: value for name, value in self._relay.names.items() if name.startswith("AWS_")}
            self._server = Server("keep_copy.py", command, cwd=folder, env=environment, log=folder / "log", outlive=False)
            cleanup.callback(self._server.stop)
            self._cleanup = cleanup.pop_all()
        return self

    def __exit__(self, *_reason: object) -> None:
        self._cleanup.close()

    def _deploy(self, cleanup: contextlib.ExitStack) -> str:
        """The sample as a stack of its own; answers the queue."""
        formation = self._relay.aws("cloudformation")
        formation.create_stack(
            StackName=self._name,
            TemplateBody=(EXAMPLES / "changes-to-queue.yaml").read_text(),
            Parameters=[{"ParameterKey": "DataBucket", "ParameterValue": self._relay.bucket}],
            Capabilities=["CAPABILITY_IAM"],
        )
        cleanup.callback(formation.delete_stack, StackName=self._name)

        def outputs() -> list[dict] | None:
            [stack] = formation.describe_stacks(StackName=self._name)["Stacks"]
            if stack["StackStatus"] not in ("CREATE_IN_PROGRESS", "CREATE_COMPLETE"):
                raise Failed(f"changes-to-queue.yaml: {stack['StackStatus']} {stack.get('StackStatusReason')}")
            return stack["Outputs"] if stack["StackStatus"] == "CREATE_COMPLETE" else None

        found = wait_until("changes-to-queue.yaml", 60, outputs)
        return next(each["OutputValue"] for each in found if each["OutputKey"] == "QueueUrl")

    def records(self, module: str) -> dict[str, dict | None]:
        """The copy of a module by id; None for what is gone."""
        with contextlib.closing(sqlite3.connect(self._copy)) as copy, contextlib.suppress(sqlite3.OperationalError):
            found = copy.execute("SELECT record_id, record FROM records WHERE module = ?", (module,)).fetchall()
            return {record_id: json.loads(record) for record_id, record in found}
        # It has not taken anything yet.
        return {}
