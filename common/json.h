/* SPDX-License-Identifier: MIT */
/*
 * Writes JSON, indented, to a stream. It only writes: whatever reads JSON uses
 * a library. The members of an object are written with their key, the elements
 * of an array with the key NULL.
 */
#ifndef SERVERLAB_COMMON_JSON_H
#define SERVERLAB_COMMON_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { JSON_DEPTH = 16 };

struct json {
	FILE *out;
	int depth;		 /* levels open */
	bool filled[JSON_DEPTH]; /* that level has an element already */
	char closer[JSON_DEPTH]; /* '}' or ']' */
};

void json_init(struct json *j, FILE *out);	   /* the caller keeps `out` */
void json_object(struct json *j, const char *key); /* ended by json_end() */
void json_array(struct json *j, const char *key);  /* ended by json_end() */
void json_end(struct json *j); /* the outermost one also ends the line */

void json_string(struct json *j, const char *key, const char *value);
void json_u64(struct json *j, const char *key, uint64_t value);
void json_i64(struct json *j, const char *key, int64_t value);
void json_number(struct json *j, const char *key, double value); /* nan: null */
void json_bool(struct json *j, const char *key, bool value);

#endif
