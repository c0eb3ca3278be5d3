/* SPDX-License-Identifier: Apache-2.0 */
/* countersign doctor: what this machine's configuration does to what Countersign guards. */
#ifndef CS_COMMAND_DOCTOR_H
#define CS_COMMAND_DOCTOR_H

#include "config.h"
#include "model.h"
#include "pam.h"
#include "sshd.h"
#include "sudo_conf.h"
#include "sudoers.h"

/* In rising order of weight; the exit status follows the heaviest. */
enum cs_severity {
	CS_SEVERITY_HINT = 0, /* worth knowing */
	CS_SEVERITY_WARNING,  /* one of two protections is missing, or people may be shut out later */
	CS_SEVERITY_DOUBT,    /* something could not be looked at: it may hide an error */
	CS_SEVERITY_ERROR     /* what is guarded can be walked around, or people are shut out */
};
extern const struct cs_names cs_severity_names[];

struct cs_doctor;
struct cs_policy;

/* One thing to look for. */
struct cs_doctor_check {
	const char *id;
	enum cs_severity severity;
	const char *knows;   /* where it was learned: numbers of known attacks, or what was measured */
	const char *summary; /* one line */
	void (*look)(struct cs_doctor *doctor);
};

/* Rows in the order in which they are looked for; NULL past the end. */
const struct cs_doctor_check *cs_doctor_check_at(size_t i);

struct cs_doctor_finding {
	int severity;
	char *check; /* the check's id */
	char *file;
	uint32_t line; /* 0: the whole file */
	char *what;
	char *mend;
};

struct cs_findings {
	struct cs_doctor_finding *findings;
	size_t n_findings, cap;
};
extern const struct cs_shape cs_findings_shape;

/* A service of pam.d. */
struct cs_doctor_service {
	char *name;
	bool part; /* only other files include it; no program asks for it */
	struct cs_pam_stack stacks[5]; /* by phase; that of CS_PAM_ANY is empty */
	bool read[5];
};

/* Everything that the checks look at. */
struct cs_doctor {
	const struct cs_host *host;
	struct cs_doctor_service *services;
	size_t n_services, cap_services;
	struct cs_sudo_conf sudo_conf;
	struct cs_sudoers sudoers;
	struct cs_sshd sshd;
	struct config config;       /* of this machine; else defaults */
	struct cs_problem problem;  /* why config could not be read */
	struct cs_policy *policy;   /* of the file that config names; NULL: there is none, or it is refused */
	struct cs_problem refused;  /* why it is */
	char *unread;               /* what else could not be read; NULL: nothing */
	bool asked;                 /* the daemon was asked */
	int daemon;                 /* 0: it answered; else the error */
	bool directory_ok;
	const struct cs_doctor_check *check; /* the one that looks now */
	struct cs_findings findings;
	int error;                  /* out of memory; sticky */
};

/* Reads the machine. 0; CS_ENOMEM. Clear with cs_doctor_clear. The daemon is not asked. */
int cs_doctor_gather(const struct cs_host *host, struct cs_doctor *ret_doctor);
void cs_doctor_clear(struct cs_doctor *doctor);

/* Every check. 0; CS_ENOMEM. */
int cs_doctor_examine(struct cs_doctor *doctor);

/* Adds a finding of the check that looks now. at may be NULL; mend is one sentence. */
void cs_doctor_find(struct cs_doctor *doctor, const struct cs_place *at, const char *mend, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void cs_doctor_find_file(struct cs_doctor *doctor, const char *file, const char *mend, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The check that looks now has a finding at that place. */
bool cs_doctor_found(const struct cs_doctor *doctor, const struct cs_place *at);

/* A service by its name, or NULL. */
const struct cs_doctor_service *cs_doctor_service(const struct cs_doctor *doctor, const char *name);

/* Our modules, by the file's name. */
enum cs_doctor_module { CS_DOCTOR_NOT_OURS = 0, CS_DOCTOR_ACCOUNT, CS_DOCTOR_HOLD, CS_DOCTOR_OTHER };
enum cs_doctor_module cs_doctor_module_of(const struct cs_pam_line *line);
/* The first line of that module in a phase of the service; NULL. */
const struct cs_pam_line *cs_doctor_line(const struct cs_doctor_service *service, enum cs_pam_phase phase,
	enum cs_doctor_module module);
/* An argument of a line: "confirm", or "hold=session". */
bool cs_doctor_has_argument(const struct cs_pam_line *line, const char *argument);
/* Any line of ours in any phase. */
bool cs_doctor_guards(const struct cs_doctor_service *service);
/* libpam refuses it: what lines it has is not known. */
bool cs_doctor_damaged(const struct cs_doctor_service *service);
/* sudo.conf or a PAM line for sudo is there; a PAM line for the service is there; anything at all is. */
bool cs_doctor_sudo_guarded(const struct cs_doctor *doctor);
bool cs_doctor_guarded(const struct cs_doctor *doctor, const char *service);
bool cs_doctor_anything_guarded(const struct cs_doctor *doctor);

/* A line of sudo.conf that is about us. */
const struct cs_sudo_conf_line *cs_doctor_plugin_line(const struct cs_doctor *doctor);

/* Adds a finding unless path and all folders above it are root's alone; a path that is not there is none. */
void cs_doctor_want_sealed(struct cs_doctor *doctor, const char *path, const char *meaning);

/* The option of sudoers that holds for everybody, the last of that name; NULL. */
const struct cs_sudoers_option *cs_doctor_default(const struct cs_doctor *doctor, const char *name);

/* The checks, by what they look at. */
void cs_doctor_pam_damaged(struct cs_doctor *doctor);
void cs_doctor_pam_not_counted(struct cs_doctor *doctor);
void cs_doctor_pam_skipped(struct cs_doctor *doctor);
void cs_doctor_pam_expired(struct cs_doctor *doctor);
void cs_doctor_pam_doubt(struct cs_doctor *doctor);
void cs_doctor_pam_dash(struct cs_doctor *doctor);
void cs_doctor_pam_phase(struct cs_doctor *doctor);
void cs_doctor_pam_argument(struct cs_doctor *doctor);
void cs_doctor_pam_missing(struct cs_doctor *doctor);
void cs_doctor_pam_writable(struct cs_doctor *doctor);
void cs_doctor_pam_files(struct cs_doctor *doctor);
void cs_doctor_pam_account_alone(struct cs_doctor *doctor);
void cs_doctor_pam_session_alone(struct cs_doctor *doctor);
void cs_doctor_pam_held_denied(struct cs_doctor *doctor);
void cs_doctor_pam_twice(struct cs_doctor *doctor);
void cs_doctor_pam_confirm(struct cs_doctor *doctor);
void cs_doctor_pam_sudo_login(struct cs_doctor *doctor);
void cs_doctor_pam_su_login(struct cs_doctor *doctor);
void cs_doctor_pam_nobody_waits(struct cs_doctor *doctor);
void cs_doctor_pam_console(struct cs_doctor *doctor);
void cs_doctor_pam_login_uid(struct cs_doctor *doctor);
void cs_doctor_pam_systemd(struct cs_doctor *doctor);
void cs_doctor_door_lost(struct cs_doctor *doctor);

void cs_doctor_sudo_conf_missing(struct cs_doctor *doctor);
void cs_doctor_sudo_conf_refused(struct cs_doctor *doctor);
void cs_doctor_sudo_conf_keyword(struct cs_doctor *doctor);
void cs_doctor_sudo_plugin_absent(struct cs_doctor *doctor);
void cs_doctor_sudo_plugin_alone(struct cs_doctor *doctor);
void cs_doctor_sudo_attend(struct cs_doctor *doctor);
void cs_doctor_sudo_watch(struct cs_doctor *doctor);
void cs_doctor_sudo_recorder(struct cs_doctor *doctor);
void cs_doctor_sudo_plugin_missing(struct cs_doctor *doctor);
void cs_doctor_sudo_plugin_symbol(struct cs_doctor *doctor);
void cs_doctor_sudo_plugin_argument(struct cs_doctor *doctor);
void cs_doctor_sudo_plugin_writable(struct cs_doctor *doctor);
void cs_doctor_sudo_plugin_elsewhere(struct cs_doctor *doctor);
void cs_doctor_sudo_plugin_twice(struct cs_doctor *doctor);
void cs_doctor_sudo_other_plugin(struct cs_doctor *doctor);
void cs_doctor_sudo_program(struct cs_doctor *doctor);

void cs_doctor_sudoers_wrong(struct cs_doctor *doctor);
void cs_doctor_sudoers_unread(struct cs_doctor *doctor);
void cs_doctor_sudoers_elsewhere(struct cs_doctor *doctor);
void cs_doctor_sudoers_files(struct cs_doctor *doctor);
void cs_doctor_sudoers_session(struct cs_doctor *doctor);
void cs_doctor_sudoers_account(struct cs_doctor *doctor);
void cs_doctor_sudoers_ruser(struct cs_doctor *doctor);
void cs_doctor_sudoers_service(struct cs_doctor *doctor);
void cs_doctor_sudoers_pty(struct cs_doctor *doctor);
void cs_doctor_sudoers_fdexec(struct cs_doctor *doctor);
void cs_doctor_sudoers_digest(struct cs_doctor *doctor);
void cs_doctor_sudoers_unless(struct cs_doctor *doctor);
void cs_doctor_sudoers_group_plugin(struct cs_doctor *doctor);
void cs_doctor_sudoers_ticket(struct cs_doctor *doctor);
void cs_doctor_sudoers_environment(struct cs_doctor *doctor);

void cs_doctor_sshd_wrong(struct cs_doctor *doctor);
void cs_doctor_sshd_pam(struct cs_doctor *doctor);
void cs_doctor_sshd_service(struct cs_doctor *doctor);
void cs_doctor_sshd_grace(struct cs_doctor *doctor);
void cs_doctor_sshd_startups(struct cs_doctor *doctor);
void cs_doctor_sshd_keyboard(struct cs_doctor *doctor);
void cs_doctor_sshd_root(struct cs_doctor *doctor);
void cs_doctor_sshd_files(struct cs_doctor *doctor);
void cs_doctor_sshd_gate(struct cs_doctor *doctor);
void cs_doctor_sshd_forwarding(struct cs_doctor *doctor);
void cs_doctor_sshd_user_files(struct cs_doctor *doctor);
void cs_doctor_sshd_environment(struct cs_doctor *doctor);
void cs_doctor_sshd_shell(struct cs_doctor *doctor);

void cs_doctor_config(struct cs_doctor *doctor);
void cs_doctor_policy(struct cs_doctor *doctor);
void cs_doctor_files(struct cs_doctor *doctor);
void cs_doctor_secrets(struct cs_doctor *doctor);
void cs_doctor_setuid(struct cs_doctor *doctor);
void cs_doctor_user(struct cs_doctor *doctor);
void cs_doctor_store(struct cs_doctor *doctor);
void cs_doctor_store_full(struct cs_doctor *doctor);
void cs_doctor_clock(struct cs_doctor *doctor);
void cs_doctor_proc(struct cs_doctor *doctor);
void cs_doctor_sockets(struct cs_doctor *doctor);
void cs_doctor_end_socket(struct cs_doctor *doctor);
void cs_doctor_daemon(struct cs_doctor *doctor);
void cs_doctor_directory(struct cs_doctor *doctor);
void cs_doctor_enabled(struct cs_doctor *doctor);
void cs_doctor_unit(struct cs_doctor *doctor);
void cs_doctor_unguarded(struct cs_doctor *doctor);
void cs_doctor_unread(struct cs_doctor *doctor);

/* Where the plugin is installed. */
#define CS_SUDO_PLUGIN "/usr/libexec/sudo/sudo_countersign.so"

struct cs_run;

/* Gathers, asks the daemon of this machine, and examines. 0; CS_ENOMEM. Clear with cs_doctor_clear. */
int cs_doctor_of(struct cs_run *run, const struct cs_host *host, struct cs_doctor *ret_doctor);

/* Appends the names of capabilities, "cap_setuid, cap_24"; *ret_root: one of them makes root of whoever has it, or is not
 * known here. */
void cs_put_capabilities(struct cs_buf *out, uint64_t bits, bool *ret_root);

/* countersign doctor --coverage. An exit status. */
int cs_doctor_coverage(struct cs_run *run, const struct cs_doctor *doctor);

#endif
