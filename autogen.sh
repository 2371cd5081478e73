#!/usr/bin/env bash
# Makes the tree ready to build, or builds it.
#
#   ./autogen.sh            runs autoreconf; then: ./configure && make
#   ./autogen.sh TARGET…    does everything: installs what is missing (Debian),
#                           autoreconf, configure and make in build/, then the
#                           make targets, in order: demo, check, bench, all, …
#
# Only what is needed is done, so calling it again is quick.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

say() { printf 'autogen.sh: %s\n' "$*" >&2; }
die() {
	say "$*"
	exit 1
}

# --- what must be there ---

have_command() { command -v "$1" >/dev/null 2>&1; }
have_module() { have_command pkg-config && pkg-config --exists "$1" 2>/dev/null; }
have_compiler() { have_command "${CC:-gcc}" || have_command cc; }
have_c_headers() {
	[ -e /usr/include/stdio.h ] || {
		have_compiler && echo '#include <stdio.h>' | ${CC:-cc} -E - >/dev/null 2>&1
	}
}

missing=()
need() { # PACKAGE CHECK…
	local package=$1
	shift
	"$@" || missing+=("$package")
}

look_for_what_is_missing() { # TARGET…
	missing=()
	need gcc have_compiler
	need libc6-dev have_c_headers
	need make have_command make
	need autoconf have_command autoconf
	need automake have_command automake
	need libtool have_command libtoolize
	need pkg-config have_command pkg-config
	need libprotobuf-c-dev have_module 'libprotobuf-c >= 1.4.1'
	need protobuf-c-compiler have_command protoc-c
	need libevent-dev have_module 'libevent_core >= 2.1.12'
	need check have_module 'check >= 0.15'
	local target
	for target in "$@"; do
		case $target in
		check* | dist*)
			need g++ have_command "${CXX:-g++}"
			need libuv1-dev have_module libuv
			;;
		bench)
			need libhiredis-dev have_module hiredis
			need redis-server have_command redis-server
			need python3 have_command python3
			;;
		esac
	done
}

install_what_is_missing() {
	local as_root=()
	if ! have_command apt-get; then
		say "these are missing (names as in Debian); install them and call again:"
		die "    ${missing[*]}"
	fi
	if [ "$(id -u)" != 0 ]; then
		have_command sudo ||
			die "not root, and no sudo; as root: apt-get install ${missing[*]}"
		as_root=(sudo)
	fi
	say "installing: ${missing[*]}"
	case " ${missing[*]} " in
	*' redis-server '*)
		say "note: Debian may start a Redis service along with redis-server; the" \
			"bench does not use it (it starts its own on a socket of its own)"
		;;
	esac
	local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get
		-q -y -o DPkg::Lock::Timeout=120)
	local log
	log=$(mktemp)
	"${apt[@]}" update >"$log" 2>&1 || {
		tail -n 5 "$log" >&2
		say "apt-get update failed (above); trying with the lists that are there"
	}
	"${apt[@]}" install --no-install-recommends "${missing[@]}" >"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		rm -f "$log"
		die "apt-get could not install: ${missing[*]}"
	}
	rm -f "$log"
}

# --- autoreconf and configure, when something they read has changed ---

# Says whether one of the files given is newer than the first, or that is gone.
is_stale() { # PRODUCT SOURCE…
	local product=$1 source
	shift
	[ -e "$product" ] || return 0
	for source in "$@"; do
		[ "$source" -nt "$product" ] && return 0
	done
	return 1
}

quietly() { # COMMAND… : its output is shown only if it fails
	local log
	log=$(mktemp)
	if ! "$@" >"$log" 2>&1; then
		tail -n 40 "$log" >&2
		rm -f "$log"
		die "failed (above): $*"
	fi
	rm -f "$log"
}

prepare_configure() {
	local inputs=(configure.ac Makefile.am */sources.am)
	if is_stale configure "${inputs[@]}" || is_stale Makefile.in "${inputs[@]}"; then
		say "autoreconf"
		quietly autoreconf -fi
		# unchanged products keep their age; theirs is the look just taken
		touch aclocal.m4
		touch configure Makefile.in
	fi
}

# Has a library that configure looked for in vain been installed since?
library_is_new() {
	local module
	for module in HIREDIS=hiredis LIBUV=libuv GLIB=glib-2.0; do
		grep -q "^S\\[\"HAVE_${module%=*}_TRUE\"\\]=\"#\"" build/config.status &&
			have_module "${module#*=}" && return 0
	done
	return 1
}

prepare_build() {
	[ ! -e config.status ] ||
		die "this folder is configured in place; 'make distclean' first, or use make"
	if [ ! -e build/Makefile ] || is_stale build/config.status configure ||
		library_is_new; then
		say "configure, in build/"
		mkdir -p build
		(cd build && quietly ../configure)
	fi
}

if [ $# = 0 ]; then
	for tool in autoreconf automake libtoolize pkg-config; do
		have_command "$tool" ||
			die "$tool is missing (Debian: apt-get install autoconf automake libtool pkg-config)"
	done
	exec autoreconf -fi
fi
case $1 in
-h | --help)
	sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
	exit 0
	;;
-*) die "what is '$1'? (./autogen.sh --help)" ;;
esac

look_for_what_is_missing "$@"
if [ ${#missing[@]} -gt 0 ]; then
	install_what_is_missing
	look_for_what_is_missing "$@"
	[ ${#missing[@]} = 0 ] ||
		die "installed, but still not found: ${missing[*]}"
fi
prepare_configure
prepare_build
jobs=$(nproc 2>/dev/null || echo 2)
make -s --no-print-directory -C build -j"$jobs" all
for target in "$@"; do
	[ "$target" = all ] ||
		make -s --no-print-directory -C build -j"$jobs" "$target"
done
