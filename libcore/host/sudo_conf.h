/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/sudo.conf as sudo reads it. Source: sudo 1.9.13p3, lib/util/sudo_conf.c, parseln.c and secure_path.c. */
#ifndef CS_HOST_SUDO_CONF_H
#define CS_HOST_SUDO_CONF_H

#include "host.h"

#define CS_SUDO_CONF "/etc/sudo.conf"

enum cs_sudo_conf_what {
	CS_SUDO_CONF_OTHER = 0, /* no keyword of sudo's: silently ignored */
	CS_SUDO_CONF_DEBUG,
	CS_SUDO_CONF_PATH,
	CS_SUDO_CONF_PLUGIN,
	CS_SUDO_CONF_SET
};

struct cs_sudo_conf_line {
	enum cs_sudo_conf_what what;
	unsigned line; /* the last one of a continued line, as sudo counts */
	char **words;  /* behind the keyword: of a Plugin line symbol, path and arguments. Of OTHER all of it */
	size_t n_words;
};

struct cs_sudo_conf {
	struct cs_sudo_conf_line *lines;
	size_t n, cap;
	bool there;
	const char *refused; /* why sudo reads none of it ("is writable by others"), static; NULL: it does */
};

/* 0; CS_ETOOBIG (more than 4096 lines); CS_ENOMEM. Clear with cs_sudo_conf_clear, also a zero one. */
int cs_sudo_conf_parse(const char *text, size_t len, struct cs_sudo_conf *ret_conf);

/* The file of a machine, with what sudo says of its type, owner and mode. 0, also where there is none; CS_EIO;
 * CS_ETOOBIG; CS_ENOMEM. */
int cs_sudo_conf_read(const struct cs_host *host, struct cs_sudo_conf *ret_conf);
void cs_sudo_conf_clear(struct cs_sudo_conf *conf);

/* sudo loads its own recorder (sudoers_io) by itself only where no line names an I/O plugin or a policy: does one of ours keep
 * it out, which the machine would have without us? Not where a line names sudoers_io or sudoers_policy, nor where somebody
 * else's plugin is named, which may be either; sudo 1.9, load_plugins.c, measured. */
bool cs_sudo_conf_lacks_recorder(const struct cs_sudo_conf *conf);

/* Where sudo finds the shared object of a Plugin line: the path, or below plugin_dir. The caller frees. 0; CS_ENOENT (the
 * line names none); CS_ENOMEM. */
int cs_sudo_conf_plugin_file(const struct cs_sudo_conf *conf, const struct cs_sudo_conf_line *line, char **ret_path);

#endif
