#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What `make install` leaves must work on its own, away from the source tree.
#
# The functions are called by test_that:
# shellcheck disable=SC2317
set -u
cd "$(dirname "$0")/.." || exit

number=0
failed=0
# test_that DESCRIPTION COMMAND...: the command succeeds
test_that() {
	description=$1
	shift
	number=$((number + 1))
	if "$@" >"$work/output" 2>&1; then
		echo "ok $number - $description"
	else
		failed=1
		echo "not ok $number - $description"
		sed 's/^/#   /' "$work/output"
	fi
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/root/opt/lab
command=$prefix/bin/serverlab
experiments=$PWD/scripts/experiments

can_be_installed() {
	make install-files SAN="${SERVERLAB_SAN-}" DESTDIR="$work/root" \
		PREFIX=/opt/lab
}

runs() {
	for program in $programs; do
		"$command" "$program" --version || return
	done
}

refuses() {
	status=0
	"$command" nothing >"$work/out" 2>"$work/err" || status=$?
	cat "$work/err"
	[ "$status" = 64 ] && [ ! -s "$work/out" ] &&
		grep -q "no program 'nothing'" "$work/err"
}

# helps PROGRAM: its --help and that of its subcommands
helps() {
	"$command" "$1" --help
	[ "$1" != compare ] || for subcommand in run calibrate cpus list show \
		report export lesson diff import; do
		"$command" compare "$subcommand" --help
	done
}

# All flags of --help are in the manual page.
pages_name_all_flags() {
	for program in $programs; do
		page=$prefix/share/man/man1/serverlab-$program.1
		helps "$program" |
			sed -n 's/^ *\(-., \)\{0,1\}\(--[a-z][a-z-]*\).*/\2/p' |
			sort -u >"$work/flags"
		[ -s "$work/flags" ] || return
		while read -r flag; do
			sed 's/\\-/-/g' "$page" |
				grep -q "^\\.B .*$flag" || {
				echo "serverlab-$program.1 lacks $flag"
				return 1
			}
		done <"$work/flags"
	done
}

pages_are_well_formed() {
	for page in "$prefix"/share/man/man1/*.1; do
		said=$(groff -man -Tutf8 -ww -z "$page" 2>&1)
		[ -z "$said" ] || {
			echo "$said"
			return 1
		}
	done
}

headers_suffice() {
	cat >"$work/mine.c" <<-'END'
		#include "common/handler.h"
		#include "servers/core/model.h"

		extern const struct handler handler_mine;
		const struct handler handler_mine = { .name = "mine" };
		extern const struct server_model model_mine;
		const struct server_model model_mine = { .name = "mine" };
	END
	gcc -std=gnu11 -Wall -Wextra -Werror -fPIC -c -o "$work/mine.o" \
		-I "$prefix/include/serverlab" "$work/mine.c"
}

# All experiments are known where nothing of the source tree is.
compares() (
	mkdir "$work/elsewhere" && cd "$work/elsewhere" || exit
	"$command" compare list >known || exit
	for each in "$experiments"/*.ini; do
		name=${each##*/}
		grep "^  ${name%.ini} " known || exit
	done
	"$command" compare run --quick --models epoll --duration 300ms &&
		"$command" compare calibrate --connections 2 \
			--duration 300ms &&
		"$command" compare lesson race && [ -s results/results.db ]
)

test_that 'everything can be installed below a directory' can_be_installed
programs=
for each in server client compare classroom; do
	[ ! -x "$prefix/libexec/serverlab/$each" ] || programs="$programs $each"
done
test_that 'each program runs as a subcommand' runs
test_that 'an unknown subcommand is a usage error' refuses
case $programs in
*compare*)
	test_that 'models are compared by what is installed' compares
	;;
esac
test_that 'each flag is in the manual page' pages_name_all_flags
if command -v groff >/dev/null; then
	test_that 'the manual pages are well-formed' pages_are_well_formed
else
	number=$((number + 1))
	echo "ok $number - the manual pages are well-formed # SKIP no groff"
fi
test_that 'models and handlers compile with the installed headers' \
	headers_suffice
echo "1..$number"
exit "$failed"
