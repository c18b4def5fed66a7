/* SPDX-License-Identifier: MIT */
/* The version of all programs, which are released together. */
#ifndef SERVERLAB_COMMON_VERSION_H
#define SERVERLAB_COMMON_VERSION_H

#define SERVERLAB_VERSION "0.1"

#endif
