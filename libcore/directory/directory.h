/* SPDX-License-Identifier: Apache-2.0 */
/* The directory: who is this, and which groups list him. Asked without blocking; "could not tell" is a result of its
 * own. Two backends: a worker process that alone speaks LDAP, and people and groups in memory, from files in one of
 * three forms (tests, what-if, hosts without LDAP). */
#ifndef CS_DIRECTORY_H
#define CS_DIRECTORY_H

#include "conf.h"
#include "model.h"

struct cs_directory;

/* The options of a directory { … } section, for the daemon's configuration table (docs: countersignd.conf(5)).
 *   file = "/etc/countersign/people.conf"           people and groups in the form of fixed.c; or
 *   ldif = "/etc/countersign/people.ldif"           in LDIF (RFC 2849); of what follows it takes people_base (default:
 *                            everywhere) and the names of attributes. Where an entry has no id_attribute its DN stands
 *                            in, and only the default of locked_filter is known; or
 *   unix = true              the accounts of this host, /etc/passwd, /etc/group and /etc/shadow (unix.h); or
 *   uri = { "ldaps://ldap1", "ldaps://ldap2" }   or ldapi:///…, ldap://…: in the order of preference; or
 *   srv_domain = "example.org"    the servers that DNS names for ldap (with starttls = true) or ldaps there
 *   starttls = true          must be true for ldap:// unless it is a loopback address with insecure_loopback = true
 *   ca_file = "…"            required for TLS
 *   bind_dn, bind_secret_file (root-only) | sasl_external = true | keytab (root-only), sasl_principal
 *   tls_certificate, tls_key (root-only)
 *   people_base (required), login_attribute = uid, uid_attribute = uidNumber, id_attribute = entryUUID,
 *   person_attribute = ""    two entries with one value are one human
 *   key_attribute = sshPublicKey   a person's ssh public keys (cs_person.keys)
 *   locked_filter = ""       an entry that matches is locked; so is one of whose account its own attributes say that it
 *                            is locked, disabled or over (account.c)
 *   deadline = 2500ms        for one whole question, whichever servers are asked */
extern const struct cs_conf_option cs_directory_options[];

/* Makes a directory from its section. Reads secrets and files here (call before dropping privileges); starts the
 * worker process (call before the store is opened: A107). owner: who besides root may own the files named.
 * 0, CS_ECONF with problem, CS_EIO, CS_ENOMEM. */
int cs_directory_open(const struct cs_conf_section *section, uid_t owner, struct cs_directory **ret_directory,
	struct cs_problem *problem);

/* A directory of bytes at hand, which may be freed afterwards. name is for messages and for the source of answers.
 * Every question is answered before cs_directory_ask returns. 0, CS_ECONF with problem, CS_ENOMEM. */
int cs_directory_open_people(const char *text, const char *name, struct cs_directory **ret_directory,
	struct cs_problem *problem);

/* The same from LDIF of n bytes. An option that is NULL has its default; options may be NULL. */
struct cs_ldif_options {
	const char *schema; /* a preset: "rfc2307bis" where it is NULL */
	const char *people_base, *groups_base; /* everywhere where they are NULL */
	const char *login_attribute, *uid_attribute, *id_attribute, *person_attribute;
};
int cs_directory_open_ldif(const char *text, size_t n, const char *name, const struct cs_ldif_options *options,
	struct cs_directory **ret_directory, struct cs_problem *problem);

/* The same from the text of a passwd, a group and a shadow file with a NUL between them. */
int cs_directory_open_unix(const char *text, size_t n, const char *name, struct cs_directory **ret_directory,
	struct cs_problem *problem);

/* What if this person were not there: takes whoever has the login name out, as a person and from every list, from now
 * on. Only of a directory in memory. 0; CS_ENOENT (there is no such person), CS_EINVAL (an LDAP server), CS_ENOMEM. */
int cs_directory_without(struct cs_directory *directory, const char *user);

/* Called in the worker right after fork, before it serves: drop to this uid and gid (0: stay). Set before open. The
 * uid must be the one that the daemon itself drops to, so that it can end and replace the worker. */
struct cs_directory_ids { uid_t uid; gid_t gid; };
void cs_directory_set_ids(const struct cs_directory_ids *ids);

/* The files with the accounts of a host: what `unix = true` reads. Set before open; they are not copied. Without it
 * they are those of /etc. is_copy: for trying things, so that shadow may be a file that others can read. */
struct cs_unix_files { const char *passwd, *group, *shadow; bool is_copy; };
void cs_directory_set_unix_files(const struct cs_unix_files *files);

/* The passwd file of this host, with which the people of every other directory that is opened from a section are
 * compared (local.h): who has the number of another local account, or the name of one with another number, is doubt.
 * Set before open; not copied. Without it, /etc/passwd. NULL: nothing is compared, for tools that ask about no host. */
void cs_directory_set_local(const char *passwd);

/* The group that a process needs to read this directory's files after it gave root up: the one that owns shadow and
 * may read it, never root's. 1, or 0 when none is needed or would help. */
int cs_directory_group(const struct cs_directory *directory, gid_t *ret_gid);

/* 1 when it says which ssh keys people have: then a key that it does not list is not this person's. The accounts of a
 * host have none: 0. */
int cs_directory_has_keys(const struct cs_directory *directory);

/* Ends the worker (SIGKILL after its socket is closed, reaped by pid), wipes secrets, frees, sets NULL. Outstanding
 * questions are answered with doubt first. */
void cs_directory_close(struct cs_directory **directory);

/* Called exactly once per question, possibly before cs_directory_ask returns. The answer always has as many facts and
 * listings as were asked for; where the directory could not tell they are CS_KNOWN_DOUBT with the cause. It belongs to
 * the callee only during the call. */
typedef void (*cs_answer_fn)(void *arg, const struct cs_answer *answer);

/* How fresh the answer has to be, and how long it may take. All zero, and NULL, is: asked of the server now if nothing
 * newer is at hand, within the configured deadline. */
struct cs_terms {
	uint64_t fresh_ms; /* nothing older than this: an older replica is passed over. 0: whatever counts as live */
	uint64_t until_ms; /* CLOCK_BOOTTIME: by then at the latest; the configured deadline holds too. 0: not said */
};

/* Asks. 0; CS_ETOOBIG, CS_EINVAL, CS_EBUSY (too many under way), CS_ENOMEM (then done is not called). A worker that
 * died is started again. Answered with doubt when the deadline passes. A subject: no entry -> KNOWN_NO; two entries for
 * one uid or name -> DOUBT; uid and name that name different entries -> KNOWN_NO; the entry's uidNumber must equal uid;
 * referral, size limit, partial result -> DOUBT. */
int cs_directory_ask(struct cs_directory *directory, const struct cs_question *question, const struct cs_terms *terms,
	cs_answer_fn done, void *arg);

/* For the event loop: the descriptor to watch for reading (and for writing while wants_write), changing when the
 * worker is restarted; -1 where there is none. Call serve when it is ready or when the time came; it calls the done
 * functions. next_ms: CLOCK_BOOTTIME milliseconds of the next deadline, 0 when there is none. */
int cs_directory_fd(const struct cs_directory *directory);
int cs_directory_wants_write(const struct cs_directory *directory);
uint64_t cs_directory_next_ms(const struct cs_directory *directory);
void cs_directory_serve(struct cs_directory *directory);

/* Rises whenever what was answered before may no longer be so: the replica took a change, came or went, a file was read
 * again. What is remembered of an answer is good only while it stays. Looking each time it stays for good. */
uint64_t cs_directory_changes(struct cs_directory *directory);

/* For status: "ldapi:///run/… answers", "… does not answer since 12s: Can't contact LDAP server"; *ret_ok 1 or 0.
 * Owned by the directory. */
const char *cs_directory_state(const struct cs_directory *directory, int *ret_ok);

/* What is worth a line in the log, told once: "the directory server ldaps://… does not answer: …" (*ret_ok 0), "…
 * answers again" (1), "/etc/… cannot be used: …" (0); and "the directory could not tell: …" (0), once for each cause
 * while it lasts, unless the first of these says it already. Take them after each serve; the caller frees. NULL when
 * there is nothing more. */
char *cs_directory_event(struct cs_directory *directory, int *ret_ok);

#endif
