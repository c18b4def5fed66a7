/* SPDX-License-Identifier: MIT */
/*
 * The switch for aarch64 (AAPCS64). A function call preserves x19 to x29, the
 * lower halves of v8 to v15, and the floating point control register: a
 * handler that has changed its rounding mode keeps it, and no other gets it.
 * What lies on a stack that does not run, from its pointer upwards:
 *
 *	 0 x29, x30 (where to go on)   16 x19 ... x28   96 d8 ... d15   160 fpcr
 */
	.text

	.globl	coroutine_switch
	.type	coroutine_switch, %function
	.p2align 4
coroutine_switch:
	/* (void **from, void *to). The same layout is on both stacks, so the
	 * unwinding rules hold before and after sp changes. */
	.cfi_startproc
	stp	x29, x30, [sp, #-176]!
	.cfi_def_cfa_offset 176
	.cfi_offset x29, -176
	.cfi_offset x30, -168
	stp	x19, x20, [sp, #16]
	.cfi_offset x19, -160
	.cfi_offset x20, -152
	stp	x21, x22, [sp, #32]
	.cfi_offset x21, -144
	.cfi_offset x22, -136
	stp	x23, x24, [sp, #48]
	.cfi_offset x23, -128
	.cfi_offset x24, -120
	stp	x25, x26, [sp, #64]
	.cfi_offset x25, -112
	.cfi_offset x26, -104
	stp	x27, x28, [sp, #80]
	.cfi_offset x27, -96
	.cfi_offset x28, -88
	stp	d8, d9, [sp, #96]
	stp	d10, d11, [sp, #112]
	stp	d12, d13, [sp, #128]
	stp	d14, d15, [sp, #144]
	mrs	x9, fpcr
	str	x9, [sp, #160]

	mov	x10, sp
	str	x10, [x0]
	mov	sp, x1

	/* Writing fpcr is slow, and it hardly ever differs. */
	ldr	x10, [sp, #160]
	cmp	x9, x10
	b.eq	1f
	msr	fpcr, x10
1:	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	d8, d9, [sp, #96]
	ldp	d10, d11, [sp, #112]
	ldp	d12, d13, [sp, #128]
	ldp	d14, d15, [sp, #144]
	ldp	x29, x30, [sp], #176
	.cfi_def_cfa_offset 0
	/* Not ret: the processor would predict a return to our caller. */
	br	x30
	.cfi_endproc
	.size	coroutine_switch, . - coroutine_switch

	/* Where a new coroutine goes on: entry in x19, argument in x20. It is
	 * the outermost frame, and says so to whoever unwinds. */
	.type	coroutine_start, %function
	.p2align 4
	nop
coroutine_start:
	.cfi_startproc
	.cfi_undefined x30
	mov	x0, x20
	blr	x19
	brk	#0
	.cfi_endproc
	.size	coroutine_start, . - coroutine_start

	.globl	coroutine_prepare
	.type	coroutine_prepare, %function
	.p2align 4
coroutine_prepare:
	/* (char *low, char *high, void (*entry)(void *), void *argument) */
	.cfi_startproc
	sub	x9, x1, #176
	adr	x10, coroutine_start
	stp	xzr, x10, [x9]
	stp	x2, x3, [x9, #16]
	mrs	x10, fpcr
	str	x10, [x9, #160]
	mov	x0, x9
	ret
	.cfi_endproc
	.size	coroutine_prepare, . - coroutine_prepare

	.section .note.GNU-stack, "", %progbits
