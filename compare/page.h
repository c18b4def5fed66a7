/* SPDX-License-Identifier: MIT */
/* The files in compare/page/ as they are embedded into the program. Each ends
 * with a zero byte. */
#ifndef SERVERLAB_COMPARE_PAGE_H
#define SERVERLAB_COMPARE_PAGE_H

extern const char page_style_css[];

/* uPlot's style and script, with its licence. Both are empty where uPlot was
 * not there when this was built: the charts then stay as C draws them. */
extern const char page_uplot_css[], page_uplot_js[];

/* Our own scripts, one after the other. */
extern const char page_scripts_js[];

#endif
