"""`make up` and `make down`: the stack left running to explore."""

from __future__ import annotations

import json

from .build import build_operator, operator_binary
from .places import ENV_FILE, ROOT, UP_FILE
from .processes import end_group_of, start_time
from .stack import LocalStack, write_env_file


def up() -> None:
    """Starts the stack, writes target/local/env and says how to use it."""
    if _still_up():
        print(f"The local stack is up already. Use it with: . {ENV_FILE.relative_to(ROOT)}   (make down stops it)")
        return
    build_operator()
    stack = LocalStack(parameters={"PullModules": "all"}, outlive=True)
    stack.__enter__()
    try:
        write_env_file(ENV_FILE, stack.environment())
        UP_FILE.write_text(json.dumps([{"pid": pid, "started": start_time(pid)} for pid in stack.pids]))
    except BaseException:
        stack.stop()
        raise
    env = ENV_FILE.relative_to(ROOT)
    print(f"""
The local stack is up. In a shell:

  . {env}                       # AWS_* variables, SANDBOX_URL, STACK_NAME and every stack output
  export PATH="$PWD/target/venv/sam/bin:$PWD/target/venv/local/bin:$PATH"

  # a self client and a one-time code, as Zoho's API console gives them
  CLIENT=$(curl -s $SANDBOX_URL/console/self-clients -d '{{"client_name":"relay"}}' | python3 -c 'import json,sys;print(json.load(sys.stdin)["client_id"])')
  curl -s $SANDBOX_URL/console/codes -d '{{"client_id":"'$CLIENT'","scope":"ZohoBigin.modules.ALL,ZohoBigin.settings.ALL,ZohoBigin.users.READ,ZohoBigin.org.READ,ZohoBigin.coql.READ","minutes":10}}' > target/local/self_client.json

  alias bigin-relay={operator_binary()}
  export BIGIN_RELAY_STACK=$STACK_NAME
  bigin-relay authorize target/local/self_client.json
  bigin-relay status

  # the same without the tool
  sam remote invoke --stack-name $STACK_NAME RevokeFunction --event '{{"action":"status"}}'

  curl -s $SANDBOX_URL/console/records/Contacts   # what Bigin holds
  make down                                       # stops it

Logs: {stack.folder.relative_to(ROOT)}/*.log
""")


def down() -> None:
    """Stops what `make up` left running, and only that."""
    if not UP_FILE.exists():
        print("The local stack is not up.")
        return
    for process in json.loads(UP_FILE.read_text()):
        if _is_ours(process):
            end_group_of(process["pid"])
    UP_FILE.unlink()
    ENV_FILE.unlink(missing_ok=True)
    print("The local stack is stopped.")


def _still_up() -> bool:
    return UP_FILE.exists() and any(_is_ours(process) for process in json.loads(UP_FILE.read_text()))


def _is_ours(process: dict) -> bool:
    return process["started"] is not None and start_time(process["pid"]) == process["started"]
