/* SPDX-License-Identifier: MIT */
/* The files of the report's page, for compare/page.h. The Makefile says where
 * each is. */
#define EMBED(name, file) \
	.globl name; .type name, %object; \
	name: .incbin file; .byte 0; \
	.size name, . - name

	.section .rodata
	EMBED(page_style_css, STYLE_CSS)
	EMBED(page_uplot_css, UPLOT_CSS)
	EMBED(page_uplot_js, UPLOT_JS)
	EMBED(page_scripts_js, SCRIPTS_JS)

	.section .note.GNU-stack, "", %progbits
