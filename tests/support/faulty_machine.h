/* SPDX-License-Identifier: Apache-2.0 */
/* A machine that is well: Debian 12 as it is installed, with our lines. And faults that it can have, one at a time. */
#ifndef CS_TESTS_FAULTY_MACHINE_H
#define CS_TESTS_FAULTY_MACHINE_H

#include "host_tree.h"
#include "mem.h"

#define SAMPLE CS_SOURCE_DIR "/tests/support/machine"

/* --- The healthy machine -------------------------------------------------------------------------------------------- */

static inline void copy_file(const struct tree *tree, const char *path)
{
	char *text = NULL;
	size_t len = 0;
	struct cs_host sample;

	assert_int_equal(cs_host_open(SAMPLE, &sample), 0);
	if (cs_host_read(&sample, path, &text, &len) != 0)
		fail_msg("%s is not in " SAMPLE, path);
	tree_write(tree, path, text);
	free(text);
	cs_host_close(&sample);
}

static inline void copy_folder(const struct tree *tree, const char *path)
{
	char **names = NULL;
	size_t n = 0;
	struct cs_host sample;

	assert_int_equal(cs_host_open(SAMPLE, &sample), 0);
	assert_int_equal(cs_host_list(&sample, path, &names, &n), 0);
	for (size_t i = 0; i < n; i++) {
		char *inner = NULL;
		struct stat st;

		assert_int_equal(cs_format(&inner, "%s/%s", path, names[i]), 0);
		assert_int_equal(cs_host_look(&sample, inner, &st), 0);
		if (S_ISDIR(st.st_mode))
			copy_folder(tree, inner);
		else
			copy_file(tree, inner);
		free(inner);
	}
	cs_free_strv(&names, &n);
	cs_host_close(&sample);
}

/* In path, the first old becomes new; old "" appends, old NULL is the whole file. */
static inline void edit(const struct tree *tree, const char *path, const char *old, const char *new)
{
	char *text = NULL, *changed = NULL, *at = NULL;

	if (old == NULL) {
		tree_write(tree, path, new);
		return;
	}
	text = tree_read(tree, path);
	at = old[0] != '\0' ? strstr(text, old) : text + strlen(text);
	if (at == NULL)
		fail_msg("%s has no \"%s\"", path, old);
	assert_int_equal(cs_format(&changed, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old)), 0);
	tree_write(tree, path, changed);
	free(changed);
	free(text);
}

static inline void set_mode(const struct tree *tree, const char *path, mode_t mode)
{
	char full[PATH_MAX];

	tree_path(tree, path, full);
	assert_int_equal(chmod(full, mode), 0);
}

/* Looks like the plugin, as far as its names go. */
static inline void write_plugin(const struct tree *tree, const char *path)
{
	static const char symbol[] = "\177ELF.sudo_countersign.sudo_countersign_attend.sudo_countersign_watch.";
	char full[PATH_MAX];
	FILE *file = NULL;

	tree_write(tree, path, "");
	tree_path(tree, path, full);
	file = fopen(full, "we");
	assert_non_null(file);
	for (size_t i = 0; i < sizeof(symbol); i++)
		assert_int_not_equal(fputc(symbol[i] == '.' ? '\0' : symbol[i], file), EOF);
	assert_int_equal(fclose(file), 0);
}

static inline void healthy(const struct tree *tree)
{

	copy_folder(tree, "/");
	tree_write(tree, "/lib/x86_64-linux-gnu/security/pam_countersign.so", "");
	tree_write(tree, "/lib/x86_64-linux-gnu/security/pam_countersign_hold.so", "");
	tree_write(tree, "/usr/bin/sudo", "");
	tree_write(tree, "/usr/bin/countersign", "");
	tree_write(tree, "/usr/bin/countersign-gate", "");
	tree_write(tree, "/bin/dash", "");
	tree_write(tree, "/bin/bash", "");
	tree_link(tree, "/bin/sh", "dash");
	tree_write(tree, "/run/countersign/module.sock", "");
	tree_write(tree, "/run/countersign/people.sock", "");
	tree_write(tree, "/run/countersign/end.sock", "");
	set_mode(tree, "/run/countersign/module.sock", 0600);
	set_mode(tree, "/run/countersign/people.sock", 0666);
	set_mode(tree, "/run/countersign/end.sock", 0600);
	write_plugin(tree, "/usr/libexec/sudo/sudo_countersign.so");
	write_plugin(tree, "/opt/sudo_countersign.so");
	tree_write(tree, "/var/lib/countersign/countersign.db", "");
	tree_write(tree, "/usr/lib/systemd/systemd", "");
	tree_link(tree, "/etc/systemd/system/multi-user.target.wants/countersignd.service",
		"/usr/lib/systemd/system/countersignd.service");
	set_mode(tree, "/var/lib/countersign", 0700);
	set_mode(tree, "/var/lib/countersign/countersign.db", 0600);
	set_mode(tree, "/etc/sudoers", 0440);
}

/* --- Faults --------------------------------------------------------------------------------------------------------- */

#define SUDO "/etc/pam.d/sudo"
#define SSHD "/etc/pam.d/sshd"
#define CONF "/etc/sudo.conf"
#define SUDOERS "/etc/sudoers"
#define SSHD_CONFIG "/etc/ssh/sshd_config"
#define HOLD "session required pam_countersign_hold.so"
#define ACCOUNT "account required pam_countersign.so hold=session"
#define GATE "/usr/bin/countersign-gate --shell /bin/bash"
#define GATED(WHOM) "Match " WHOM "\n  ForceCommand " GATE "\n  DisableForwarding yes\n  PermitUserRC no\n"
#define ATTEND "Plugin sudo_countersign_attend sudo_countersign.so\n"
#define RECORDER "\nPlugin sudoers_io sudoers.so\n" /* and not the one that Debian comments on */
#define WATCH "Plugin sudo_countersign_watch sudo_countersign.so\n"
#define DATABASE "/var/lib/countersign/countersign.db"

static const struct fault {
	const char *name;
	const char *path, *old, *new; /* new NULL: the file is removed, or with a mode only that is set */
	mode_t mode;
	const char *found; /* the ids, a blank between */
	const char *file;  /* where the first is found; NULL: anywhere */
	unsigned line;     /* 0: any */
} faults[] = {
	{ "nothing", NULL, NULL, NULL, 0, "", NULL, 0 },
	/* pam.d */
	{ "a002_optional", SSHD, "account required pam_countersign", "account optional pam_countersign", 0, "pam-not-counted",
		SSHD, 0 },
	{ "a002_sufficient", SSHD, "session required pam_countersign", "session sufficient pam_countersign", 0,
		"pam-not-counted", SSHD, 0 },
	{ "a002_default_ignore", SSHD, "session required pam_countersign",
		"session [success=ok default=ignore] pam_countersign", 0, "pam-not-counted", SSHD, 0 },
	{ "a002_dash", SSHD, "session required pam_countersign", "-session required pam_countersign", 0, "pam-dash", SSHD, 0 },
	{ "a002_sufficient_before", SSHD, ACCOUNT, "account sufficient pam_localuser.so\n" ACCOUNT, 0, "pam-skipped", SSHD, 0 },
	{ "a002_sufficient_in_include", "/etc/pam.d/common-session", "session	[default=1]",
		"session sufficient pam_localuser.so\nsession	[default=1]", 0, "pam-skipped",
		"/etc/pam.d/common-session", 0 },
	{ "a002_done_before", SSHD, HOLD, "session [success=done default=ignore] pam_x.so\n" HOLD, 0, "pam-skipped", SSHD, 0 },
	{ "a002_jump_over", SSHD, ACCOUNT, "account [success=1 default=ignore] pam_x.so\n" ACCOUNT, 0, "pam-skipped", SSHD, 0 },
	{ "a002_expired", SSHD, ACCOUNT "\n@include common-account", "@include common-account\n" ACCOUNT, 0,
		"pam-skipped-expired", "/etc/pam.d/common-account", 0 },
	{ "a006_only_auth", SSHD, ACCOUNT, "auth required pam_countersign.so hold=session", 0, "pam-phase pam-session-alone",
		SSHD, 0 },
	{ "a021_hold_in_auth", SSHD, HOLD, "auth required pam_countersign_hold.so", 0, "pam-phase pam-account-alone", SSHD, 0 },
	{ "a021_hold_in_account", SSHD, HOLD, "account required pam_countersign_hold.so", 0, "pam-phase pam-account-alone", SSHD,
		0 },
	{ "a014_argument", SSHD, "hold=session", "hold=sesion", 0, "pam-argument pam-held-denied", SSHD, 0 },
	{ "a014_type", SSHD, ACCOUNT, "acount required pam_x.so\n" ACCOUNT, 0, "pam-damaged", SSHD, 0 },
	{ "a014_include_missing", SSHD, "@include common-account", "@include common-acount", 0, "pam-damaged", SSHD, 0 },
	{ "a014_continued_end", "/etc/pam.d/other", "", "account required pam_deny.so \\\n", 0, "pam-damaged", "/etc/pam.d/other",
		0 },
	{ "module_missing", "/lib/x86_64-linux-gnu/security/pam_countersign_hold.so", NULL, NULL, 0,
		"pam-missing pam-missing pam-missing pam-missing", SSHD, 0 },
	{ "a049_module_writable", "/lib/x86_64-linux-gnu/security/pam_countersign.so", NULL, NULL, 0666, "pam-writable", NULL, 0 },
	{ "a049_module_folder", "/lib/x86_64-linux-gnu/security", NULL, NULL, 0777, "pam-writable pam-writable", NULL, 0 },
	{ "pam_file_writable", SUDO, NULL, NULL, 0666, "pam-files", SUDO, 0 },
	{ "account_alone", SSHD, HOLD "\n", "", 0, "pam-account-alone", SSHD, 0 },
	{ "session_alone", SSHD, ACCOUNT "\n", "", 0, "pam-session-alone", SSHD, 0 },
	{ "held_denied", SSHD, " hold=session", "", 0, "pam-held-denied", SSHD, 0 },
	{ "confirm_in_sshd", SSHD, HOLD, HOLD " confirm", 0, "pam-confirm", SSHD, 0 },
	{ "no_confirm_in_sudo", SUDO, " confirm", "", 0, "pam-confirm", SUDO, 0 },
	{ "a008_sudo_i", "/etc/pam.d/sudo-i", HOLD " confirm\n", "", 0, "pam-sudo-i", "/etc/pam.d/sudo-i", 0 },
	{ "a008_su_l", "/etc/pam.d/su-l", NULL, "account required pam_unix.so\nsession required pam_unix.so\n", 0,
		"pam-su-l pam-su-l", "/etc/pam.d/su-l", 0 },
	{ "twice", "/etc/pam.d/su-l", "", HOLD "\n", 0, "pam-twice", "/etc/pam.d/su-l", 0 },
	{ "a030_cron", "/etc/pam.d/common-session-noninteractive", "", HOLD "\n", 0,
		"pam-session-alone pam-twice pam-confirm pam-nobody-waits", NULL, 0 },
	{ "a010_console", "/etc/pam.d/login", "account required pam_countersign.so", HOLD "\n" ACCOUNT, 0, "pam-console",
		"/etc/pam.d/login", 0 },
	{ "login_uid", SSHD, "session    required     pam_loginuid.so\n", "", 0, "pam-login-uid", SSHD, 0 },
	{ "systemd_before_the_hold", "/etc/pam.d/common-session", "", "session optional pam_systemd.so\n", 0, "pam-systemd",
		"/etc/pam.d/common-session", 0 },
	/* sudo.conf */
	{ "sudo_conf_missing", CONF, NULL, NULL, 0, "sudo-conf-missing", CONF, 0 },
	{ "sudo_conf_writable", CONF, NULL, NULL, 0666, "sudo-conf-refused", CONF, 0 },
	{ "sudo_conf_group_writable", CONF, NULL, NULL, 0664, "sudo-conf-refused", CONF, 0 },
	{ "sudo_conf_keyword", CONF, "Plugin sudo_countersign", "Plugins sudo_countersign", 0, "sudo-conf-keyword", CONF, 0 },
	{ "sudo_conf_commented", CONF, "Plugin sudo_countersign", "#Plugin sudo_countersign", 0, "sudo-plugin-absent", CONF, 0 },
	{ "sudo_conf_colon", CONF, "Plugin sudo_countersign", "Plugin: sudo_countersign", 0, "sudo-conf-keyword", CONF, 0 },
	{ "a032_plugin_alone", SUDO, HOLD " confirm\n", "", 0, "pam-sudo-i sudo-plugin-alone", SUDO, 0 },
	{ "plugin_missing", "/usr/libexec/sudo/sudo_countersign.so", NULL, NULL, 0, "sudo-plugin-missing", CONF, 0 },
	{ "plugin_symbol", CONF, "Plugin sudo_countersign sudo", "Plugin sudo_countersine sudo", 0, "sudo-plugin-symbol", CONF,
		0 },
	{ "plugin_argument", CONF, "sudo_countersign.so", "sudo_countersign.so timeot=3", 0, "sudo-plugin-argument", CONF, 0 },
	{ "a049_plugin_writable", "/usr/libexec/sudo/sudo_countersign.so", NULL, NULL, 0664, "sudo-plugin-writable", NULL, 0 },
	{ "a049_plugin_folder", "/usr/libexec", NULL, NULL, 0777, "sudo-plugin-writable", NULL, 0 },
	{ "a049_plugin_elsewhere", CONF, "Plugin sudo_countersign sudo_countersign.so",
		"Plugin sudo_countersign /opt/sudo_countersign.so", 0, "sudo-plugin-elsewhere", CONF, 0 },
	{ "attend_missing", CONF, ATTEND, "", 0, "sudo-attend", CONF, 0 },
	{ "watch_missing", CONF, WATCH, "", 0, "sudo-watch", CONF, 0 },
	{ "recorder_missing", CONF, RECORDER, "\n", 0, "sudo-recorder", CONF, 0 },
	{ "recorder_as_before", CONF, RECORDER, "\nPlugin sudoers_policy sudoers.so\n", 0, "", NULL, 0 },
	{ "attend_alone", CONF, "Plugin sudo_countersign sudo", "#Plugin sudo_countersign sudo", 0, "sudo-plugin-absent", CONF, 0 },
	{ "plugin_twice", CONF, "", "Plugin sudo_countersign sudo_countersign.so\n", 0, "sudo-plugin-twice", CONF, 0 },
	{ "a049_other_plugin", CONF, "", "Plugin another_policy another.so\n", 0, "sudo-other-plugin", CONF, 0 },
	{ "a049_other_sudoers", CONF, "", "Plugin sudoers_policy /opt/sudoers.so\n", 0, "sudo-other-plugin", CONF, 0 },
	{ "sudoers_itself", CONF, "", "Plugin sudoers_policy sudoers.so\n", 0, "", NULL, 0 },
	{ "a007_other_file", CONF, "", "Plugin sudoers_policy sudoers.so sudoers_file=/etc/rules\n", 0, "sudoers-elsewhere", CONF,
		0 },
	{ "plugin_dir", CONF, "", "Path plugin_dir /opt/plugins\n", 0, "sudo-plugin-missing", CONF, 0 },
	/* sudoers */
	{ "a014_sudoers_syntax", SUDOERS, "", "Defaults use pty\n", 0, "sudoers-wrong sudoers-unread", SUDOERS, 0 },
	{ "sudoers_writable", SUDOERS, NULL, NULL, 0666, "sudoers-files", SUDOERS, 0 },
	{ "sudoers_included_writable", "/etc/sudoers.d/people", NULL, "alice ALL=(ALL) ALL\n", 0666, "sudoers-files",
		"/etc/sudoers.d/people", 0 },
	{ "a007_no_session", SUDOERS, "", "Defaults !pam_session\n", 0, "sudoers-session", SUDOERS, 0 },
	{ "a007_no_session_of_one", SUDOERS, "", "Defaults:alice !pam_session\n", 0, "sudoers-session", SUDOERS, 0 },
	{ "a007_no_session_included", "/etc/sudoers.d/people", NULL, "# one\nDefaults:%ops use_pty, !pam_session\n", 0,
		"sudoers-session", "/etc/sudoers.d/people", 2 },
	{ "a007_no_session_of_a_command", SUDOERS, "", "Defaults!/usr/bin/id !pam_session\n", 0, "sudoers-session", SUDOERS, 0 },
	{ "a007_no_session_as_one", SUDOERS, "", "Defaults>bob !pam_session\n", 0, "sudoers-session", SUDOERS, 0 },
	{ "a007_no_account", SUDOERS, "", "Defaults@rel1 !pam_acct_mgmt\n", 0, "sudoers-account", SUDOERS, 0 },
	{ "a007_ruser", SUDOERS, "", "Defaults !pam_ruser\n", 0, "sudoers-ruser", SUDOERS, 0 },
	{ "a007_service", SUDOERS, "", "Defaults:bob pam_service=cron\n", 0, "sudoers-service", SUDOERS, 0 },
	{ "a047_no_pty", SUDOERS, "Defaults	use_pty\n", "", 0, "sudoers-pty", SUDOERS, 0 },
	{ "a047_no_pty_of_one", SUDOERS, "", "Defaults:bob !use_pty\n", 0, "sudoers-pty", SUDOERS, 0 },
	{ "a034_fdexec", SUDOERS, "Defaults	fdexec=always\n", "", 0, "sudoers-fdexec", SUDOERS, 0 },
	{ "a035_digest", SUDOERS, "Defaults	fdexec=always\n",
		"bob ALL = sha256:0bMXN53sFT4rVZvLmrJ9lBRLgbYLmYmqMcTvcCuXoyg= /usr/bin/id\n", 0, "sudoers-fdexec sudoers-digest",
		NULL, 0 },
	{ "a048_unless_user", SUDOERS, "", "ALL, !%:pmc ALL = (ALL) /bin/sh\n", 0, "sudoers-unless", SUDOERS, 0 },
	{ "a048_unless_in_alias", SUDOERS, "", "User_Alias SOME = ALL, !%:pmc\nSOME ALL = (ALL) /bin/sh\n", 0, "sudoers-unless",
		SUDOERS, 0 },
	{ "a048_unless_become", SUDOERS, "", "bob ALL = (ALL, !%:pmc) /bin/sh\n", 0, "sudoers-unless", SUDOERS, 0 },
	{ "a048_unless_become_alias", SUDOERS, "", "Runas_Alias WHOM = ALL, !%:pmc\nbob ALL = (WHOM) /bin/sh\n", 0,
		"sudoers-unless", SUDOERS, 0 },
	{ "a048_unless_alias_negated", SUDOERS, "", "User_Alias SOME = %:pmc\nALL, !SOME ALL = (ALL) /bin/sh\n", 0,
		"sudoers-unless", SUDOERS, 0 },
	{ "a048_unless_command", SUDOERS, "", "%:pmc ALL = (ALL) ALL, !/bin/sh\n", 0, "sudoers-unless", SUDOERS, 0 },
	{ "a048_group_plugin_missing", SUDOERS, "", "Defaults group_plugin=\"/opt/x.so a\"\n", 0, "sudoers-group-plugin", SUDOERS,
		0 },
	{ "a042_ticket", SUDOERS, "", "Defaults timestamp_timeout=-1\n", 0, "sudoers-ticket", SUDOERS, 0 },
	{ "a038_environment", SUDOERS, "", "Defaults env_keep += \"LD_PRELOAD\"\n", 0, "sudoers-environment", SUDOERS, 0 },
	{ "a007_elsewhere", "/etc/nsswitch.conf", NULL, "passwd: files\nsudoers: files sss\n", 0, "sudoers-elsewhere",
		"/etc/nsswitch.conf", 0 },
	/* sshd */
	{ "a008_no_pam", SSHD_CONFIG, "UsePAM yes", "UsePAM no", 0, "sshd-pam", SSHD_CONFIG, 0 },
	{ "a008_no_pam_included", "/etc/ssh/sshd_config.d/a.conf", NULL, "usepam = no\n", 0, "sshd-pam",
		"/etc/ssh/sshd_config.d/a.conf", 1 },
	{ "a021_grace", SSHD_CONFIG, "", "LoginGraceTime 10\n", 0, "sshd-grace", SSHD_CONFIG, 0 },
	{ "a022_startups", SSHD_CONFIG, "", "MaxStartups 2\n", 0, "sshd-startups", SSHD_CONFIG, 0 },
	{ "a024_forwarding", SSHD_CONFIG, "", "ForceCommand " GATE "\nPermitUserRC no\n", 0, "sshd-forwarding sshd-shell",
		SSHD_CONFIG, 0 },
	{ "a024_forwarding_of_one", SSHD_CONFIG, "", "Match User bob\n  ForceCommand countersign-gate\n  PermitUserRC no\n", 0,
		"sshd-forwarding", SSHD_CONFIG, 0 },
	{ "a024_tunnel", SSHD_CONFIG, "", GATED("User bob") "  PermitTunnel yes\n", 0, "sshd-forwarding", SSHD_CONFIG, 0 },
	{ "a024_forwarding_off", SSHD_CONFIG, "",
		"Match User bob\n  ForceCommand countersign-gate\n  PermitUserRC no\n  AllowTcpForwarding no\n"
		"  AllowStreamLocalForwarding no\n  AllowAgentForwarding no\n  X11Forwarding no\n", 0, "", NULL, 0 },
	{ "a024_gate_right", SSHD_CONFIG, "", GATED("User bob"), 0, "", NULL, 0 },
	{ "a024_gate_missing", SSHD_CONFIG, "", "Match User bob\n  ForceCommand /opt/countersign-gate\n  DisableForwarding yes\n"
		"  PermitUserRC no\n", 0, "sshd-gate", SSHD_CONFIG, 0 },
	{ "a024_user_rc", SSHD_CONFIG, "", "Match User bob\n  ForceCommand " GATE "\n  DisableForwarding yes\n", 0,
		"sshd-user-files", SSHD_CONFIG, 0 },
	{ "a024_user_environment", SSHD_CONFIG, "UsePAM yes", "UsePAM yes\nPermitUserEnvironment yes\n" GATED("User bob"), 0,
		"sshd-user-files", SSHD_CONFIG, 0 },
	{ "a024_environment", SSHD_CONFIG, "UsePAM yes", "UsePAM yes\nAcceptEnv LC_* LD_*\n" GATED("User bob"), 0,
		"sshd-environment", SSHD_CONFIG, 0 },
	{ "a024_environment_plain", SSHD_CONFIG, "UsePAM yes", "UsePAM yes\nAcceptEnv LANG LC_*\n" GATED("User bob"), 0, "", NULL, 0 },
	{ "a024_shell", SSHD_CONFIG, "", GATED("User a*,!bob"), 0, "sshd-shell", SSHD_CONFIG, 0 },
	{ "a024_shell_of_a_group", SSHD_CONFIG, "", GATED("Group deployers"), 0, "sshd-shell", SSHD_CONFIG, 0 },
	{ "a024_shell_of_an_address", SSHD_CONFIG, "", GATED("Address 192.0.2.0/24"), 0, "sshd-shell", SSHD_CONFIG, 0 },
	{ "a024_shell_of_others", SSHD_CONFIG, "", GATED("User !alice,*"), 0, "", NULL, 0 },
	{ "front_never_shown", SSHD, "hold=session", "hold=session front", 0, "sshd-keyboard", SSHD_CONFIG, 0 },
	{ "root_login", SSHD_CONFIG, "PermitRootLogin no", "PermitRootLogin yes", 0, "sshd-root", SSHD_CONFIG, 0 },
	{ "sshd_writable", SSHD_CONFIG, NULL, NULL, 0666, "sshd-files", SSHD_CONFIG, 0 },
	/* our own */
	{ "a014_conf_writable", "/etc/countersign/countersignd.conf", NULL, NULL, 0664, "files", NULL, 0 },
	{ "a014_policy", "/etc/countersign/policy.conf", "", "gait x { }\n", 0, "policy", "/etc/countersign/policy.conf", 2 },
	{ "policy_writable", "/etc/countersign/policy.conf", NULL, NULL, 0646, "files", NULL, 0 },
	{ "roster_writable", "/etc/countersign/roster", NULL, "", 0666, "files", "/etc/countersign/roster", 0 },
	{ "etc_writable", "/etc/countersign", NULL, NULL, 0777, "files files", NULL, 0 },
	{ "a068_setuid", "/usr/bin/countersign", NULL, NULL, 04755, "setuid", NULL, 0 },
	{ "user_missing", "/etc/passwd", "countersign:", "countersigne:", 0, "user", "/etc/passwd", 0 },
	{ "user_is_root", "/etc/passwd", "countersign:x:999", "countersign:x:0", 0, "user", "/etc/passwd", 0 },
	{ "store_open", "/var/lib/countersign", NULL, NULL, 0755, "store", NULL, 0 },
	{ "store_file_open", DATABASE, NULL, NULL, 0644, "store", DATABASE, 0 },
	{ "a057_end_socket", "/run/countersign/end.sock", NULL, "", 0666, "sockets", "/run/countersign/end.sock", 0 },
	{ "end_socket_missing", "/run/countersign/end.sock", NULL, NULL, 0, "end-socket", "/run/countersign/end.sock", 0 },
	{ "a057_socket_folder", "/run/countersign/x", NULL, "", 0, "", NULL, 0 },
	{ "a057_module_socket", "/run/countersign/module.sock", NULL, "", 0666, "sockets", "/run/countersign/module.sock", 0 },
	{ "a057_people_socket", "/run/countersign/people.sock", NULL, "", 0600, "sockets", "/run/countersign/people.sock", 0 },
	{ "not_enabled", "/etc/systemd/system/multi-user.target.wants/countersignd.service", NULL, NULL, 0, "enabled", NULL, 0 },
	{ "a104_proc", "/proc/self/mounts", NULL, "proc /proc proc rw,nosuid,hidepid=invisible 0 0\n", 0, "proc", "/proc", 0 },
	{ "a104_proc_open", "/proc/self/mounts", NULL, "proc /proc proc rw,nosuid 0 0\nproc /mnt/proc proc rw,hidepid=2 0 0\n", 0, "",
		NULL, 0 },
	{ "a055_unit", "/etc/systemd/system/countersignd.service.d/x.conf", NULL, "[Service]\nPrivateUsers=yes\n", 0, "unit",
		"/etc/systemd/system/countersignd.service.d/x.conf", 2 },
};

static inline void apply(const struct tree *tree, const struct fault *fault)
{
	char full[PATH_MAX];

	if (fault->path == NULL)
		return;
	if (fault->new != NULL)
		edit(tree, fault->path, fault->old, fault->new);
	tree_path(tree, fault->path, full);
	if (strcmp(fault->path, SUDOERS) == 0)
		set_mode(tree, SUDOERS, 0440);
	if (fault->new == NULL && fault->mode == 0)
		assert_int_equal(unlink(full), 0);
	if (fault->mode != 0)
		set_mode(tree, fault->path, fault->mode);
}

#endif
