/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as sudo.conf: words have no blanks and no comment, a Plugin line that names a file has a path. */
#include "sudo_conf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "countersign/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_line(const struct cs_sudo_conf *conf, const struct cs_sudo_conf_line *line)
{
	char *path = NULL;
	int r = cs_sudo_conf_plugin_file(conf, line, &path);

	require(line->line >= 1);
	for (size_t i = 0; i < line->n_words; i++)
		require(line->words[i][0] != '\0' && strpbrk(line->words[i], " \t\n#") == NULL);
	require((r == 0) == (line->what == CS_SUDO_CONF_PLUGIN && line->n_words > 1));
	free(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_sudo_conf conf = { 0 };
	int r = 0;

	if (size > 65536)
		return 0;
	r = cs_sudo_conf_parse((const char *)data, size, &conf);
	require(r == 0 || r == CS_ETOOBIG);
	for (size_t i = 0; i < conf.n; i++)
		check_line(&conf, &conf.lines[i]);
	cs_sudo_conf_clear(&conf);
	return 0;
}
