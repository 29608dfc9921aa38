#!/usr/bin/env bash
# Cyrus and Courier for the contract tests, beside the Dovecot that Debian would have them replace: their packages are
# fetched by apt and unpacked into a folder of ours, not installed. Needs no root.   usage: unpack.sh FOLDER
set -euo pipefail
target=${1:?a folder}
packages=(
  cyrus-imapd cyrus-common libcourier-unicode4 courier-imap courier-base courier-authlib
  libical3 libjansson4 libpcre3 libpq5 libwrap0 libxapian30 libzephyr4 libclamav12
)
command -v apt-get >/dev/null || { echo "needs Debian's apt-get" >&2; exit 1; }
fetched=$(mktemp -d)
trap 'rm -rf "$fetched"' EXIT
(cd "$fetched" && apt-get -qq download "${packages[@]}" 2>/dev/null)
rm -rf "$target.new"
mkdir -p "$target.new"
for package in "$fetched"/*.deb; do dpkg-deb -x "$package" "$target.new"; done
rm -rf "$target"
mv "$target.new" "$target"
