/* SPDX-License-Identifier: MIT */
/*
 * Tells the sanitizers, where they are linked in, that the stack is about to
 * change: AddressSanitizer must know where the stack is, ThreadSanitizer which
 * history goes on. Their functions are weak, and absent from a usual build,
 * where these lines cost a comparison.
 *
 * All is inlined by force: ThreadSanitizer counts calls and returns, and none
 * may come between its being told and the switch.
 */
#ifndef SERVERLAB_CORE_SANITIZE_H
#define SERVERLAB_CORE_SANITIZE_H

#include <stddef.h>

#define SANITIZE_WEAK	__attribute__((weak))
#define SANITIZE_INLINE static inline __attribute__((always_inline))
#define SANITIZE_APART	__attribute__((noinline, cold))

/* As in <sanitizer/common_interface_defs.h> and its sisters, which not every
 * compiler brings. */
SANITIZE_WEAK void __sanitizer_start_switch_fiber(
	void **fake, const void *bottom, size_t size);
SANITIZE_WEAK void __sanitizer_finish_switch_fiber(
	void *fake, const void **old_bottom, size_t *old_size);
SANITIZE_WEAK void __asan_unpoison_memory_region(
	const void *address, size_t size);
SANITIZE_WEAK void *__tsan_create_fiber(unsigned flags);
SANITIZE_WEAK void __tsan_destroy_fiber(void *fiber);
SANITIZE_WEAK void *__tsan_get_current_fiber(void);
SANITIZE_WEAK void __tsan_switch_to_fiber(void *fiber, unsigned flags);

/* What they know of a coroutine, and of who resumed it. */
struct sanitize {
	const void *low;
	size_t size;
	void *fake, *fiber;
	const void *resumer_low;
	size_t resumer_size;
	void *resumer_fake, *resumer_fiber;
};

/* Is one of them there? */
SANITIZE_INLINE int sanitize_any(void)
{
	return __sanitizer_start_switch_fiber || __tsan_switch_to_fiber;
}

SANITIZE_INLINE void sanitize_new(
	struct sanitize *s, const void *low, size_t size)
{
	*s = (struct sanitize) {.low = low, .size = size};
	if (__tsan_create_fiber)
		s->fiber = __tsan_create_fiber(0);
}

SANITIZE_INLINE void sanitize_free(struct sanitize *s)
{
	if (__asan_unpoison_memory_region)
		__asan_unpoison_memory_region(s->low, s->size);
	if (__tsan_destroy_fiber)
		__tsan_destroy_fiber(s->fiber);
}

/* In coroutine_resume(), before the switch and after it. */
SANITIZE_INLINE void sanitize_resume(struct sanitize *s)
{
	if (__sanitizer_start_switch_fiber)
		__sanitizer_start_switch_fiber(
			&s->resumer_fake, s->low, s->size);
	if (__tsan_switch_to_fiber) {
		s->resumer_fiber = __tsan_get_current_fiber();
		__tsan_switch_to_fiber(s->fiber, 0);
	}
}

SANITIZE_INLINE void sanitize_resumed(struct sanitize *s)
{
	if (__sanitizer_finish_switch_fiber)
		__sanitizer_finish_switch_fiber(s->resumer_fake, NULL, NULL);
}

/* In the coroutine: when it begins or comes back, and before it goes. */
SANITIZE_INLINE void sanitize_arrive(struct sanitize *s)
{
	if (__sanitizer_finish_switch_fiber)
		__sanitizer_finish_switch_fiber(
			s->fake, &s->resumer_low, &s->resumer_size);
}

SANITIZE_INLINE void sanitize_leave(struct sanitize *s, int for_good)
{
	if (__sanitizer_start_switch_fiber)
		__sanitizer_start_switch_fiber(for_good ? NULL : &s->fake,
			s->resumer_low, s->resumer_size);
	if (__tsan_switch_to_fiber)
		__tsan_switch_to_fiber(s->resumer_fiber, 0);
}

#endif
