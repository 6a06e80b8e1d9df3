"""The habits of the project as sessions: `nox -s test lint types docs bench`; `nox` alone runs the first three."""

from __future__ import annotations

import nox

nox.options.sessions = ["lint", "types", "test"]
nox.options.reuse_existing_virtualenvs = True


@nox.session
def test(session: nox.Session) -> None:
    session.install("-q", "-e", ".[test]")
    session.run("python", "-m", "pytest", "-q", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    session.install("-q", "-e", ".[dev]")
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    session.install("-q", "-e", ".[dev]")
    session.run("mypy", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    session.install("-q", ".[docs]")
    session.run("mkdocs", *(session.posargs or ("build", "--strict")))


@nox.session
def bench(session: nox.Session) -> None:
    session.install("-q", ".[test]")
    session.run("python", "-m", "tests.bench.run", *session.posargs)
