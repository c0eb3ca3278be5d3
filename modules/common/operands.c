/* SPDX-License-Identifier: Apache-2.0 */
/* Which arguments name files: what an approver is told of, and what is opened for the daemon to hash. */
#include "operands.h"
#include "file.h"
#include "mem.h"
#include "text.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Where the command will find it. */
static int name_of(const char *cwd, const char *word, const char *suffix, char ret_name[PATH_MAX])
{
	bool from_cwd = cwd != NULL && word[0] != '/';
	int n = snprintf(ret_name, PATH_MAX, "%s%s%s%s", from_cwd ? cwd : "", from_cwd ? "/" : "", word, suffix);

	return n > 0 && n < PATH_MAX ? 0 : CS_ETOOBIG;
}

/* With every symlink resolved; as it is written where that cannot be. */
static int resolve(const char *name, char **ret_path)
{
	char resolved[PATH_MAX];

	return cs_set(ret_path, realpath(name, resolved) != NULL ? resolved : name);
}

static int is_sealed(const char *name)
{
	char here[PATH_MAX], whole[2 * PATH_MAX];

	if (name[0] == '/')
		return cs_way_sealed(name);
	if (getcwd(here, sizeof(here)) == NULL || here[0] != '/')
		return 0;
	(void)snprintf(whole, sizeof(whole), "%s/%s", here, name);
	return cs_way_sealed(whole);
}

static int add(struct cs_action *action, size_t arg, const char *suffix, const char *name)
{
	struct cs_operand *grown = reallocarray(action->operands, action->n_operands + 1, sizeof(*grown));
	struct cs_operand operand = { .arg = (uint32_t)arg, .exposed = is_sealed(name) != 1 };

	if (grown == NULL)
		return CS_ENOMEM;
	action->operands = grown;
	if (cs_set(&operand.suffix, suffix) < 0 || resolve(name, &operand.path) < 0) {
		cs_clear(&cs_operand_shape, &operand);
		return CS_ENOMEM;
	}
	action->operands[action->n_operands++] = operand;
	return 0;
}

/* What may hold what somebody else wrote: a file, a folder of them, a pipe. What cannot be looked at may be any of it; a
 * device is none, and a word that leads nowhere is a word. */
static int holds_input(const char *name)
{
	struct stat st;

	if (stat(name, &st) == 0)
		return S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISFIFO(st.st_mode);
	return errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG && errno != ELOOP && errno != EINVAL;
}

/* The word, or what stands behind its '=': --config=FILE, if=FILE. */
static int find(const char *cwd, const char *word, char ret_name[PATH_MAX])
{
	const char *equals = strchr(word, '=');

	if (word[0] != '\0' && name_of(cwd, word, "", ret_name) == 0 && holds_input(ret_name))
		return 1;
	return equals != NULL && equals[1] != '\0' && name_of(cwd, equals + 1, "", ret_name) == 0 &&
	       holds_input(ret_name);
}

int cs_operands_list(const char *cwd, struct cs_action *action)
{
	char name[PATH_MAX];
	int r = 0;

	for (size_t i = 1; r == 0 && i < action->n_argv; i++) {
		if (find(cwd, action->argv[i], name) != 1)
			continue;
		if (action->n_operands >= CS_MAX_OPERANDS) {
			action->more_operands = true;
			break;
		}
		r = add(action, i, "", name);
	}
	return r;
}

/* --- For the daemon to hash ------------------------------------------------------------------------------------------ */

static struct cs_operand *operand_of(struct cs_action *action, const struct cs_wanted *wanted)
{
	for (size_t i = 0; i < action->n_operands; i++)
		if (action->operands[i].arg == wanted->arg &&
			strcmp(action->operands[i].suffix, wanted->suffix != NULL ? wanted->suffix : "") == 0)
			return &action->operands[i];
	return NULL;
}

/* Makes room at the end: who wants a file hashed wants it more than one that is only listed. */
static void drop_last_listed(struct cs_action *action)
{
	size_t i = action->n_operands;

	while (i > 0 && action->operands[i - 1].file.present)
		i--;
	if (i == 0)
		return;
	cs_clear(&cs_operand_shape, &action->operands[i - 1]);
	memmove(&action->operands[i - 1], &action->operands[i], (action->n_operands - i) * sizeof(*action->operands));
	action->n_operands--;
	action->more_operands = true;
}

static int want(const char *cwd, struct cs_action *action, const struct cs_wanted *wanted)
{
	const char *suffix = wanted->suffix != NULL ? wanted->suffix : "";
	struct cs_operand *operand = operand_of(action, wanted);
	char name[PATH_MAX];
	int r = 0;

	if (operand == NULL && (wanted->arg >= action->n_argv || action->argv[wanted->arg][0] == '\0' ||
		name_of(cwd, action->argv[wanted->arg], suffix, name) < 0 || access(name, F_OK) != 0))
		return 0; /* the daemon says what is missing */
	if (operand == NULL && action->n_operands >= CS_MAX_OPERANDS)
		drop_last_listed(action);
	if (operand == NULL)
		r = add(action, wanted->arg, suffix, name);
	if (r == 0)
		(operand != NULL ? operand : &action->operands[action->n_operands - 1])->file.present = true;
	return r;
}

int cs_operands_want(const char *cwd, const struct cs_decision *decision, struct cs_action *action)
{
	int r = decision->n_wanted <= CS_MAX_WANTED ? 0 : CS_ETOOBIG;

	for (size_t i = 0; r == 0 && i < decision->n_wanted; i++)
		r = want(cwd, action, &decision->wanted[i]);
	return r;
}

/* Reading from these waits for a server, or for whoever mounted it: here that keeps only him waiting who asks, in the
 * daemon everybody. */
static int may_hang(int fd)
{
	static const long types[] = { NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, CIFS_SUPER_MAGIC, SMB2_SUPER_MAGIC, FUSE_SUPER_MAGIC,
		V9FS_MAGIC, AFS_SUPER_MAGIC, AFS_FS_MAGIC, CEPH_SUPER_MAGIC, CODA_SUPER_MAGIC, AUTOFS_SUPER_MAGIC,
		PROC_SUPER_MAGIC, SYSFS_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC };
	struct statfs fs;

	if (fstatfs(fd, &fs) != 0)
		return 1;
	for (size_t i = 0; i < CS_COUNT(types); i++)
		if ((long)fs.f_type == types[i])
			return 1;
	return 0;
}

int cs_operand_open(const char *cwd, char *const *argv, size_t n_argv, const struct cs_operand *operand)
{
	char name[PATH_MAX], self[64];
	struct stat st;
	int path = -1, fd = -1;

	if (operand->arg >= n_argv || name_of(cwd, argv[operand->arg], operand->suffix, name) < 0)
		return -1;
	/* First without opening it: to open a device, or a pipe, may do something. */
	path = open(name, O_PATH | O_CLOEXEC);
	if (path != -1 && fstat(path, &st) == 0 && S_ISREG(st.st_mode) && !may_hang(path)) {
		(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", path);
		fd = open(self, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	}
	cs_close(&path);
	return fd;
}
