#!/bin/sh
# Installs Booty from a checkout in which `make build` has run, or removes it again. The package is made of what this puts
# into a staging directory, so that both hold the same files.
#   install.sh [--uninstall]
# DESTDIR: a staging directory; nothing outside it is touched. PREFIX: default /usr. What exists in /etc/booty is
# kept as it is. For another architecture: BOOTY_BUILD, where its build is, and BOOTY_RUNTIME, its Node.js.
set -eu
umask 022

self=$(readlink -f -- "$0")
home=${self%/scripts/*}
build=${BOOTY_BUILD:-$home/build}
prefix=${PREFIX:-/usr}
sysconf=/etc/booty
root=${DESTDIR:-}
root=${root%/}

lib=$prefix/lib/booty
doc=$prefix/share/doc/booty
units=$prefix/lib/systemd/system
generators=$prefix/lib/systemd/system-generators
catalog=$prefix/lib/systemd/catalog
sysusers=$prefix/lib/sysusers.d/booty.conf
tmpfiles=$prefix/lib/tmpfiles.d/booty.conf

fail() {
  echo "install: $*" >&2
  exit 1
}

put() { install -D -m "$1" -- "$2" "$root$3"; }

# A file of the operator's: only where there is none.
keep() {
  if [ -e "$root$3" ] || [ -L "$root$3" ]; then
    echo "kept      $root$3"
  else
    put "$1" "$2" "$3"
  fi
}

# Where each file of systemd/ goes, a line for each: FILE TARGET.
systemd_files() {
  (cd "$home/systemd" && ls) | while read -r name; do
    case $name in
      booty.sysusers) echo "$name $sysusers" ;;
      booty.tmpfiles) echo "$name $tmpfiles" ;;
      *.service | *.socket | *.timer | *.path) echo "$name $units/$name" ;;
      *.catalog) echo "$name $catalog/$name" ;;
      booty-generator) echo "$name $generators/$name" ;;
    esac
  done
}

# The units name the program: that of this installation.
put_systemd_files() {
  systemd_files | while read -r name target; do
    mkdir -p -- "$root${target%/*}"
    if [ -x "$home/systemd/$name" ]; then mode=0755; else mode=0644; fi
    sed -e "s|/usr/bin/booty|$prefix/bin/booty|g" -e "s|/usr/lib/|$prefix/lib/|g" -- "$home/systemd/$name" >"$root$target.new"
    chmod "$mode" -- "$root$target.new"
    mv -f -- "$root$target.new" "$root$target"
  done
}

# Manual pages and completions, a line for each: FILE TARGET.
shared_files() {
  (cd "$build/share" && find . -type f) | sed "s|^\./\(.*\)|\1 $prefix/share/\1|" | sort
}

# The program is made whole beside the old one and takes its place by two renames, so that a job which starts
# `booty` meanwhile never meets half of it.
install_program() {
  new=$root$lib.new
  trap 'rm -rf -- "$new"' EXIT
  rm -rf -- "$new" "$root$lib.old"
  install -d -m 0755 -- "$new/runtime/bin"
  cp -R -- "$build/bin" "$build/lib" "$build/package.json" "$new/"
  chmod -R u=rwX,go=rX -- "$new"
  find "$new/lib" -type f -exec chmod 0644 -- {} +
  install -m 0755 -- "$runtime" "$new/runtime/bin/node"
  if [ -z "${BOOTY_RUNTIME:-}" ]; then
    BOOTY_NODE= "$new/bin/booty" --help >/dev/null || fail "the program does not run from $new (see above)"
  fi
  if [ -e "$root$lib" ]; then mv -- "$root$lib" "$root$lib.old"; fi
  mv -- "$new" "$root$lib"
  rm -rf -- "$root$lib.old"
  mkdir -p -- "$root$prefix/bin"
  ln -sfn -- ../lib/booty/bin/booty "$root$prefix/bin/booty"
}

install_docs() {
  for file in README.md CHANGELOG.md LICENSE; do
    if [ -f "$home/$file" ]; then put 0644 "$home/$file" "$doc/$file"; fi
  done
  for file in "$home"/docs/*.md; do
    if [ -f "$file" ]; then put 0644 "$file" "$doc/${file##*/}"; fi
  done
  for file in "$home"/docs/recipes/*.md; do
    if [ -f "$file" ]; then put 0644 "$file" "$doc/recipes/${file##*/}"; fi
  done
  for file in "$home"/etc/booty.yaml "$home"/etc/*.example "$home"/etc/examples/*; do
    if [ -x "$file" ]; then mode=0755; else mode=0644; fi
    put "$mode" "$file" "$doc/examples/${file##*/}"
  done
  for file in "$home"/systemd/drop-ins/*.conf; do put 0644 "$file" "$doc/drop-ins/${file##*/}"; done
  licence=${runtime%/bin/node}/LICENSE
  if [ -f "$licence" ]; then put 0644 "$licence" "$doc/LICENSE.node"; fi
}

# True for the machine that this runs on, and false for a staging directory or an ordinary user.
live() { [ -z "$root" ] && [ "$(id -u)" -eq 0 ]; }
systemd_runs() { [ -d /run/systemd/system ]; }
# What `journalctl -x` says of Booty's messages.
update_catalog() { if command -v journalctl >/dev/null; then journalctl --update-catalog; fi; }

activate() {
  systemd-sysusers "$sysusers"
  systemd-tmpfiles --create "$tmpfiles"
  update_catalog
  if systemd_runs; then systemctl daemon-reload; fi
}

uninstall() {
  if live && systemd_runs; then
    systemctl stop 'booty-drop@*.timer' || true
    systemctl disable --now booty.service booty.socket || true
  fi
  rm -rf -- "$root$lib" "$root$doc"
  rm -f -- "$root$prefix/bin/booty"
  { systemd_files; if [ -d "$build/share" ]; then shared_files; fi; } | while read -r _ target; do rm -f -- "$root$target"; done
  if live; then update_catalog; fi
  if live && systemd_runs; then systemctl daemon-reload; fi
  echo "Removed. Kept: $root$sysconf, $root/var/lib/booty, $root/var/spool/booty, the user booty, and the
  schedules in $root/etc/systemd/system: an installation goes on with them."
}

case ${1:-} in
  '') ;;
  --uninstall) uninstall; exit 0 ;;
  *) echo "usage: install.sh [--uninstall]" >&2; exit 2 ;;
esac

[ -f "$build/lib/booty.mjs" ] || fail "$build/lib/booty.mjs is missing; 'make build' makes it"
if [ -n "${BOOTY_RUNTIME:-}" ]; then
  runtime=$BOOTY_RUNTIME
else
  . "$home/bin/find-node.sh"
  # The program itself, also where the one on PATH is a wrapper of a version manager.
  runtime=$("$node" -p process.execPath) ||
    fail "$node does not run here; where a library is missing, install it (libatomic.so.1 on Debian: apt-get install libatomic1)"
fi

install_program
put_systemd_files
shared_files | while read -r file target; do put 0644 "$build/share/$file" "$target"; done
keep 0644 "$home/etc/booty.yaml" "$sysconf/booty.yaml"
keep 0600 "$home/etc/secrets.env.example" "$sysconf/secrets.env"
keep 0644 "$home/etc/release.env.example" "$sysconf/release.env"
install_docs

echo "installed $root$lib and $root$units/booty.service"
if live && command -v systemd-sysusers >/dev/null; then
  activate
else
  echo "On the machine itself, as root:
  systemd-sysusers && systemd-tmpfiles --create && journalctl --update-catalog && systemctl daemon-reload"
fi
echo "Next:
  1. $sysconf/secrets.env: SENTRY_DSN; $sysconf/release.env: SENTRY_ENVIRONMENT   (booty check tells what is missing)
  2. systemctl enable --now booty                                (after an upgrade: systemctl restart booty)
  3. usermod --append --groups booty NAME                        for each user who may drop jobs
  4. booty run -- echo hello"
