#!/usr/bin/env bash
# Locks what pyproject.toml asks for, by versions and hashes, without addresses. Run by hand after a change of it.
set -euo pipefail
cd "$(dirname "$0")/.."
lock() {
  pip-compile --quiet --upgrade --generate-hashes --strip-extras --allow-unsafe --no-annotate --no-header \
    --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --build-deps-for editable \
    --extra postgres "$@" pyproject.toml
}
lock --output-file requirements/run.txt
lock --extra dev --constraint requirements/run.txt --output-file requirements/dev.txt
