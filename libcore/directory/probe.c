/* SPDX-License-Identifier: Apache-2.0 */
/* The two ends of looking at a server: the child that looks, and the caller who hears what it found. */
#include "probe.h"
#include "clock.h"
#include "frame.h"
#include "mem.h"
#include "servers.h"
#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TICK_MS = 100, SPARE_MS = 1000, TEXT_MAX = 4096, CERTIFICATE_MAX = 64 * 1024, FRAME = 1 };

const struct cs_names cs_probe_steps[] = {
	{CS_PROBE_ADDRESS, "server address"}, {CS_PROBE_TLS, "TLS"},       {CS_PROBE_BIND, "bind"},
	{CS_PROBE_SERVER, "server"},          {CS_PROBE_PEOPLE, "people"}, {CS_PROBE_ACCOUNTS, "locked accounts"},
	{CS_PROBE_GROUPS, "groups"},          {CS_PROBE_SCHEMA, "schema"}, {0, NULL}};
const struct cs_names cs_probe_levels[] = {
	{CS_PROBE_WRONG, "wrong"}, {CS_PROBE_WARNING, "warning"}, {CS_PROBE_GOOD, "ok"}, {0, NULL}};
const struct cs_names cs_troubles[] = {{CS_TROUBLE_NONE, ""},
				       {CS_TROUBLE_NAME, "name"},
				       {CS_TROUBLE_REFUSED, "refused"},
				       {CS_TROUBLE_SILENT, "silent"},
				       {CS_TROUBLE_SOCKET, "socket"},
				       {CS_TROUBLE_STARTTLS, "starttls"},
				       {CS_TROUBLE_CERTIFICATE, "certificate"},
				       {CS_TROUBLE_TLS, "tls"},
				       {CS_TROUBLE_OWN_FILES, "own_files"},
				       {CS_TROUBLE_PASSWORD, "password"},
				       {CS_TROUBLE_BIND, "bind"},
				       {CS_TROUBLE_NO_GSSAPI, "no_gssapi"},
				       {CS_TROUBLE_KERBEROS, "kerberos"},
				       {CS_TROUBLE_STRONGER, "stronger"},
				       {CS_TROUBLE_ANONYMOUS, "anonymous"},
				       {CS_TROUBLE_IDENTITY, "identity"},
				       {CS_TROUBLE_PLAIN, "plain"},
				       {CS_TROUBLE_SEARCH, "search"},
				       {CS_TROUBLE_BASE, "people_base"},
				       {CS_TROUBLE_NOBODY, "nobody"},
				       {CS_TROUBLE_LIMIT, "size_limit"},
				       {CS_TROUBLE_LOGIN, "login_attribute"},
				       {CS_TROUBLE_UID, "uid_attribute"},
				       {CS_TROUBLE_ID, "id_attribute"},
				       {CS_TROUBLE_PERSON, "person_attribute"},
				       {CS_TROUBLE_MEMBER_OF, "member_of"},
				       {CS_TROUBLE_LOCKED, "locked_filter"},
				       {CS_TROUBLE_ACCOUNTS, "accounts"},
				       {CS_TROUBLE_GROUPS_BASE, "groups_base"},
				       {CS_TROUBLE_NO_GROUPS, "no_groups"},
				       {CS_TROUBLE_SCHEMA, "schema"},
				       {CS_TROUBLE_SOME, "some"},
				       {CS_TROUBLE_REPLICA, "replica"},
				       {CS_TROUBLE_SRV, "srv"},
				       {0, NULL}};

static const struct cs_field probed_fields[] = {CS_BOOL(cs_probed, begun),
						CS_ENUM(cs_probed, step, cs_probe_steps),
						CS_ENUM(cs_probed, level, cs_probe_levels),
						CS_ENUM(cs_probed, trouble, cs_troubles),
						CS_U64(cs_probed, took_us),
						CS_STR(cs_probed, text, TEXT_MAX),
						CS_STR(cs_probed, about, TEXT_MAX),
						CS_BLOB(cs_probed, certificate, CERTIFICATE_MAX)};
const struct cs_shape cs_probed_shape = CS_SHAPE("probed", cs_probed, probed_fields);

struct cs_probe {
	struct cs_settings settings;
	struct cs_sealed sealed;
	struct cs_directory_ids ids;
};

/* --- The child --- */

static void send_probed(void *arg, const struct cs_probed *probed)
{
	const int *fd = arg;
	struct cs_buf payload, out;
	cs_buf_init(&payload, CS_FRAME_MAX);
	cs_buf_init(&out, CS_FRAME_MAX + 16);
	if (cs_encode(&cs_probed_shape, probed, &payload) == 0 && cs_frame_put(&out, FRAME, &payload) == 0)
		while (out.len > 0) {
			int r = cs_frame_send(*fd, &out, NULL);
			if (r < 0 && r != CS_EINTR)
				_exit(1);
		}
	cs_buf_clear(&payload);
	cs_buf_clear(&out);
}

static _Noreturn void child(const struct cs_probe *probe, const char *uri, int fd, pid_t parent)
{
	const struct cs_worker_start start = {&probe->settings, probe->ids, fd, &probe->sealed, parent};
	struct cs_credentials credentials = {0};
	int socket = -1;
	if (cs_worker_confine(&start, &socket, &credentials) != 0)
		_exit(1);
	const struct cs_probing probing = {&probe->settings, &credentials, uri, send_probed, &socket};
	cs_probing_run(&probing);
	cs_credentials_clear(&credentials);
	_exit(0);
}

/* --- The caller --- */

struct hearing {
	int fd;
	struct cs_buf in;
	cs_probed_fn each;
	void *arg;
	struct cs_probed last; /* begun, when it has not ended; only its numbers are kept */
	uint64_t until_ms, begun_ms;
	uint64_t limit_ms;
};

static int take(void *arg, uint8_t type, const uint8_t *payload, size_t n)
{
	struct hearing *hearing = arg;
	struct cs_probed probed = {0};
	int r = type != FRAME ? CS_EPROTO : cs_decode_all(&cs_probed_shape, payload, n, &probed);
	if (r != 0)
		return r;
	hearing->each(hearing->arg, &probed);
	hearing->last = (struct cs_probed){.begun = probed.begun, .step = probed.step};
	hearing->begun_ms = cs_boot_ms();
	hearing->until_ms = hearing->begun_ms + hearing->limit_ms;
	cs_clear(&cs_probed_shape, &probed);
	return 0;
}

/* 1: it goes on; 0: it ended; CS_E…. */
static int hear(struct hearing *hearing)
{
	struct pollfd fd = {.fd = hearing->fd, .events = POLLIN};
	if (poll(&fd, 1, TICK_MS) <= 0) {
		hearing->each(hearing->arg, NULL);
		return cs_boot_ms() < hearing->until_ms ? 1 : 0;
	}
	int r = cs_frame_recv(hearing->fd, &hearing->in, NULL);
	if (r == CS_EINTR || r == CS_EBUSY)
		return 1;
	if (r <= 0)
		return r;
	r = cs_frame_each(&hearing->in, take, hearing);
	return r == 0 ? 1 : r;
}

/* A step that began and never ended: it took too long, or it took the child with it. */
static void tell_silence(struct hearing *hearing)
{
	char *about = cs_dup(cs_name_of(cs_probe_steps, (int)hearing->last.step));
	const struct cs_probed silent = {.step = hearing->last.step,
					 .level = CS_PROBE_WRONG,
					 .trouble = CS_TROUBLE_SILENT,
					 .took_us = (cs_boot_ms() - hearing->begun_ms) * 1000,
					 .about = about};
	if (hearing->last.begun)
		hearing->each(hearing->arg, &silent);
	free(about);
}

static void reap(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

int cs_probe_server(struct cs_probe *probe, const char *uri, cs_probed_fn each, void *arg)
{
	int ends[2] = {-1, -1};
	struct hearing hearing = {.each = each, .arg = arg, .limit_ms = probe->settings.deadline_ms + SPARE_MS};
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return CS_EIO;
	pid_t parent = getpid(), pid = fork();
	if (pid == 0)
		child(probe, uri, ends[1], parent);
	cs_close(&ends[1]);
	int r = pid > 0 ? 1 : CS_EIO;
	cs_buf_init(&hearing.in, 2 * CS_FRAME_MAX);
	hearing.fd = ends[0];
	hearing.begun_ms = cs_boot_ms();
	hearing.until_ms = hearing.begun_ms + hearing.limit_ms;
	while (r == 1)
		r = hear(&hearing);
	if (pid > 0) {
		reap(pid);
		tell_silence(&hearing);
	}
	cs_close(&ends[0]);
	cs_buf_clear(&hearing.in);
	return r;
}

int cs_probe_new(const struct cs_conf_section *section, uid_t owner, const struct cs_directory_ids *ids,
		 struct cs_probe **ret_probe, struct cs_problem *problem)
{
	struct cs_secrets secrets = {0};
	struct cs_probe *probe = calloc(1, sizeof(*probe));
	if (probe == NULL)
		return CS_ENOMEM;
	probe->ids = *ids;
	probe->sealed = cs_sealed_none;
	int r = cs_settings_read(section, owner, &probe->settings, &secrets, problem);
	if (r == 0)
		r = cs_secrets_seal(&secrets, &probe->sealed);
	if (r == 0)
		*ret_probe = probe;
	else
		cs_probe_free(&probe);
	return r;
}

void cs_probe_free(struct cs_probe **probe)
{
	if (*probe == NULL)
		return;
	cs_settings_clear(&(*probe)->settings);
	cs_sealed_close(&(*probe)->sealed);
	free(*probe);
	*probe = NULL;
}

int cs_probe_uris(const struct cs_probe *probe, char ***ret_uris, size_t *ret_n, char **ret_cause)
{
	const struct cs_settings *s = &probe->settings;
	int r = 0;
	if (s->srv_domain != NULL && *s->srv_domain != '\0')
		return cs_servers_of_domain(s->srv_domain, !s->starttls, ret_uris, ret_n, ret_cause);
	for (size_t i = 0; i < s->n_uris && r == 0; i++)
		r = cs_strv_add(ret_uris, ret_n, s->uris[i]);
	return r;
}

const struct cs_settings *cs_probe_settings(const struct cs_probe *probe)
{
	return &probe->settings;
}
