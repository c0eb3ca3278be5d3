/* SPDX-License-Identifier: Apache-2.0 */
/* ~/.local/state/countersign/receipts: one JSON object a line, {"host": "…", "number": 12, "chain": "…", …}. */
#include "heads.h"
#include "clock.h"
#include "command.h"
#include "file.h"
#include "mem.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* XDG Base Directory Specification: $XDG_STATE_HOME, else ~/.local/state. */
static int file_path(char **ret_path)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (state && *state == '/')
		return cs_format(ret_path, "%s/countersign/receipts", state);
	return home && *home == '/' ? cs_format(ret_path, "%s/.local/state/countersign/receipts", home) : CS_ENOENT;
}

/* Makes the folders above a file. */
static int make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST) {
			*slash = '/';
			return CS_EIO;
		}
		*slash = '/';
	}
	return 0;
}

/* Exactly as we write it. */
static int read_line(const char *line, const char *host, uint64_t *ret_number, uint8_t ret_chain[CS_DIGEST_LEN])
{
	char begin[CS_MAX_NAME + 32], hex[2 * CS_DIGEST_LEN + 1];
	int n = snprintf(begin, sizeof(begin), "{\"host\": \"%s\", \"number\": ", host), used = 0;
	unsigned long long number = 0;

	if (n < 0 || (size_t)n >= sizeof(begin) || strncmp(line, begin, (size_t)n) != 0)
		return 0;
	if (sscanf(line + n, "%19llu, \"chain\": \"%64[0-9a-f]\"%n", &number, hex, &used) != 2 || used == 0 ||
	    cs_unhex(hex, ret_chain, CS_DIGEST_LEN) != 0)
		return 0;
	*ret_number = number;
	return 1;
}

int cs_heads_last(const char *host, uint64_t *ret_number, uint8_t ret_chain[CS_DIGEST_LEN])
{
	char *path = NULL, *line = NULL;
	FILE *file = NULL;
	size_t cap = 0;
	int found = 0;

	if (file_path(&path) == 0)
		file = fopen(path, "re");
	while (file && getline(&line, &cap, file) > 0) {
		uint8_t chain[CS_DIGEST_LEN];
		uint64_t number = 0;

		if (!read_line(line, host, &number, chain))
			continue;
		*ret_number = number;
		memcpy(ret_chain, chain, CS_DIGEST_LEN);
		found = 1;
	}
	if (file)
		(void)fclose(file);
	free(line);
	free(path);
	return found;
}

static int append(char *path, const char *line)
{
	int r = make_folders(path);
	int fd = r == 0 ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;

	if (fd < 0 || write(fd, line, strlen(line)) != (ssize_t)strlen(line))
		r = CS_EIO;
	cs_close(&fd);
	return r;
}

void cs_heads_keep(const struct cs_show_answer *shown, enum cs_vote vote)
{
	const char *host = shown->request.action.host;
	char *path = NULL, *line = NULL, hex[2 * CS_DIGEST_LEN + 1], when[21];
	int r = file_path(&path);

	if (shown->head_number == 0 || !host || !cs_is_word(host, CS_MAX_NAME)) {
		free(path);
		return;
	}
	cs_hex(shown->head_chain, CS_DIGEST_LEN, hex);
	cs_time_text((uint64_t)time(NULL) * 1000, when);
	if (r == 0)
		r = cs_format(&line, "{\"host\": \"%s\", \"number\": %llu, \"chain\": \"%s\", \"request\": %llu, "
			"\"vote\": \"%s\", \"time\": \"%s\"}\n", host, (unsigned long long)shown->head_number, hex,
			(unsigned long long)shown->decision.number, cs_vote_name(vote), when);
	if (r == 0)
		r = append(path, line);
	if (r < 0)
		(void)cs_fail(0, "the head of the evidence could not be kept", path ? path : "there is no HOME",
			"the vote counts all the same");
	free(line);
	free(path);
}
