/* SPDX-License-Identifier: Apache-2.0 */
/* Ask: a program asks for whoever runs it, or, where root runs it, for whom it serves. It becomes the submit that a module
 * would send, of which the caller said what is to be done, and the kernel who he is; then it goes the same way. */
#include "submit.h"
#include "mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What may be asked for here. None is a word that sudo or a PAM module speaks for, so nothing that is made here is ever
 * theirs to use; and sudo's and PAM's requests, which name their subject, never have the key of one that is made here. */
static const struct {
	const char *service; /* '-' at the end: every longer word that begins so */
	bool runs_files;     /* never a word for what is done: the file is what others approve */
	bool serves;         /* the program does it itself, so it may be for another than runs it */
} services[] = {
	{ "run", true, false },
	{ "ssh-command", false, false },
	{ "app-", false, true },
};

static int is_service(const char *name, const char *service)
{
	size_t len = strlen(service);

	if (service[len - 1] == '-')
		return strncmp(name, service, len) == 0 && name[len] != '\0';
	return strcmp(name, service) == 0;
}

/* What people ask for themselves, and a change of the policy, comes with files of theirs. */
static bool brings_files(const struct cs_gate *gate)
{
	const char *service = NULL;

	for (size_t i = 0; (service = cs_gate_service(gate, i)); i++) {
		if (strcmp(service, "countersign") == 0)
			return true;
		for (size_t k = 0; k < CS_COUNT(services); k++)
			if (is_service(service, services[k].service))
				return true;
	}
	return false;
}

bool ask_brings_files(const struct cs_policy *policy)
{
	for (size_t i = 0; i < cs_policy_gates(policy); i++)
		if (brings_files(cs_policy_gate_at(policy, i)))
			return true;
	return false;
}

bool cs_authority_takes_files(const struct cs_authority *a)
{
	return a->takes_files;
}

/* Why this is nothing to ask for here; NULL when it is. */
static const char *refused_service(const struct cs_ask *ask)
{
	const char *command = ask->command ? ask->command : "";

	for (size_t i = 0; ask->service && i < CS_COUNT(services); i++) {
		if (!is_service(ask->service, services[i].service))
			continue;
		if (services[i].runs_files && command[0] != '/')
			return "the command is no absolute path";
		if (ask->for_another && !services[i].serves)
			return "only what begins with app- is asked for another person";
		return *command ? NULL : "there is nothing to be done";
	}
	return "a program may ask for run, ssh-command, and words that begin with app-";
}

/* Root's alone: who could name another would use up his approvals and his limits, and have his rights looked at. */
static bool may_speak(const struct task *task)
{
	const struct cs_ask *ask = task->call;

	return !ask->for_another || ask->for_uid == task->caller.uid || caller_is_root(task);
}

/* Where the file lies that is asked for, by the kernel's word and not by the caller's. "" where that is nowhere. */
static int resolve(int fd, char **ret_resolved)
{
	char link[32], path[CS_MAX_PATH + 1];
	struct stat st;
	ssize_t n = -1;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_nlink > 0)
		n = readlink(link, path, sizeof(path));
	if (n < 0 || (size_t)n == sizeof(path) || path[0] != '/')
		n = 0;
	path[n] = '\0';
	return cs_set(ret_resolved, path);
}

/* The files that came. That the caller can change them is taken for granted. */
static int fill_operands(const struct task *task, struct cs_ask *ask, struct cs_action *action)
{
	size_t n = ask->n_files;
	int r = 0;

	action->operands = n > 0 ? calloc(n, sizeof(*action->operands)) : NULL;
	if (n > 0 && !action->operands)
		return CS_ENOMEM;
	if (n > task->fds.n)
		return CS_EINVAL;
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct cs_operand *operand = &action->operands[i];

		operand->arg = ask->files[i].arg;
		operand->suffix = ask->files[i].suffix;
		ask->files[i].suffix = NULL;
		operand->exposed = operand->file.present = true;
		action->n_operands = i + 1;
		r = resolve(task->fds.fds[task->fds.n - n + i], &operand->path);
	}
	return r;
}

/* The words move; what they are worth is looked at where every submit is (submit_check). */
static int fill(const struct task *task, struct cs_ask *ask, struct cs_submit *ret_submit)
{
	struct cs_action *action = &ret_submit->action;
	struct {
		char **from, **to;
	} moved[] = {
		{ &ask->service, &action->service }, { &ask->command, &action->command }, { &ask->cwd, &action->cwd },
		{ &ask->tty, &action->tty }, { &ask->reason, &ret_submit->reason },
	};
	int r = 0;

	for (size_t i = 0; i < CS_COUNT(moved); i++) {
		*moved[i].to = *moved[i].from;
		*moved[i].from = NULL;
	}
	action->argv = ask->argv;
	action->n_argv = ask->n_argv;
	action->env = ask->env;
	action->n_env = ask->n_env;
	ask->argv = ask->env = NULL;
	ask->n_argv = ask->n_env = 0;
	/* Who does it is the caller, whoever asked for it: so nothing that root does for a person is ever what he could use
	 * himself, and the record says which of both it is. */
	ret_submit->subject.uid = ask->for_another ? ask->for_uid : task->caller.uid;
	action->target_uid = task->caller.uid;
	action->target_gid = task->caller.gid;
	/* Nobody but the caller says whether others can change it, and he is one of them. */
	action->exposed = cs_action_runs(action);
	ret_submit->may_wait = ask->may_wait;
	ret_submit->has_file = ask->has_file;
	ret_submit->ahead = ask->ahead;
	ret_submit->start_wall_ms = ask->start_wall_ms;
	ret_submit->opened = ask->opened;
	r = fill_operands(task, ask, action);
	return r == 0 && action->exposed ? resolve(task_fd(task), &action->resolved) : r;
}

/* From here on the task is a submit. It begins here once more where the directory's answer came too late for it
 * (task_again), so who asks is set here: what the directory called him before is no part of the action's key. The login is the
 * caller's also where he asks for another: it only takes away. */
static void asked_start(struct task *task)
{
	struct cs_submit *submit = task->call;
	uint32_t uid = submit->subject.uid;

	cs_clear(&cs_subject_shape, &submit->subject);
	submit->subject.uid = uid;
	submit->subject.login_uid = task->caller.login_uid;
	submit_internal_start(task);
}

/* 0, or the task has ended. */
static int become_submit(struct task *task)
{
	static const struct handler asked = { CS_CALL_ASK, &cs_submit_shape, &cs_decision_shape, asked_start };
	struct cs_ask *ask = task->call;
	struct cs_submit *submit = calloc(1, sizeof(*submit));
	int r = submit ? fill(task, ask, submit) : CS_ENOMEM;

	if (r < 0) {
		if (submit)
			cs_clear(&cs_submit_shape, submit);
		free(submit);
		task_fail(task, r, NULL);
		return r;
	}
	task->only_gate = ask->gate;
	ask->gate = NULL;
	cs_clear(&cs_ask_shape, ask);
	free(ask);
	task->call = submit;
	task->handler = &asked;
	return 0;
}

void ask_start(struct task *task)
{
	const char *refused = refused_service(task->call);

	if (task->caller.module)
		task_fail(task, CS_EPERM, NULL);
	else if (refused)
		task_fail(task, CS_EINVAL, refused);
	else if (!may_speak(task))
		task_fail(task, CS_EPERM, "only root asks for another person");
	else if (become_submit(task) == 0)
		asked_start(task);
}
