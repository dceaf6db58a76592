#!/usr/bin/env bash
# Installs what a build left in a directory: the program with its images beside it, its man pages, and
# what has shells complete its lines. A second time replaces the first.
set -euo pipefail

[ $# -eq 2 ] || { echo "usage: $0 BUILT PREFIX" >&2; exit 2; }
built=$1 prefix=$2
[ -x "$built/kedge" ] || { echo "there is no $built/kedge; \`make build\` makes it" >&2; exit 1; }

# `kedge up` looks for images beside the program itself, not beside a link to it.
mkdir -p "$prefix/lib/kedge" "$prefix/bin"
install -m 755 "$built/kedge" "$prefix/lib/kedge/kedge"
if [ -d "$built/images" ]; then
  rm -rf "$prefix/lib/kedge/images"
  cp -R "$built/images" "$prefix/lib/kedge/images"
fi
ln -sfn ../lib/kedge/kedge "$prefix/bin/kedge"

kedge=$prefix/bin/kedge
"$kedge" man "$prefix/share/man/man1" >/dev/null
complete() { # SHELL FILE
  mkdir -p "$(dirname "$2")"
  "$kedge" completions "$1" >"$2"
}
complete bash "$prefix/share/bash-completion/completions/kedge"
complete zsh "$prefix/share/zsh/site-functions/_kedge"
complete fish "$prefix/share/fish/vendor_completions.d/kedge.fish"
echo "kedge is in $prefix: bin, lib/kedge, share/man, completions for bash, zsh and fish"
