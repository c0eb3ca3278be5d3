/* SPDX-License-Identifier: Apache-2.0 */
/* What sshd would do: its files, line by line, and on this machine sshd -T. */
#ifndef CS_HOST_SSHD_H
#define CS_HOST_SSHD_H

#include "host.h"

#define CS_SSHD_CONFIG "/etc/ssh/sshd_config"

struct cs_sshd_line {
	struct cs_place at;
	char *key;      /* in small letters */
	char *value;    /* the rest, without blanks around it */
	size_t block;   /* 0: for everybody; else the number of a Match block */
};

/* What holds for everybody (the first), or within one Match block. */
struct cs_sshd_block {
	struct cs_place at; /* of the Match line */
	char *criteria;     /* "" for everybody */
	char **keys, **values; /* what sshd -T said, NULL where it was not asked */
	size_t n_keys, n_values;
};

struct cs_sshd {
	bool there;
	struct cs_sshd_line *lines;
	size_t n_lines, cap_lines;
	struct cs_sshd_block *blocks;
	size_t n_blocks, cap_blocks;
	char *wrong; /* what sshd -T complained of, where it refuses its files; NULL: nothing */
};

/* 0, also where there is no file (then there are no blocks); CS_ETOOBIG; CS_ENOMEM. Clear with cs_sshd_clear. */
int cs_sshd_read(const struct cs_host *host, struct cs_sshd *ret_sshd);
void cs_sshd_clear(struct cs_sshd *sshd);

/* The files alone, with Include and Match. */
int cs_sshd_take_lines(const struct cs_host *host, const char *path, struct cs_sshd *sshd);
/* What sshd -T printed, for a block. 0; CS_ENOMEM. */
int cs_sshd_take_test(struct cs_sshd *sshd, size_t block, const char *text);

/* The value of a key (small letters) in a block: what sshd said; else the first in the block, the first for everybody, or
 * sshd's own default as far as it is known here; "" else. */
const char *cs_sshd_value(const struct cs_sshd *sshd, size_t block, const char *key);
/* The line that says so: of the block, or for everybody; else the file itself, line 0, or the line of Match. */
struct cs_place cs_sshd_place(const struct cs_sshd *sshd, size_t block, const char *key);

#endif
