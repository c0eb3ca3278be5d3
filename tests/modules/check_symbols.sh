#!/bin/sh
# check_symbols.sh FILE NEEDED BUT EXPORT... : FILE exports exactly these symbols, needs exactly these libraries (NEEDED, one
# word, separated by commas, without version), and imports nothing that has no place inside sshd or sudo (A015, A033), but what is in
# BUT (a word of the same kind, or none), all of which it has to import.
set -eu

file=$1
needed=$2
but=$3
shift 3
failed=0

complain() {
	printf '%s: %s\n' "$file" "$1"
	failed=1
}

wanted=$(printf '%s\n' "$@" | LC_ALL=C sort)
# The version's own name is an absolute symbol.
exports=$(nm -D --defined-only "$file" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | LC_ALL=C sort)
[ "$exports" = "$wanted" ] || complain "exports
$exports
and should export
$wanted"

libraries=$(readelf -d "$file" | sed -n 's/.*(NEEDED).*\[\(lib[a-z]*\)\.so.*/\1/p' | LC_ALL=C sort | paste -s -d ,)
[ "$libraries" = "$needed" ] || complain "needs $libraries, and should need $needed"

imports=$(nm -D --undefined-only "$file" | awk '{ sub(/@.*/, "", $2); print $2 }')
[ -n "$imports" ] || complain "imports nothing, so nothing was looked at"
for symbol in getenv secure_getenv __secure_getenv setenv putenv environ exit _exit _Exit quick_exit atexit abort __assert_fail raise kill \
	signal sigaction pthread_create thrd_create system popen fork vfork clone posix_spawn \
	execve execv execvp execl execle execlp execvpe alarm setitimer sleep getaddrinfo gethostbyname setuid seteuid \
	setresuid setgid setegid setresgid setgroups initgroups chdir umask openlog closelog dlopen dlsym; do
	case ,$but, in
	*",$symbol,"*) printf '%s\n' "$imports" | grep -qx "$symbol" || complain "does not import $symbol any more" ;;
	*) ! printf '%s\n' "$imports" | grep -qx "$symbol" || complain "imports $symbol" ;;
	esac
done
exit "$failed"
