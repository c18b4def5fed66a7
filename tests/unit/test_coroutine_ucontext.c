/* SPDX-License-Identifier: MIT */
/* The same promises of the switch by makecontext(3), on this machine too: it
 * stands in for the machine's own, which the linker then has no need of. */
#include "servers/core/coroutine_ucontext.c"
#include "tests/unit/test_coroutine.c"
