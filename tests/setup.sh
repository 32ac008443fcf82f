#!/usr/bin/env bash
# Makes sure that the tests have a browser for the console, and what drives it; packages of Python and npm that verify
# and read deliveries as an integrator's receiver would; what makes plugins of JavaScript and Python, in the versions
# that the templates of `sayso plugin new` name; and an OCI registry for plugins.
#
#   tests/setup.sh VENV NODE REGISTRY    the folders of the virtual environment, the npm packages and the registry
#
# Says in one line what it installs, and nothing where nothing is missing.
set -euo pipefail

venv=$1
node=$2
registry=$3
templates=$(dirname "$0")/../host/src/cli/plugin/templates
# Verify what sayso signs (Standard Webhooks twice over, and ed25519), and read what it writes: CloudEvents, Slack's blocks.
packages=(standardwebhooks==1.0.0 svix==1.99.1 cryptography==50.0.2 cloudevents==2.2.0 slack_sdk==3.47.0)
# Holds the description of the API against OpenAPI itself.
packages+=(openapi-spec-validator==0.9.0)
# Likewise: Standard Webhooks, CloudEvents in batches, Adaptive Cards.
node_packages=(standardwebhooks@1.1.1 cloudevents@10.0.0 adaptivecards@3.0.6)
# Drives the browser that is installed here, as a reader of the console would; it downloads none.
node_packages+=(playwright-core@1.65.1)

say() { printf 'tests: %s\n' "$1" >&2; }

apt_install() {
  say "installing $* with apt-get"
  local sudo=()
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  local install=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@")
  # The package lists may be absent or old: fetch them only when the packages cannot be had without.
  "${install[@]}" >/dev/null 2>&1 || { "${sudo[@]}" apt-get update -qq >/dev/null && "${install[@]}" >/dev/null; }
}

install_python() {
  local wanted
  wanted=$(printf '%s\n' "${packages[@]}" | cat - "$templates/python/requirements.txt")
  [ "$(cat "$venv/sayso-tests.txt" 2>/dev/null)" != "$wanted" ] || return 0
  python_works() { python3 -c 'import ensurepip, venv' 2>/dev/null; }
  python_works || apt_install python3 python3-venv || true
  python_works || { say 'Python 3 with venv is missing: install python3 and python3-venv, then try again'; exit 1; }
  say "installing ${wanted//$'\n'/ } into $venv with pip"
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check $wanted
  printf '%s\n' "$wanted" >"$venv/sayso-tests.txt"
}

install_node() {
  local wanted
  wanted=$(sed 's/{{name}}/sayso-tests/' "$templates/js/package.json")
  [ "$(cat "$node/node_modules/sayso-tests.json" 2>/dev/null)" != "$wanted ${node_packages[*]}" ] || return 0
  command -v npm >/dev/null || apt_install nodejs npm ||
    { say 'Node.js is missing: install nodejs and npm, then try again'; exit 1; }
  say "installing componentize-js ${node_packages[*]} into $node with npm"
  mkdir -p "$node"
  printf '%s\n' "$wanted" >"$node/package.json"
  npm install --prefix "$node" --no-save --no-audit --no-fund --loglevel=error "${node_packages[@]}" >/dev/null
  printf '%s\n' "$wanted ${node_packages[*]}" >"$node/node_modules/sayso-tests.json"
}

# Takes the program out of the package rather than to install it, which would start a service.
install_registry() {
  ! command -v docker-registry >/dev/null && [ ! -x "$registry/usr/bin/docker-registry" ] || return 0
  say "unpacking docker-registry of Debian into $registry"
  mkdir -p "$registry"
  local sudo=()
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  local download=(apt-get download -qq docker-registry)
  (
    cd "$registry"
    rm -f docker-registry_*.deb
    "${download[@]}" >/dev/null 2>&1 || { "${sudo[@]}" apt-get update -qq >/dev/null && "${download[@]}" >/dev/null 2>&1; }
    dpkg-deb --extract docker-registry_*.deb .
    rm docker-registry_*.deb
  ) || { say 'docker-registry is missing: install it, then try again'; exit 1; }
}

command -v chromium >/dev/null || apt_install chromium || { say 'Chromium is missing: install it, then try again'; exit 1; }
install_python
install_node
install_registry
