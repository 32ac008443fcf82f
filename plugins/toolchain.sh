#!/usr/bin/env bash
# Makes sure that Rust plugins can be compiled to WebAssembly, and that there is a C compiler for SQLite.
#
#   plugins/toolchain.sh
#
# Says in one line what it installs, and nothing where nothing is missing. The first way that works is taken:
#   rustup   the active Rust has the target wasm32-unknown-unknown, or `rustup target add` brings it;
#   debian   Debian's rustc-web and rust-web-src, with which cargo builds the standard library for the target.
# SAYSO_WASM_TOOLCHAIN=rustup|debian allows one way alone.
set -euo pipefail

target=wasm32-unknown-unknown
way=${SAYSO_WASM_TOOLCHAIN:-}
rustup_seconds=30

say() { printf 'toolchain: %s\n' "$1" >&2; }
fail() {
  say "$1"
  exit 1
}

case $way in
  '' | rustup | debian) ;;
  *) fail "SAYSO_WASM_TOOLCHAIN is '$way'; it can be 'rustup' or 'debian'" ;;
esac

apt_install() {
  command -v apt-get >/dev/null || return 1
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || return 1
    sudo=(sudo)
  fi
  say "installing $* with apt-get"
  local install=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@")
  # The package lists may be absent or old: fetch them only when the packages cannot be had without.
  "${install[@]}" >/dev/null 2>&1 || { "${sudo[@]}" apt-get update -qq >/dev/null && "${install[@]}" >/dev/null; }
}

sysroot() { rustc --print sysroot 2>/dev/null; }

has_target() {
  local root
  root=$(sysroot) && compgen -G "$root/lib/rustlib/$target/lib/libstd-*.rlib" >/dev/null
}

add_target() {
  command -v rustup >/dev/null || return 1
  say "adding the Rust target $target with rustup (at most $rustup_seconds s)"
  timeout "$rustup_seconds" rustup target add "$target" >/dev/null 2>&1 && has_target
}

has_debian() {
  [ -x /usr/bin/rustc ] && [ -d "$(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust/library/std" ]
}

has_linker() {
  local root
  root=$(sysroot) && compgen -G "$root/lib/rustlib/*/bin/rust-lld" >/dev/null && return
  command -v rust-lld >/dev/null || command -v wasm-ld >/dev/null
}

command -v cargo >/dev/null || fail 'cargo is missing: install Rust from https://rustup.rs, then run `make setup` again'

if ! command -v cc >/dev/null; then
  apt_install gcc libc6-dev || fail 'a C compiler is missing (SQLite needs it): install gcc or clang, then run `make setup` again'
fi

if [ "$way" != debian ]; then
  has_target && exit
  if [ "$way" = rustup ] || ! has_debian; then
    add_target && exit
  fi
fi
if [ "$way" != rustup ]; then
  has_debian || apt_install rustc-web rust-web-src || true
  has_debian && { has_linker || apt_install lld; } && exit
fi
fail "Rust cannot compile for $target: run \`rustup target add $target\`, or on Debian \`apt-get install rustc-web rust-web-src lld\`, then \`make setup\` again"
