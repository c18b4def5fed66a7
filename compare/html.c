/* SPDX-License-Identifier: MIT */
#include "compare/html.h"

void html_text(FILE *out, const char *text)
{
	for (; text && *text; text++) {
		if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '>')
			fputs("&gt;", out);
		else if (*text == '&')
			fputs("&amp;", out);
		else if (*text == '"')
			fputs("&quot;", out);
		else
			fputc(*text, out);
	}
}

void html_paragraphs(FILE *out, const char *text)
{
	fputs("<p>", out);
	html_text(out, text);
	fputs("</p>\n", out);
}

void html_table_begin(FILE *out, const char *name)
{
	fputs("<div class=\"wide\" tabindex=\"0\" role=\"region\" "
	      "aria-label=\"",
		out);
	html_text(out, name);
	fputs("\"><table>", out);
}

void html_table_end(FILE *out)
{
	fputs("</table></div>\n", out);
}
