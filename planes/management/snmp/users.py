"""The file of SNMPv3 users.

users:
  ops:
    auth: sha256                 # or sha224, sha384, sha512
    auth-password: correct horse
    priv: aes                    # AES-128; without it nothing is encrypted
    priv-password: battery staple
    network: red                 # sees this tenant only; without it all
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path as FilePath

from planes.management.snmp.access import Auth, User
from planes.management.snmp.errors import AgentError
from planes.model.errors import PlanError, Problem, did_you_mean
from planes.model.source import Path, Source, read
from planes.model.words import kind

KEYS = ("auth", "auth-password", "priv", "priv-password", "network")
AUTHS = {auth.hash: auth for auth in (Auth.SHA256, Auth.SHA224, Auth.SHA384, Auth.SHA512)}
Fields = dict[str, object]

LEAST_PASSWORD = 8  # characters (RFC 3414, section 11.2)
MOST_NAME = 32  # octets (RFC 3414, section 5)
WHAT, FIRST = "a file of SNMP users", "users: ..."


def load(path: FilePath) -> tuple[User, ...]:
    """The users in a file. AgentError when it can't be read or others could, PlanError with all that is wrong in it."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise AgentError(f"{path} holds passwords, and others may read or write it", f"chmod 600 {path}")
            text = file.read().decode()
    except UnicodeDecodeError:
        raise AgentError(f"{path} is not UTF-8 text", "give a file of SNMP users") from None
    except OSError as error:
        raise AgentError(f"{path} cannot be read: {error.strerror}", "give a file of SNMP users") from None
    return parse(text, str(path))


def parse(text: str, file: str) -> tuple[User, ...]:
    """The users in a text. PlanError."""
    source = read(text, file, WHAT, FIRST)
    reading = _Reading(source)
    users = tuple(reading.users())
    problems = [*source.problems, *reading.problems]
    if problems:
        raise PlanError(problems)
    return users


class _Reading:
    def __init__(self, source: Source) -> None:
        self.problems: list[Problem] = []
        self._source = source

    def _wrong(self, path: Path, message: str, at_key: bool = False) -> None:
        self.problems.append(self._source.problem(path, message, at_key))

    def users(self) -> Iterator[User]:
        data = self._source.data
        if not isinstance(data, dict):
            return
        for key in data:
            if key != "users":
                self._wrong((key,), f"unknown key {key!r}, {did_you_mean(str(key), ['users'])}", at_key=True)
        listed = data.get("users")
        if not isinstance(listed, dict) or not listed:
            self._wrong(("users",) if "users" in data else (), "'users' is a mapping from names to what each one has")
            return
        for name, fields in listed.items():
            user = self._user(str(name), fields)
            if user is not None:
                yield user

    def _user(self, name: str, fields: object) -> User | None:
        at, before = ("users", name), len(self.problems)
        if not 1 <= len(name.encode()) <= MOST_NAME:
            self._wrong(at, f"a user's name has 1 to {MOST_NAME} octets", at_key=True)
        if not isinstance(fields, dict):
            self._wrong(at, f"a user is a mapping of {', '.join(KEYS)}; found {kind(fields)}")
            return None
        for key in fields:
            if key not in KEYS:
                self._wrong((*at, key), f"unknown key {key!r}, {did_you_mean(str(key), KEYS)}", at_key=True)
        auth = self._choice(at, fields, "auth", tuple(AUTHS))
        password = self._password(at, fields, "auth-password")
        if password is None and "auth-password" not in fields:
            self._wrong(at, f"user {name!r} has no auth-password", at_key=True)
        priv = self._password(at, fields, "priv-password")
        if "priv" in fields and "priv-password" not in fields:
            self._wrong((*at, "priv"), "priv needs a priv-password", at_key=True)
        self._choice(at, fields, "priv", ("aes",))
        network = fields.get("network")
        if network is not None and not isinstance(network, str):
            self._wrong((*at, "network"), f"network is a name, found {kind(network)}")
        if len(self.problems) > before or password is None:
            return None
        return User(name, AUTHS[auth], password, priv, network if isinstance(network, str) else None)

    def _choice(self, at: Path, fields: Fields, key: str, allowed: tuple[str, ...]) -> str:
        """The word at a key; the first of those that are allowed where there is none."""
        value = str(fields.get(key, allowed[0]))
        if value not in allowed:
            self._wrong((*at, key), f"unknown {key} {value!r}, {did_you_mean(value, allowed)}")
        return value

    def _password(self, at: Path, fields: Fields, key: str) -> str | None:
        value = fields.get(key)
        if key not in fields:
            return None
        if not isinstance(value, str):  # a number's text may be another one than what was written
            self._wrong((*at, key), f"{key} is text; put quotes around it")
            return None
        if len(value) < LEAST_PASSWORD:
            self._wrong((*at, key), f"{key} has {len(value)} characters; it needs {LEAST_PASSWORD} at least")
        return value
