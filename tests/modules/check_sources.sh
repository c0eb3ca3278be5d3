#!/bin/sh
# check_sources.sh FOLDER: two PAM codes that open what they should close are written nowhere in the modules. PAM_IGNORE
# grants where the next module permits (A001); PAM_SESSION_ERR is taken by sudo for a trifle, and the command runs.
set -eu

[ -n "$(find "$1" -name '*.c')" ] || { echo "no sources in $1"; exit 1; }
if grep -rnwE 'PAM_IGNORE|PAM_SESSION_ERR' --include='*.c' --include='*.h' "$1" | grep -v '/\* '; then
	exit 1
fi
