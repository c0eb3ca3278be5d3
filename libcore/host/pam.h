/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/pam.d as libpam reads it: one file, the lines that make up a phase of a service, and what their results come to.
 * Source: Linux-PAM 1.5.2, pam_handlers.c and pam_dispatch.c, with Debian's @include; the tests hold this against the
 * real libpam. */
#ifndef CS_HOST_PAM_H
#define CS_HOST_PAM_H

#include "host.h"
#include <stdint.h>

enum cs_pam_phase { CS_PAM_ANY = 0, CS_PAM_AUTH, CS_PAM_ACCOUNT, CS_PAM_PASSWORD, CS_PAM_SESSION };

/* "account"; "" for any. */
const char *cs_pam_phase_name(enum cs_pam_phase phase);

/* What libpam does with a result: one of these, or a positive number of lines to skip. */
enum {
	CS_PAM_IGNORE = 0,
	CS_PAM_OK = -1,
	CS_PAM_DONE = -2,
	CS_PAM_BAD = -3,
	CS_PAM_DIE = -4,
	CS_PAM_RESET = -5
};

enum { CS_PAM_CODES = 32, CS_PAM_LEVELS = 16, CS_PAM_STEPS_MAX = 1024, CS_PAM_LINE_MAX = 1023 };

enum cs_pam_what {
	CS_PAM_BROKEN = 0, /* libpam puts a line there that always fails */
	CS_PAM_MODULE,
	CS_PAM_INCLUDE,
	CS_PAM_SUBSTACK,
	CS_PAM_AT_INCLUDE /* Debian's "@include FILE", of all phases */
};

struct cs_pam_line {
	struct cs_place at;
	enum cs_pam_what what;
	enum cs_pam_phase phase; /* CS_PAM_ANY: of a line without one, or with a wrong one */
	bool silent;             /* begins with '-': a module that is missing is not logged */
	char *control;           /* as it stands, without brackets; NULL for @include */
	int actions[CS_PAM_CODES];
	char *module;            /* or the file that is included; NULL: none was named */
	char **args;
	size_t n_args;
	const char *wrong;       /* of CS_PAM_BROKEN, and of a control that libpam does not understand: static; else NULL */
	unsigned level;          /* in a stack: how many substacks it is in */
};

struct cs_pam_lines {
	struct cs_pam_line *at;
	size_t n, cap;
	struct cs_place damage; /* file is set: libpam refuses this file, and with it the service */
	const char *why;        /* static */
};

/* Every line of one file's text. file is what the places say. 0; CS_ETOOBIG (more than CS_PAM_STEPS_MAX lines); CS_ENOMEM.
 * Clear with cs_pam_lines_clear, also a zero one. */
int cs_pam_parse(const char *text, size_t len, const char *file, struct cs_pam_lines *ret_lines);
void cs_pam_lines_clear(struct cs_pam_lines *lines);

/* The lines that libpam goes through for a phase of a service, with all includes in their places, and with those of
 * `other` where the service has none. */
struct cs_pam_stack {
	struct cs_pam_lines lines;
	bool from_other;
	bool no_file; /* the service has no file of its own */
};

/* 0, also for what libpam refuses (lines.damage) and for a service that nothing is said of (no lines: libpam denies);
 * CS_ETOOBIG; CS_EIO (something could not be read); CS_ENOMEM. */
int cs_pam_stack_read(const struct cs_host *host, const char *service, enum cs_pam_phase phase,
	struct cs_pam_stack *ret_stack);
void cs_pam_stack_clear(struct cs_pam_stack *stack);

/* What libpam returns when line i gives codes[i]; called[i] (may be NULL) says which lines were asked. */
int cs_pam_stack_result(const struct cs_pam_stack *stack, const int *codes, bool *called);

/* How a phase may succeed although every line of ours denies. */
struct cs_pam_escape {
	bool called;  /* our line is asked, and its denial is none */
	size_t blame; /* that line; or the one that ends the stack, or skips ours, before it is asked */
	int result;   /* PAM_SUCCESS, or PAM_NEW_AUTHTOK_REQD: only for who has to change his password */
};

/* ours[i]: line i is ours, and gives denial. Of all other lines anything is believed possible, but of pam_permit and
 * pam_deny what they always do. 1 and *ret_escape (PAM_SUCCESS before PAM_NEW_AUTHTOK_REQD); 0; CS_EDOUBT (too many ways
 * to try them all); CS_ENOMEM. */
int cs_pam_stack_escape(const struct cs_pam_stack *stack, const bool *ours, int denial, struct cs_pam_escape *ret_escape);

/* The last component of a line's module: "pam_unix.so"; "" where none is named. */
const char *cs_pam_module_name(const struct cs_pam_line *line);

#endif
