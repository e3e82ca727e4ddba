"""The sandbox's console: what stands for Zoho's API console and for a test's own hand."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

SCOPES = (
    "ZohoBigin.modules.ALL,ZohoBigin.settings.ALL,ZohoBigin.users.READ,ZohoBigin.org.READ,"
    "ZohoBigin.coql.READ,ZohoBigin.bulk.ALL,ZohoFiles.files.ALL,ZohoBigin.notifications.ALL"
)
# A user of the sandbox's first organisation whom no code belongs to.
PERSON = "sam@sandbox-company.example"


class Console:
    """Calls of `/console/...` (tests/sandbox/README.md)."""

    def __init__(self, url: str) -> None:
        self.url = url

    def new_client(self, name: str = "bigin-relay", data_center: str | None = None) -> str:
        """Registers a self client; answers its id."""
        wanted = {"client_name": name} | ({"data_center": data_center} if data_center else {})
        return self._call("POST", "self-clients", wanted)["client_id"]

    def new_code(self, client_id: str, scope: str = SCOPES, minutes: int = 10, **more: str) -> dict:
        """Generates a code; answers the file that the console lets one download."""
        return self._call("POST", "codes", {"client_id": client_id, "scope": scope, "minutes": minutes} | more)

    def cut_off(self, client_id: str, access_only: bool = False) -> None:
        """The user takes the client off the list of connected applications: its tokens die."""
        self._call("POST", "revoke", {"client_id": client_id, "access_only": access_only})

    def state(self) -> dict:
        """The counters."""
        return self._call("GET", "state")

    def calls(self, endpoint: str) -> dict[str, int]:
        """How the calls of `METHOD /path` ended: status (or cut, abandoned) to number."""
        return self.state()["calls"].get(endpoint, {})

    def last_calls(self) -> list[dict]:
        """The last 20,000 calls: endpoint, when they began and ended, and how."""
        return [json.loads(line) for line in self._text("GET", "calls").splitlines()]

    def records(self, module: str) -> list[dict]:
        """Everything a module holds."""
        return [json.loads(line) for line in self._text("GET", f"records/{module}").splitlines()]

    def add(self, module: str, *records: dict) -> list[str]:
        """A person who is not the relay's user adds records; answers their ids."""
        lines = "".join(json.dumps(record) + "\n" for record in records)
        answer = json.loads(self._send("POST", f"records/{module}?user={PERSON}", lines.encode()))
        assert answer["rejected"] == [], answer
        return answer["ids"]

    def generate(self, module: str, count: int, record: dict, first: int = 1) -> None:
        """Many records of one pattern, in which `{n}` is a number from `first` on."""
        self._call("POST", f"generate/{module}?user={PERSON}", {"count": count, "record": record, "first": first})

    def edit(self, module: str, *records: dict) -> None:
        """The same person edits records, each by its id."""
        lines = "".join(json.dumps(record) + "\n" for record in records)
        answer = json.loads(self._send("PUT", f"records/{module}?user={PERSON}", lines.encode()))
        assert answer["rejected"] == [], answer

    def delete(self, module: str, *ids: str) -> None:
        """The same person deletes records."""
        self._text("DELETE", f"records/{module}?ids={','.join(ids)}&user={PERSON}")

    def restore(self, module: str, *ids: str) -> None:
        """A person takes deleted records out of the recycle bin, as they were."""
        self._call("POST", f"recycle-bin/{module}/restore", {"ids": ids})

    def faults(self, *rules: dict) -> None:
        """These faults and no others; without any, everything goes well."""
        self._call("PUT", "faults", {"rules": list(rules)})

    def limits(self, **limits: object) -> None:
        """What the account does not allow, and nothing else; without any, all is allowed."""
        self._call("PUT", "limits", limits)

    def struck(self) -> int:
        """How often the faults now in force have struck."""
        return sum(rule["struck"] for rule in self._call("GET", "faults")["rules"])

    def settings(self, **changes: object) -> None:
        """Changes switches of the sandbox."""
        self._call("PUT", "settings", changes)

    def advance(self, seconds: int) -> None:
        """Moves the sandbox's own time on."""
        self._call("PUT", "clock", {"advance_s": seconds})

    def reset_counters(self) -> None:
        """The counters begin anew; records, clients and tokens stay."""
        self._call("POST", "reset", {"counters_only": True})

    def reset(self) -> None:
        """Everything as it was at the start."""
        self._call("POST", "reset")

    def _call(self, method: str, path: str, body: dict | None = None) -> dict:
        return json.loads(self._text(method, path, body))

    def _text(self, method: str, path: str, body: dict | None = None) -> str:
        return self._send(method, path, None if body is None else json.dumps(body).encode())

    def _send(self, method: str, path: str, data: bytes | None) -> str:
        request = urllib.request.Request(f"{self.url}/console/{path}", data=data, method=method)
        request.add_header("content-type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"the sandbox refused {method} /console/{path}: {error.read().decode()}") from error
