#!/usr/bin/env bash
# Builds the programs that go into images without anything else: linked statically, so that an
# image is one file. The flag is for the final link alone, and nothing else is built twice.
set -euo pipefail
profile=${1:?usage: static-programs.sh debug|release}
flags=()
[ "$profile" = release ] && flags=(--release)
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target/$profile/images"
for program in movies pause; do
  cargo rustc -q --locked --target-dir "$target/static" "${flags[@]}" --package "$program" --bin "$program" -- -C target-feature=+crt-static
  cp "$target/static/$profile/$program" "$target/$profile/images/$program"
done
