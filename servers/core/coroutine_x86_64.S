/* SPDX-License-Identifier: MIT */
/*
 * The switch for x86-64 (System V ABI). A function call preserves rbx, rbp,
 * r12 to r15, and the control words of both floating point units: a handler
 * that has changed its rounding mode keeps it, and no other gets it. All else
 * is the caller's to save, because for the compiler this is a call like any
 * other. What lies on a stack that does not run, from its pointer upwards:
 *
 *	 0 mxcsr, x87 control word   8 r15  16 r14  24 r13  32 r12
 *	40 rbx   48 rbp   56 where to go on
 */
	.text

	.globl	coroutine_switch
	.type	coroutine_switch, @function
	.p2align 4
coroutine_switch:
	/* (void **from, void *to). The same layout is on both stacks, so the
	 * unwinding rules hold before and after rsp changes. */
	.cfi_startproc
	pushq	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset rbp, 0
	pushq	%rbx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset rbx, 0
	pushq	%r12
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r12, 0
	pushq	%r13
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r13, 0
	pushq	%r14
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r14, 0
	pushq	%r15
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r15, 0
	subq	$8, %rsp
	.cfi_adjust_cfa_offset 8
	stmxcsr	(%rsp)
	fnstcw	4(%rsp)

	movq	%rsp, (%rdi)
	movq	%rsi, %rsp

	ldmxcsr	(%rsp)
	fldcw	4(%rsp)
	addq	$8, %rsp
	.cfi_adjust_cfa_offset -8
	popq	%r15
	.cfi_adjust_cfa_offset -8
	.cfi_restore r15
	popq	%r14
	.cfi_adjust_cfa_offset -8
	.cfi_restore r14
	popq	%r13
	.cfi_adjust_cfa_offset -8
	.cfi_restore r13
	popq	%r12
	.cfi_adjust_cfa_offset -8
	.cfi_restore r12
	popq	%rbx
	.cfi_adjust_cfa_offset -8
	.cfi_restore rbx
	popq	%rbp
	.cfi_adjust_cfa_offset -8
	.cfi_restore rbp
	/* Not ret: the processor would predict a return to our caller. */
	popq	%rcx
	.cfi_adjust_cfa_offset -8
	.cfi_register rip, rcx
	jmpq	*%rcx
	.cfi_endproc
	.size	coroutine_switch, . - coroutine_switch

	/* Where a new coroutine goes on: entry in rbx, argument in r12. It is
	 * the outermost frame, and says so to whoever unwinds. */
	.type	coroutine_start, @function
	.p2align 4
	nop
coroutine_start:
	.cfi_startproc
	.cfi_undefined rip
	movq	%r12, %rdi
	callq	*%rbx
	ud2
	.cfi_endproc
	.size	coroutine_start, . - coroutine_start

	.globl	coroutine_prepare
	.type	coroutine_prepare, @function
	.p2align 4
coroutine_prepare:
	/* (char *low, char *high, void (*entry)(void *), void *argument) */
	.cfi_startproc
	leaq	-64(%rsi), %rax
	stmxcsr	(%rax)
	fnstcw	4(%rax)
	movq	%rcx, 32(%rax)
	movq	%rdx, 40(%rax)
	movq	$0, 48(%rax)
	leaq	coroutine_start(%rip), %rcx
	movq	%rcx, 56(%rax)
	ret
	.cfi_endproc
	.size	coroutine_prepare, . - coroutine_prepare

	.section .note.GNU-stack, "", @progbits
