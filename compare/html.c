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

/* `heads`: "col" or "row" for a cell that does, NULL for one of the others. */
static void print_cell(FILE *out, const struct grid *g, size_t column,
	const char *text, const char *heads)
{
	if (!grid_has(g, column))
		return;
	fputs(heads ? "<th" : "<td", out);
	if (g->left[column])
		fputs(" class=\"l\"", out);
	if (heads)
		fprintf(out, " scope=\"%s\"", heads);
	fputc('>', out);
	html_text(out, text);
	fputs(heads ? "</th>" : "</td>", out);
}

void html_grid(FILE *out, const char *name, const struct grid *g)
{
	html_table_begin(out, name);
	fputs("<thead><tr>", out);
	for (size_t c = 0; c < g->columns; c++)
		print_cell(out, g, c, g->titles[c], "col");
	fputs("</tr></thead><tbody>\n", out);
	for (size_t r = 0; r < g->count; r++) {
		fputs("<tr>", out);
		for (size_t c = 0; c < g->columns; c++)
			print_cell(out, g, c, g->rows[r].text[c],
				c ? NULL : "row");
		fputs("</tr>\n", out);
	}
	fputs("</tbody>", out);
	html_table_end(out);
}
