/* SPDX-License-Identifier: Apache-2.0 */
/* What holds in sshd, by its own word where it can be asked. */
#include "sshd.h"
#include "countersign/error.h"
#include "mem.h"
#include "program.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SAID_MAX = 1024 * 1024, PATIENCE_MS = 10000 };

/* sshd's own, of what is looked at here: OpenSSH 9.2. */
static const struct {
	const char *key, *value;
} defaults[] = {
	{ "usepam", "no" },
	{ "kbdinteractiveauthentication", "yes" },
	{ "permitrootlogin", "prohibit-password" },
	{ "logingracetime", "120" },
	{ "maxstartups", "10:30:100" },
	{ "disableforwarding", "no" },
	{ "allowtcpforwarding", "yes" },
	{ "allowstreamlocalforwarding", "yes" },
	{ "allowagentforwarding", "yes" },
	{ "x11forwarding", "no" },
	{ "permittunnel", "no" },
	{ "permituserrc", "yes" },
	{ "permituserenvironment", "no" },
	{ "forcecommand", "none" },
	{ "clientaliveinterval", "0" },
};

static const char *said(const struct cs_sshd_block *block, const char *key)
{
	for (size_t i = 0; i < block->n_keys && i < block->n_values; i++)
		if (strcmp(block->keys[i], key) == 0)
			return block->values[i];
	return NULL;
}

static const struct cs_sshd_line *find_line(const struct cs_sshd *sshd, size_t block, const char *key)
{
	for (size_t i = 0; i < sshd->n_lines; i++)
		if (sshd->lines[i].block == block && strcmp(sshd->lines[i].key, key) == 0)
			return &sshd->lines[i];
	return NULL;
}

static const struct cs_sshd_line *line_for(const struct cs_sshd *sshd, size_t block, const char *key)
{
	const struct cs_sshd_line *line = find_line(sshd, block, key);

	return line != NULL ? line : find_line(sshd, 0, key);
}

const char *cs_sshd_value(const struct cs_sshd *sshd, size_t block, const char *key)
{
	const char *value = block < sshd->n_blocks ? said(&sshd->blocks[block], key) : NULL;
	const struct cs_sshd_line *line = line_for(sshd, block, key);

	if (value != NULL || line != NULL)
		return value != NULL ? value : line->value;
	for (size_t i = 0; i < CS_COUNT(defaults); i++)
		if (strcmp(defaults[i].key, key) == 0)
			return defaults[i].value;
	return "";
}

struct cs_place cs_sshd_place(const struct cs_sshd *sshd, size_t block, const char *key)
{
	const struct cs_sshd_line *line = line_for(sshd, block, key);

	if (line != NULL)
		return line->at;
	return block < sshd->n_blocks ? sshd->blocks[block].at : (struct cs_place){ 0 };
}

int cs_sshd_take_test(struct cs_sshd *sshd, size_t block, const char *text)
{
	struct cs_sshd_block *into = &sshd->blocks[block];
	int r = 0;

	while (r == 0 && *text != '\0') {
		size_t n = strcspn(text, "\n"), key = strcspn(text, " \n");
		char *line = strndup(text, n);

		if (line == NULL)
			return CS_ENOMEM;
		line[key] = '\0';
		r = cs_strv_add(&into->keys, &into->n_keys, line);
		if (r == 0)
			r = cs_strv_add(&into->values, &into->n_values, key < n ? line + key + 1 : "");
		free(line);
		text += n + (text[n] == '\n');
	}
	return r;
}

/* Who is in a Match block, as sshd -T -C wants it: only of criteria that name somebody plainly. */
static int connection_of(const char *criteria, char **ret_connection)
{
	static const struct {
		const char *criterion, *name;
	} known[] = { { "user", "user" }, { "host", "host" }, { "address", "addr" }, { "localaddress", "laddr" },
		{ "localport", "lport" } };
	char *copy = cs_dup(criteria), *rest = NULL, *text = NULL;
	int r = copy != NULL ? cs_set(&text, "user=nobody,host=localhost,addr=192.0.2.1") : CS_ENOMEM;
	char *word = r == 0 ? strtok_r(copy, " \t", &rest) : NULL;

	while (r == 0 && word != NULL) {
		char *value = strtok_r(NULL, " \t", &rest), *longer = NULL;
		size_t i = 0;

		while (i < CS_COUNT(known) && strcasecmp(known[i].criterion, word) != 0)
			i++;
		if (i == CS_COUNT(known) || value == NULL || value[strcspn(value, "*?!/,\"")] != '\0')
			r = CS_EDOUBT;
		else
			r = cs_format(&longer, "%s,%s=%s", text, known[i].name, value);
		if (r == 0) {
			free(text);
			text = longer;
		}
		word = strtok_r(NULL, " \t", &rest);
	}
	free(copy);
	if (r == 0)
		*ret_connection = text;
	else
		free(text);
	return r;
}

/* sshd cannot be asked where it never ran (no host key, no /run/sshd): then its files have to do. A file that it refuses
 * is another matter. */
static int take_complaint(struct cs_sshd *sshd, const char *complaint)
{
	if (strstr(complaint, "Bad configuration option") == NULL && strstr(complaint, "bad configuration option") == NULL &&
		strstr(complaint, ": line ") == NULL && strstr(complaint, " line ") == NULL)
		return 0;
	return cs_format(&sshd->wrong, "%.*s", (int)strcspn(complaint, "\r\n"), complaint);
}

static int ask_sshd(struct cs_sshd *sshd, size_t block)
{
	const char *argv[] = { "/usr/sbin/sshd", "-T", NULL, NULL, NULL };
	struct cs_program_said answer = { 0 };
	char *connection = NULL;
	int r = block > 0 ? connection_of(sshd->blocks[block].criteria, &connection) : 0;

	if (r == CS_EDOUBT)
		return 0;
	if (r == 0 && connection != NULL) {
		argv[2] = "-C";
		argv[3] = connection;
	}
	if (r == 0)
		r = cs_program_ask(argv, NULL, 0, PATIENCE_MS, SAID_MAX, &answer);
	free(connection);
	if (r == CS_ENOMEM)
		return r;
	if (r == 0 && answer.status == 0)
		r = cs_sshd_take_test(sshd, block, answer.out);
	else if (r == 0 && sshd->wrong == NULL)
		r = take_complaint(sshd, answer.err);
	else
		r = 0;
	cs_program_said_clear(&answer);
	return r;
}

/* sshd itself reads the files as they are. */
static bool would_change(const struct cs_host *host)
{
	for (size_t i = 0; i < host->n_edits; i++)
		if (strncmp(host->edits[i].path, "/etc/ssh/", 9) == 0)
			return true;
	return false;
}

int cs_sshd_read(const struct cs_host *host, struct cs_sshd *ret_sshd)
{
	struct cs_sshd sshd = { 0 };
	int r = cs_sshd_take_lines(host, CS_SSHD_CONFIG, &sshd);

	sshd.there = r == 0;
	for (size_t i = 0; r == 0 && host->live && !would_change(host) && i < sshd.n_blocks; i++)
		r = ask_sshd(&sshd, i);
	if (r == CS_ENOENT || r == CS_EIO) {
		cs_sshd_clear(&sshd);
		r = 0;
	}
	if (r < 0) {
		cs_sshd_clear(&sshd);
		return r;
	}
	*ret_sshd = sshd;
	return 0;
}

void cs_sshd_clear(struct cs_sshd *sshd)
{
	for (size_t i = 0; i < sshd->n_lines; i++) {
		free(sshd->lines[i].at.file);
		free(sshd->lines[i].key);
		free(sshd->lines[i].value);
	}
	for (size_t i = 0; i < sshd->n_blocks; i++) {
		free(sshd->blocks[i].at.file);
		free(sshd->blocks[i].criteria);
		cs_free_strv(&sshd->blocks[i].keys, &sshd->blocks[i].n_keys);
		cs_free_strv(&sshd->blocks[i].values, &sshd->blocks[i].n_values);
	}
	free(sshd->lines);
	free(sshd->blocks);
	free(sshd->wrong);
	memset(sshd, 0, sizeof(*sshd));
}
