/* SPDX-License-Identifier: Apache-2.0 */
/* countersign enable and disable: connecting a door of this machine, and undoing that. docs/enable.md says how. */
#ifndef CS_COMMAND_ENABLE_H
#define CS_COMMAND_ENABLE_H

#include "command.h"
#include "doctor.h"
#include "host_write.h"

#define CS_ENABLE_FOLDER "/var/lib/countersign-enable"
#define CS_ENABLE_KEPT ".countersign~" /* what the copy of a file ends in */
#define CS_ENABLE_DAMAGED ".countersign-damaged~" /* and what could not be read when it was put back */

enum { CS_ENABLE_FILES = 3, CS_ENABLE_DIGEST = 32 };

/* --- The doors ------------------------------------------------------------------------------------------------------ */

struct cs_enable_file;

/* What connects one file of a door, and what takes our lines out of it. Text with our lines is appended to out; nothing where
 * the file has no need of them. host has the edits of the door's earlier files. 0; CS_ENOENT (the door is not on this
 * machine); CS_EIO; CS_ENOMEM. */
typedef int (*cs_enable_put)(const struct cs_host *host, const struct cs_enable_file *file, const char *text, size_t len,
	bool front, struct cs_buf *out);
typedef int (*cs_enable_take)(const char *text, size_t len, struct cs_buf *out);

struct cs_enable_file {
	const char *path;
	const char *service; /* of PAM, where the file is one's; else NULL */
	bool may_lack;       /* the door is there without it */
	bool make;           /* it is made where it is not there */
	cs_enable_put put;
	cs_enable_take take;
};

/* In the order in which they are written; taken back in the opposite one. */
struct cs_enable_door {
	const char *name;
	bool front; /* its account line may have a front */
	struct cs_enable_file files[CS_ENABLE_FILES];
	const char *again; /* what to do for the door to see its first file anew; "" */
};

/* Past the end: NULL. */
const struct cs_enable_door *cs_enable_door_at(size_t i);
const struct cs_enable_door *cs_enable_door(const char *name);

int cs_enable_put_plugin(const struct cs_host *host, const struct cs_enable_file *file, const char *text, size_t len,
	bool front, struct cs_buf *out);
int cs_enable_put_confirm(const struct cs_host *host, const struct cs_enable_file *file, const char *text, size_t len,
	bool front, struct cs_buf *out);
int cs_enable_put_hold(const struct cs_host *host, const struct cs_enable_file *file, const char *text, size_t len,
	bool front, struct cs_buf *out);
int cs_enable_put_use_pam(const struct cs_host *host, const struct cs_enable_file *file, const char *text, size_t len,
	bool front, struct cs_buf *out);
/* Every line that names us, also a mistyped one, and that of sudo's recorder which was written behind one; comments stay. */
int cs_enable_take_plugin(const char *text, size_t len, struct cs_buf *out);
int cs_enable_take_pam(const char *text, size_t len, struct cs_buf *out);
int cs_enable_take_nothing(const char *text, size_t len, struct cs_buf *out);

/* --- What would change ---------------------------------------------------------------------------------------------- */

/* One file as it is and as it would be. */
struct cs_enable_edit {
	char *path; /* without links */
	bool there;
	struct stat st; /* of a new one as it will be */
	char *old, *new;
	size_t n_old, n_new;
};

struct cs_enable_plan {
	const struct cs_enable_door *door;
	struct cs_enable_edit edits[CS_ENABLE_FILES];
	struct cs_host_edit view[CS_ENABLE_FILES]; /* the new texts, borrowed, for cs_host.edits */
	bool front;
	size_t n;
};

/* What has to change for the door; with front its account line shows what is held, and asks. n is 0 where it is connected. 0; CS_ENOENT and *ret_lacks (static), a file without which
 * there is no such door; CS_EIO; CS_ETOOBIG; CS_ENOMEM. Clear with cs_enable_plan_clear. */
int cs_enable_plan(const struct cs_host *host, const struct cs_enable_door *door, bool front, struct cs_enable_plan *ret_plan,
	const char **ret_lacks);
/* What takes our lines out of its files. */
int cs_enable_plan_out(const struct cs_host *host, const struct cs_enable_door *door, struct cs_enable_plan *ret_plan);
void cs_enable_plan_clear(struct cs_enable_plan *plan);

/* --- What is kept --------------------------------------------------------------------------------------------------- */

enum cs_enable_state {
	CS_ENABLE_NONE = 0,
	CS_ENABLE_WRITING, /* begun; whoever finds it takes it back */
	CS_ENABLE_WAITING, /* written and tried; waits for the confirmation */
	CS_ENABLE_DONE
};

/* A file that was changed. */
struct cs_enable_change {
	char *path;
	bool there; /* before; the copy is beside it then */
	uint32_t mode, uid, gid;
	uint8_t old_digest[CS_ENABLE_DIGEST], new_digest[CS_ENABLE_DIGEST];
};

/* What was done to a door, in CS_ENABLE_FOLDER. */
struct cs_enable_record {
	enum cs_enable_state state;
	uint64_t id;        /* of this change, by chance */
	char *boot_id;
	uint64_t until_ms;  /* boot time; of CS_ENABLE_WAITING */
	uint64_t within_ms; /* from when it was tried */
	struct cs_enable_change *changes;
	size_t n_changes;
};
extern const struct cs_shape cs_enable_record_shape;

/* What is kept of a door; state CS_ENABLE_NONE where there is nothing, or nothing that can be believed. 0; CS_ENOMEM. Clear with
 * the shape. */
int cs_enable_record_read(const struct cs_host *host, const struct cs_enable_door *door, struct cs_enable_record *ret_record);
/* 0; CS_EPERM; CS_EIO; CS_ENOMEM. */
int cs_enable_record_write(const struct cs_host *host, const struct cs_enable_door *door,
	const struct cs_enable_record *record);
/* A new record of a plan. 0; CS_EIO; CS_ENOMEM. */
int cs_enable_record_of(const struct cs_enable_plan *plan, uint64_t within_ms, struct cs_enable_record *ret_record);

/* Its time is over, or the machine was started anew. */
bool cs_enable_is_over(const struct cs_enable_record *record);

/* Copies beside, then the files, each whole. The record was written before; on an error the caller takes back. 0; CS_ECONFLICT
 * (a file is not any more what was planned from; it is untouched); CS_EPERM; CS_EIO; CS_ENOMEM. */
int cs_enable_write(const struct cs_host *host, const struct cs_enable_plan *plan);

/* Puts every file of the door that was changed back as it was; where somebody changed one meanwhile, only our lines are taken, and
 * one that cannot be read any more is kept with CS_ENABLE_DAMAGED.
 * off: no line of ours stays in any of them, whoever wrote it. Then forgets the record and the copies. Any state, again and
 * again. 0; CS_EPERM; CS_EIO; CS_ENOMEM: what could be put back is. *ret_changed (may be NULL): a file had been changed. */
int cs_enable_take_back(const struct cs_host *host, const struct cs_enable_door *door, bool off, bool *ret_changed);

/* One at a time: waits for the lock, which is the folder's own. The descriptor; CS_EPERM; CS_EIO; CS_ENOMEM. */
int cs_enable_lock(const struct cs_host *host);

/* --- Who tries it --------------------------------------------------------------------------------------------------- */

/* Whoever came in before he became root, where a policy (NULL: none is known) says that no gate can guard what the trial does;
 * else NULL: root. 0; CS_ENOMEM. The caller frees. */
int cs_enable_choose(const struct cs_policy *policy, const struct cs_enable_door *door, char **ret_user);
/* What a trial by that person (NULL: root) shows, and what it does not: sentences, static. */
void cs_enable_told(const struct cs_enable_door *door, const char *user, const char **ret_proven, const char **ret_not);

/* --- Trying it ------------------------------------------------------------------------------------------------------ */

/* Goes through the door as user (NULL: root), with the real programs. 0; or CS_EPERM and *ret_said: it did not open; CS_ENOENT
 * and *ret_said: it cannot be tried here; CS_ENOMEM. The caller frees what was said. */
int cs_enable_try(const struct cs_enable_door *door, const char *user, char **ret_said);
int cs_enable_try_sshd(const char *user, char **ret_said);
/* Asks a program; what it says when its status is not 0. As above. */
int cs_enable_try_program(const char *const *argv, char **ret_said);

/* --- Waiting for the confirmation ----------------------------------------------------------------------------------- */

/* Starts a process that survives this one and its terminal. When the descriptor that comes back is closed and the door is
 * still being written, or when it was not confirmed in its time, it takes the door back. The descriptor; CS_EIO. */
int cs_enable_wait_start(const struct cs_host *host, const struct cs_enable_door *door, uint64_t id);

#endif
