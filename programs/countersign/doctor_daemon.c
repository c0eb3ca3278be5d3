/* SPDX-License-Identifier: Apache-2.0 */
/* countersign doctor: our own files, the daemon and what it stands on. */
#include "clock.h"
#include "doctor.h"
#include "mem.h"

#include <countersign/error.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

#define UNIT "countersignd.service"

enum { FULL_BYTES = 16 * 1024 * 1024, CLOCK_SECONDS = 60 };

/* The folder of a path, or NULL when out of memory. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL && slash > path ? strndup(path, (size_t)(slash - path)) : cs_dup("/");
}

void cs_doctor_config(struct cs_doctor *doctor)
{
	const char *text = doctor->problem.text;

	if (doctor->host->live && cs_doctor_anything_guarded(doctor) && text != NULL) {
		struct cs_place at = { doctor->problem.file, doctor->problem.line };

		cs_doctor_find(doctor, &at, "correct it, and try: countersignd --check",
			"%s: the daemon does not start with this, and what is guarded is refused", text);
	}
}

void cs_doctor_policy(struct cs_doctor *doctor)
{
	struct cs_place at = { doctor->refused.file, doctor->refused.line };

	if (doctor->refused.text != NULL && cs_doctor_anything_guarded(doctor))
		cs_doctor_find(doctor, &at, "correct it, and try: countersign policy check",
			"%s: the daemon goes on with the policy that it has, and does not start where it has none",
			doctor->refused.text);
}

void cs_doctor_files(struct cs_doctor *doctor)
{
	const char *const paths[] = { CONFIG_FILE, doctor->config.policy, doctor->config.roster, "/usr/sbin/countersignd",
		"/usr/bin/countersign", "/usr/lib/systemd/system/" UNIT, "/lib/systemd/system/" UNIT,
		"/etc/systemd/system/" UNIT };

	for (size_t i = 0; i < CS_COUNT(paths); i++)
		cs_doctor_want_sealed(doctor, paths[i], "this says what is asked, and of whom");
	for (size_t i = 0; i < doctor->config.notify.n_programs; i++)
		cs_doctor_want_sealed(doctor, doctor->config.notify.programs[i], "this is run for each notice");
}

void cs_doctor_secrets(struct cs_doctor *doctor)
{
	static const char *const options[] = { "bind_secret_file", "tls_key", "keytab" };
	const struct cs_conf_section *section = doctor->config.directory;

	for (size_t i = 0; section != NULL && i < CS_COUNT(options); i++) {
		const char *path = cs_conf_str(section, options[i], NULL);
		struct stat st;

		if (path == NULL || cs_host_look(doctor->host, path, &st) != 0)
			continue;
		if ((st.st_mode & 007) != 0)
			cs_doctor_find_file(doctor, path, "chmod o= it", "has mode %04o: everybody can read the %s of the daemon",
				(unsigned)(st.st_mode & 07777), options[i]);
		else
			cs_doctor_want_sealed(doctor, path, "this is a secret of the daemon");
	}
}

void cs_doctor_setuid(struct cs_doctor *doctor)
{
	static const char *const paths[] = { "/usr/bin/countersign", "/usr/sbin/countersignd" };

	for (size_t i = 0; i < CS_COUNT(paths); i++) {
		struct stat st;

		if (cs_host_look(doctor->host, paths[i], &st) == 0 && (st.st_mode & (S_ISUID | S_ISGID)) != 0)
			cs_doctor_find_file(doctor, paths[i], "chmod ug-s it",
				"is setuid or setgid: it was never made to be, and whoever runs it gains what it is");
	}
}

/* The uid of a user in /etc/passwd of a machine. 0; CS_ENOENT; other errors. */
static int passwd_uid(const struct cs_host *host, const char *user, unsigned long *ret_uid)
{
	char *text = NULL, *rest = NULL, *line = NULL;
	size_t len = 0, n = strlen(user);
	int r = cs_host_read(host, "/etc/passwd", &text, &len);

	if (r < 0)
		return r;
	r = CS_ENOENT;
	for (rest = text; r == CS_ENOENT && (line = strsep(&rest, "\n")) != NULL;) {
		const char *colon = strncmp(line, user, n) == 0 && line[n] == ':' ? strchr(line + n + 1, ':') : NULL;

		if (colon != NULL) {
			*ret_uid = strtoul(colon + 1, NULL, 10);
			r = 0;
		}
	}
	free(text);
	return r;
}

void cs_doctor_user(struct cs_doctor *doctor)
{
	unsigned long uid = 0;
	int r = cs_doctor_anything_guarded(doctor) ? passwd_uid(doctor->host, doctor->config.user, &uid) : CS_EIO;

	if (r == CS_ENOMEM)
		doctor->error = r;
	if (r == CS_ENOENT)
		cs_doctor_find_file(doctor, "/etc/passwd",
			"useradd --system --user-group --home-dir /var/lib/countersign --shell /usr/sbin/nologin countersign",
			"there is no user %s: the daemon does not start, and the modules believe nobody", doctor->config.user);
	if (r == 0 && uid == 0)
		cs_doctor_find_file(doctor, "/etc/passwd", "give the daemon a user of its own",
			"%s has uid 0: the daemon would never give root up", doctor->config.user);
}

void cs_doctor_store(struct cs_doctor *doctor)
{
	char *folder = folder_of(doctor->config.store);
	const char *const paths[] = { folder, doctor->config.store };
	struct stat st;

	if (folder == NULL)
		doctor->error = CS_ENOMEM;
	for (size_t i = 0; folder != NULL && i < CS_COUNT(paths); i++)
		if (cs_host_look(doctor->host, paths[i], &st) == 0 && (st.st_mode & (i == 0 ? 077 : 066)) != 0) {
			cs_doctor_find_file(doctor, paths[i], i == 0 ? "chmod 0700 it" : "chmod 0600 it",
				"has mode %04o: requests, votes and evidence are for the daemon alone",
				(unsigned)(st.st_mode & 07777));
			break;
		}
	free(folder);
}

void cs_doctor_store_full(struct cs_doctor *doctor)
{
	char *folder = folder_of(doctor->config.store);
	struct statvfs fs;
	int fd = folder != NULL ? cs_host_open_file(doctor->host, folder, O_PATH | O_DIRECTORY) : CS_ENOMEM;

	if (fd >= 0 && cs_doctor_anything_guarded(doctor) && fstatvfs(fd, &fs) == 0 &&
		(unsigned long long)fs.f_bavail * fs.f_frsize < FULL_BYTES)
		cs_doctor_find_file(doctor, folder, "make room: countersign evidence archive, or a larger file system",
			"only %llu KiB are free: without a record nothing is permitted",
			(unsigned long long)fs.f_bavail * fs.f_frsize / 1024);
	if (fd == CS_ENOMEM)
		doctor->error = fd;
	cs_close(&fd);
	free(folder);
}

void cs_doctor_clock(struct cs_doctor *doctor)
{
	struct stat st;

	if (cs_host_look(doctor->host, doctor->config.store, &st) == 0 && st.st_mtime > time(NULL) + CLOCK_SECONDS)
		cs_doctor_find_file(doctor, doctor->config.store, "set the clock right, and keep it right with NTP",
			"was written %lld s after now: the clock went back, and after a reboot every open request ends",
			(long long)(st.st_mtime - time(NULL)));
}

/* The options with which /proc is mounted, cut out of what the kernel says; NULL: it is not. The last line counts. */
static const char *proc_options(char *mounts)
{
	const char *found = NULL;
	char *rest = mounts;

	for (char *line = NULL; (line = strsep(&rest, "\n")) != NULL;) {
		const char *fields[4] = { NULL };

		for (size_t i = 0; line != NULL && i < CS_COUNT(fields); i++)
			fields[i] = strsep(&line, " ");
		if (fields[3] != NULL && strcmp(fields[1], "/proc") == 0 && strcmp(fields[2], "proc") == 0)
			found = fields[3];
	}
	return found;
}

void cs_doctor_proc(struct cs_doctor *doctor)
{
	char *mounts = NULL;
	size_t len = 0;
	int r = cs_host_read(doctor->host, "/proc/self/mounts", &mounts, &len);
	const char *options = r == 0 ? proc_options(mounts) : NULL;

	if (r == CS_ENOMEM)
		doctor->error = r;
	/* Where nothing is hidden nothing is written there. */
	if (options != NULL && strstr(options, "hidepid=") != NULL)
		cs_doctor_find_file(doctor, "/proc", "mount -o remount,hidepid=0 /proc, and take the option out of /etc/fstab",
			"hides from the daemon and its helper the processes of others (hidepid): logins cannot be ended, so those "
			"with a longest duration are refused, and who logged in as the requester is not seen to vote for himself");
	free(mounts);
}

/* --- Sockets -------------------------------------------------------------------------------------------------------- */

static void want_mode(struct cs_doctor *doctor, const char *path, unsigned mode, const char *meaning)
{
	struct stat st;
	char *mend = NULL;

	if (cs_host_look(doctor->host, path, &st) != 0 ||
		(st.st_uid == doctor->host->owner && (st.st_mode & 07777) == mode))
		return;
	if (cs_format(&mend, "restart the daemon; it makes it root's, with mode %04o", mode) < 0)
		doctor->error = CS_ENOMEM;
	else
		cs_doctor_find_file(doctor, path, mend, "belongs to uid %u with mode %04o: %s", (unsigned)st.st_uid,
			(unsigned)(st.st_mode & 07777), meaning);
	free(mend);
}

void cs_doctor_sockets(struct cs_doctor *doctor)
{
	static const struct {
		const char *name;
		unsigned mode;
		const char *meaning;
	} wanted[] = {
		{ "", 0755, "whoever can write here can put sockets of his own into it" },
		{ "/module.sock", 0600, "only root may speak for others" },
		{ "/people.sock", 0666, "everybody has to be able to ask and to approve" },
		{ "/end.sock", 0600, "only root may say which process a login is" },
	};

	for (size_t i = 0; i < CS_COUNT(wanted); i++) {
		char *path = NULL;

		if (cs_format(&path, "%s%s", doctor->config.socket_dir, wanted[i].name) < 0)
			doctor->error = CS_ENOMEM;
		else
			want_mode(doctor, path, wanted[i].mode, wanted[i].meaning);
		free(path);
	}
}

/* A daemon that answers makes all of them before it does. */
void cs_doctor_end_socket(struct cs_doctor *doctor)
{
	char *module = NULL, *end = NULL;
	struct stat st;

	if (cs_format(&module, "%s/module.sock", doctor->config.socket_dir) < 0 ||
		cs_format(&end, "%s/end.sock", doctor->config.socket_dir) < 0)
		doctor->error = CS_ENOMEM;
	else if (cs_host_look(doctor->host, module, &st) == 0 && cs_host_look(doctor->host, end, &st) == CS_ENOENT)
		cs_doctor_find_file(doctor, end, "restart the daemon",
			"is not there: logins by ssh, su and login are held as ever, and none can be ended");
	free(module);
	free(end);
}

/* --- The daemon ----------------------------------------------------------------------------------------------------- */

void cs_doctor_daemon(struct cs_doctor *doctor)
{
	if (doctor->asked && doctor->daemon < 0 && cs_doctor_anything_guarded(doctor))
		cs_doctor_find_file(doctor, doctor->config.socket_dir, "systemctl start countersignd, and look at its log",
			"the daemon does not answer (%s): what is guarded is refused, but for root itself",
			cs_strerror(doctor->daemon));
}

void cs_doctor_directory(struct cs_doctor *doctor)
{
	if (doctor->asked && doctor->daemon == 0 && !doctor->directory_ok)
		cs_doctor_find_file(doctor, CONFIG_FILE, "countersign directory test",
			"the daemon does not reach the directory: nobody can be told to be entitled, and nothing is approved");
}

/* Whether a folder of links names the unit. */
static bool linked(struct cs_doctor *doctor, const char *folder)
{
	char *path = NULL;
	struct stat st;
	bool is = false;

	if (cs_format(&path, "/etc/systemd/system/%s/" UNIT, folder) < 0)
		doctor->error = CS_ENOMEM;
	else
		is = cs_host_look_at(doctor->host, path, &st) == 0;
	free(path);
	return is;
}

static bool has_unit(const struct cs_doctor *doctor)
{
	static const char *const paths[] = { "/usr/lib/systemd/system/" UNIT, "/lib/systemd/system/" UNIT,
		"/etc/systemd/system/" UNIT };
	struct stat st;

	for (size_t i = 0; i < CS_COUNT(paths); i++)
		if (cs_host_look(doctor->host, paths[i], &st) == 0)
			return true;
	return false;
}

void cs_doctor_enabled(struct cs_doctor *doctor)
{
	char **names = NULL;
	size_t n = 0;
	bool found = false;
	struct stat st;
	int r = cs_host_list(doctor->host, "/etc/systemd/system", &names, &n);

	for (size_t i = 0; r == 0 && i < n && !found; i++)
		found = (strstr(names[i], ".wants") != NULL || strstr(names[i], ".requires") != NULL) && linked(doctor, names[i]);
	cs_free_strv(&names, &n);
	if (!found && has_unit(doctor) && cs_doctor_anything_guarded(doctor) &&
		cs_host_look(doctor->host, "/usr/lib/systemd/systemd", &st) == 0)
		cs_doctor_find_file(doctor, UNIT, "systemctl enable countersignd",
			"is not enabled: after the next start of the machine what is guarded is refused");
}

/* Drop-ins and the unit: a setting by which every caller is uid 65534. */
static void look_into_unit(struct cs_doctor *doctor, const char *path)
{
	char *text = NULL, *rest = NULL, *line = NULL;
	size_t len = 0;
	struct cs_place at = { (char *)(uintptr_t)path, 0 };
	int r = cs_host_read(doctor->host, path, &text, &len);

	if (r == CS_ENOMEM)
		doctor->error = r;
	for (rest = r == 0 ? text : NULL; (line = strsep(&rest, "\n")) != NULL;) {
		static const char name[] = "PrivateUsers=";

		at.line++;
		if (strncmp(line, name, sizeof(name) - 1) == 0 && strchr("yt1o", line[sizeof(name) - 1]) != NULL &&
			line[sizeof(name) - 1] != '\0' && strcmp(line + sizeof(name) - 1, "off") != 0)
			cs_doctor_find(doctor, &at, "take the line out, and restart the daemon",
				"with PrivateUsers= everybody who calls is uid 65534: nobody can approve, and no module is believed");
	}
	free(text);
}

void cs_doctor_unit(struct cs_doctor *doctor)
{
	static const char folder[] = "/etc/systemd/system/" UNIT ".d";
	char **names = NULL;
	size_t n = 0;

	look_into_unit(doctor, "/etc/systemd/system/" UNIT);
	look_into_unit(doctor, "/usr/lib/systemd/system/" UNIT);
	if (cs_host_list(doctor->host, folder, &names, &n) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		char *path = NULL;

		if (cs_format(&path, "%s/%s", folder, names[i]) < 0)
			doctor->error = CS_ENOMEM;
		else
			look_into_unit(doctor, path);
		free(path);
	}
	cs_free_strv(&names, &n);
}

void cs_doctor_unguarded(struct cs_doctor *doctor)
{
	if (!cs_doctor_anything_guarded(doctor))
		cs_doctor_find_file(doctor, "/etc/pam.d", "see countersign(1), and the files in /usr/share/doc/countersign/examples",
			"neither sudo nor any service of PAM asks Countersign: nothing is guarded");
}

void cs_doctor_unread(struct cs_doctor *doctor)
{
	if (doctor->unread != NULL)
		cs_doctor_find_file(doctor, "", "run this as root",
			"not everything could be read, so more may be wrong than is said here: %s", doctor->unread);
}
