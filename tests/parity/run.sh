#!/usr/bin/env bash
# Proves that the plugin `sentiment` gives the numbers of VADER's reference: on its whole vocabulary, on texts of a
# grammar, and on the files that are named.
#
#   tests/parity/run.sh [--texts N] [--seeds S,S,…] [FILE.tsv.gz …]
#
# By default 200,000 texts for each of the seeds 1, 2 and 3, which takes a few minutes. Every text that differs is put
# into plugins/sentiment/src/vader/cases.jsonl, which the plugin's own tests read from then on.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
venv=${PARITY_VENV:-$root/target/parity-venv}
target=${PARITY_TARGET:-$root/target/plugins}
package=vaderSentiment==3.3.2

say() { printf 'parity: %s\n' "$1" >&2; }

[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
if ! "$venv/bin/python" -c 'import vaderSentiment' 2>/dev/null; then
  say "installing $package into $venv with pip"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "$package"
fi
version=$("$venv/bin/python" -c 'import platform; print(platform.python_version())')
case $version in
  3.11.*) ;;
  *) say "Python $version is not 3.11: its letters and sums may differ from those that are compared with" ;;
esac
"$venv/bin/python" "$root/tests/parity/tables.py" --check || say 'the tables differ (see above); comparing all the same'
cargo build --quiet --release --manifest-path "$root/plugins/Cargo.toml" --package sayso-sentiment --example read \
  --target-dir "$target" ${CARGO_FLAGS:-}
PYTHONHASHSEED=0 "$venv/bin/python" "$root/tests/parity/compare.py" "$target/release/examples/read" \
  --vocabulary --seeds 1,2,3 --keep "$root/plugins/sentiment/src/vader/cases.jsonl" "$@"
