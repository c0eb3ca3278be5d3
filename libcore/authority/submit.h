/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a submit share, in the order in which a call goes through them: submit.c, submit_match.c,
 * submit_decide.c, submit_open.c; submit_end.c ends it from anywhere. Each of these ends the task, or asks the directory and
 * goes on. */
#ifndef CS_AUTHORITY_SUBMIT_H
#define CS_AUTHORITY_SUBMIT_H

#include "internal.h"

/* submit.c: a submit by the subject's own uid, which the kernel told; root is judged like anybody. */
void submit_internal_start(struct task *task);

/* submit_match.c: finds the gate, and goes on with it. */
void submit_match(struct task *task);
/* submit_decide.c: the action met the gate in task->match. */
void submit_gate(struct task *task);
/* submit_open.c: the decision is that others have to agree, or have agreed, to a request that is there or is made. */
void submit_hold(struct task *task, const struct cs_answer *answer, struct cs_decision *decision);
/* Does the gate want a reason, and none was given? */
bool submit_lacks_reason(const struct task *task);
/* submit_decide.c: keeps for the event who said what the verdict depends on, and how old that is. 0, CS_ENOMEM. */
int submit_keep_told(struct task *task, const struct cs_facts *facts);

/* submit_open.c: why no new request would be made now; CS_WHY_NONE, CS_WHY_STORE: it could not be told. *ret_text (owned)
 * where there is more to say. */
enum cs_reason submit_new_refused(const struct task *task, const struct cs_person *person, char **ret_text);

/* submit_monitor.c: the gate in task->match only monitors (cs_match.monitored). What it would say is permitted, once it is
 * recorded, and nobody is asked. text may be NULL. */
void submit_monitored(struct task *task, enum cs_verdict verdict, enum cs_reason reason, const char *text);
/* The same of a decision, whose needs move into the event. */
void submit_monitored_decision(struct task *task, const struct cs_facts *facts, struct cs_decision *decision);

/* submit_end.c: records a verdict that makes no request, and ends the task. gate and text may be NULL. A permit that cannot
 * be recorded is none. */
void submit_conclude(struct task *task, enum cs_verdict verdict, enum cs_reason reason, const char *gate, const char *text);
void submit_refuse(struct task *task, enum cs_reason reason, const char *text);
/* What the gate denies: as submit_refuse, but where it only monitors. */
void submit_deny(struct task *task, enum cs_reason reason, const char *text);

#endif
