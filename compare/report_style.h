/* SPDX-License-Identifier: MIT */
/* The style sheet of the report. */
#ifndef SERVERLAB_COMPARE_REPORT_STYLE_H
#define SERVERLAB_COMPARE_REPORT_STYLE_H

extern const char report_style[];

#endif
