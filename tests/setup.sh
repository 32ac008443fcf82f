#!/usr/bin/env bash
# Makes sure that the tests have a browser for the console, an OCI registry for plugins, and a Python with the package
# `standardwebhooks`, which verifies deliveries as an integrator's receiver would.
#
#   tests/setup.sh FOLDER    the folder of the virtual environment
#
# Says in one line what it installs, and nothing where nothing is missing.
set -euo pipefail

folder=$1
package=standardwebhooks==1.0.0

say() { printf 'tests: %s\n' "$1" >&2; }

apt_install() {
  say "installing $* with apt-get"
  local sudo=()
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  local install=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@")
  # The package lists may be absent or old: fetch them only when the packages cannot be had without.
  "${install[@]}" >/dev/null 2>&1 || { "${sudo[@]}" apt-get update -qq >/dev/null && "${install[@]}" >/dev/null; }
}

command -v chromium >/dev/null || apt_install chromium || { say 'Chromium is missing: install it, then try again'; exit 1; }
command -v docker-registry >/dev/null || apt_install docker-registry || { say 'docker-registry is missing: install it, then try again'; exit 1; }

"$folder/bin/python" -c 'import standardwebhooks' 2>/dev/null && exit
python_works() { python3 -c 'import ensurepip, venv' 2>/dev/null; }
python_works || apt_install python3 python3-venv || true
python_works || { say 'Python 3 with venv is missing: install python3 and python3-venv, then try again'; exit 1; }
say "installing $package into $folder with pip"
python3 -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$package"
