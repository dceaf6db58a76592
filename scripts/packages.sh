#!/usr/bin/env bash
# Installs what is missing of the system packages that Kedge needs: `run` to build and run it,
# `test` what its tests need on top. Does nothing, quickly, when everything is there.
set -euo pipefail

run=(build-essential pkg-config protobuf-compiler git openssh-client gpg ca-certificates tzdata
     postgresql containerd runc containernetworking-plugins nftables iproute2 conntrack procps util-linux)
test=(openssh-server gnupg zsh fish chromium chromium-driver python3-venv curl)
# Whoever has it from elsewhere keeps it.
command -v npm >/dev/null || test+=(npm)

case ${1:-run} in
  run) wanted=("${run[@]}") ;;
  test) wanted=("${test[@]}") ;;
  *) echo "usage: $0 run|test" >&2; exit 2 ;;
esac

if ! command -v cargo >/dev/null; then
  echo "cargo is missing: install Rust 1.95 or newer (https://rust-lang.org/tools/install)" >&2
  exit 1
fi
installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' 2>/dev/null | awk '$2 == "installed" {print $1}')
missing=()
for package in "${wanted[@]}"; do
  grep -qx "$package" <<<"$installed" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "not root and no sudo; install: ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
echo "installing ${missing[*]}"
# Kedge runs a PostgreSQL of its own: no cluster is to be made, nothing to be started.
if [[ " ${missing[*]} " == *" postgresql "* && ! -e /etc/postgresql-common/createcluster.conf ]]; then
  "${as_root[@]}" mkdir -p /etc/postgresql-common
  echo "create_main_cluster = false" | "${as_root[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
fi
export DEBIAN_FRONTEND=noninteractive
apt=("${as_root[@]}" apt-get -o DPkg::Lock::Timeout=500 -qq)
"${apt[@]}" update
"${apt[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null
