"""The local stack: the sandbox for Zoho, a local AWS that enforces IAM, and infra/template.yaml deployed onto it."""

from __future__ import annotations

import itertools
import json
import os
import re
import shlex
import urllib.request
from collections.abc import Callable
from pathlib import Path

from .build import build_lock, sandbox_binary
from .places import LOCAL, ROOT, architecture, build_dir, tool, tool_environment
from .processes import Failed, Server, free_port, run

REGION = "us-east-1"
STACK_NAME = "bigin-relay"

# The template's own means of being quick where nobody pays for haste.
QUICK = {
    "BatchingWindowSeconds": "1",
    "DeferAfterSeconds": "60",
    "EventWithinSeconds": "5",
    "HeldAlarmMinutes": "0",
    "OutageAlarmMinutes": "0",
    "PauseAlarmMinutes": "0",
    "RecordsVisibilitySeconds": "30",
    "SliceBudgetSeconds": "10",
    "TurnAlarmMinutes": "0",
}

_numbers = itertools.count(1)


class LocalStack:
    """Starts on entering, stops everything on leaving. With `outlive` it stays after this process (make up), `with_key` it
    encrypts all it stores with a KMS key of its own."""

    def __init__(
        self,
        *,
        parameters: dict[str, str] | None = None,
        with_key: bool = False,
        outlive: bool = False,
        say: Callable[[str], None] = print,
    ) -> None:
        self.parameters = QUICK | (parameters or {})
        self.outputs: dict[str, str] = {}
        self.folder = LOCAL / "runs" / ("up" if outlive else f"{os.getpid()}-{next(_numbers)}")
        self._with_key, self._outlive, self._say = with_key, outlive, say
        self._servers: list[Server] = []
        self.sandbox_url = self.aws_url = ""

    def __enter__(self) -> LocalStack:
        (self.folder / "tmp").mkdir(parents=True, exist_ok=True)
        try:
            self._start_sandbox()
            self._start_aws()
            self._deploy()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_reason: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stops the servers, the last one first."""
        while self._servers:
            self._servers.pop().stop()

    @property
    def pids(self) -> list[int]:
        """The servers' process ids; each leads a process group of its own."""
        return [server.pid for server in self._servers]

    def server_pid(self, name: str) -> int:
        """The process id of `sandbox` or `aws`."""
        return next(server.pid for server in self._servers if server.name == name)

    def aws_environment(self) -> dict[str, str]:
        """The AWS_* variables of the local AWS."""
        return {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.aws_url,
        }

    def environment(self) -> dict[str, str]:
        """Everything that `make up` leaves in target/local/env."""
        named = {snake_case(name): value for name, value in self.outputs.items()}
        return self.aws_environment() | {"SANDBOX_URL": self.sandbox_url, "STACK_NAME": STACK_NAME} | named

    def _start_sandbox(self) -> None:
        port = free_port()
        self.sandbox_url = f"http://127.0.0.1:{port}"
        self._serve(
            "sandbox", [str(sandbox_binary()), "--listen", f"127.0.0.1:{port}"], tool_environment(), f"{self.sandbox_url}/console/state"
        )
        self._say(f"sandbox for Zoho at {self.sandbox_url}")

    def _start_aws(self) -> None:
        port = free_port()
        self.aws_url = f"http://127.0.0.1:{port}"
        environment = (
            tool_environment()
            | self.aws_environment()
            | {
                "AUTH": "true",  # IAM is enforced for every function's role
                "BIND_HOST": "127.0.0.1",
                "GATEWAY_PORT": str(port),
                "MINISTACK_HOST": "127.0.0.1",  # the host in queue URLs
                "TMPDIR": str(self.folder / "tmp"),
                "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "1",
            }
        )
        self._serve("aws", [tool("ministack")], environment, f"{self.aws_url}/_ministack/health")
        self._say(f"local AWS at {self.aws_url}")

    def _serve(self, name: str, command: list[str], environment: dict[str, str], health: str) -> None:
        server = Server(name, command, cwd=self.folder, env=environment, log=self.folder / f"{name}.log", outlive=self._outlive)
        self._servers.append(server)
        server.wait_ready(60, lambda: _answers(health))

    def _deploy(self) -> None:
        built = build_dir(architecture()) / "template.yaml"
        if not built.exists():
            raise Failed("nothing is built yet: `make build` first")
        if self._with_key:
            self.parameters["KmsKeyArn"] = self.client("kms").create_key(Description="bigin-relay")["KeyMetadata"]["Arn"]
        overrides = {"Architecture": architecture(), "AccountsUrl": self.sandbox_url, "TlsOnly": "false"} | self.parameters
        self._say("deploying infra/template.yaml")
        with build_lock():
            self.deploy(STACK_NAME, built, overrides)
        self.outputs = self.stack_outputs(STACK_NAME)

    def deploy(self, stack_name: str, template: Path, overrides: dict[str, str]) -> None:
        """`sam deploy` onto the local AWS."""
        command = [
            tool("sam"),
            "deploy",
            "--template-file",
            str(template),
            "--stack-name",
            stack_name,
            "--resolve-s3",
            "--capabilities",
            "CAPABILITY_IAM",
            "--no-confirm-changeset",
            "--no-fail-on-empty-changeset",
            "--no-progressbar",
            "--parameter-overrides",
            *(f"{name}={value}" for name, value in overrides.items()),
        ]
        run(command, cwd=self.folder, env=tool_environment() | self.aws_environment(), log=self.folder / f"deploy-{stack_name}.log")

    def stack_outputs(self, stack_name: str) -> dict[str, str]:
        """What the deployed stack says of itself."""
        stack = self.client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def client(self, service: str, **credentials: str) -> object:
        """A boto3 client of the local AWS, as its administrator unless other credentials are given."""
        return client(self.aws_url, service, **credentials)


def client(endpoint: str, service: str, **credentials: str) -> object:
    """A boto3 client that talks to `endpoint` and reads nothing of the user's own AWS settings."""
    import boto3
    from botocore.config import Config

    keys = credentials or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    config = Config(read_timeout=300, retries={"max_attempts": 1}, s3={"addressing_style": "path"})
    return boto3.session.Session(**keys, region_name=REGION).client(service, endpoint_url=endpoint, config=config)


def snake_case(name: str) -> str:
    """DataBucket -> DATA_BUCKET."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()


def write_env_file(path: Path, environment: dict[str, str]) -> None:
    """`export NAME=value` lines, to be sourced by a shell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items()))


def read_env_file(path: Path) -> dict[str, str]:
    """What write_env_file wrote."""
    words = shlex.split(path.read_text())
    return dict(word.split("=", 1) for word in words if word != "export")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            answer.read()
            return answer.status == 200
    except (OSError, json.JSONDecodeError):
        return False


def template_path() -> Path:
    """The template as people read it."""
    return ROOT / "infra" / "template.yaml"
