/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets on their way from root's files to the worker. */
#include "secrets.h"
#include "countersign/error.h"
#include "file.h"
#include "mem.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PASSWORD_MAX = 1024 };

const struct cs_sealed cs_sealed_none = {{-1, -1, -1, -1}};

void cs_secrets_clear(struct cs_secrets *secrets)
{
	for (size_t i = 0; i < CS_SECRETS; i++) {
		if (secrets->bytes[i] != NULL)
			explicit_bzero(secrets->bytes[i], secrets->n[i]);
		free(secrets->bytes[i]);
	}
	*secrets = (struct cs_secrets){0};
}

static int seal(const char *bytes, size_t n, int *ret_fd)
{
	int fd = memfd_create("countersign-directory", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return CS_EIO;
	if (write(fd, bytes, n) != (ssize_t)n ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0) {
		cs_close(&fd);
		return CS_EIO;
	}
	*ret_fd = fd;
	return 0;
}

int cs_secrets_seal(struct cs_secrets *secrets, struct cs_sealed *ret_sealed)
{
	struct cs_sealed sealed = cs_sealed_none;
	int r = 0;
	for (size_t i = 0; i < CS_SECRETS && r == 0; i++)
		if (secrets->bytes[i] != NULL)
			r = seal(secrets->bytes[i], secrets->n[i], &sealed.fd[i]);
	cs_secrets_clear(secrets);
	if (r == 0)
		*ret_sealed = sealed;
	else
		cs_sealed_close(&sealed);
	return r;
}

void cs_sealed_close(struct cs_sealed *sealed)
{
	for (size_t i = 0; i < CS_SECRETS; i++)
		cs_close(&sealed->fd[i]);
}

static int read_password(int *fd, char **ret_password)
{
	if (*fd < 0)
		return 0;
	char *password = calloc(1, PASSWORD_MAX + 1);
	if (password == NULL)
		return CS_ENOMEM;
	(void)mlock(password, PASSWORD_MAX + 1); /* a limit of the host may forbid it */
	ssize_t n = pread(*fd, password, PASSWORD_MAX, 0);
	cs_close(fd);
	if (n <= 0) {
		cs_free_secret(&password);
		return CS_EIO;
	}
	*ret_password = password;
	return 0;
}

/* Through /proc a library that takes only file names can read what has none. A process that changed its ids and may
 * not be dumped can still open its own. */
static void name(int fd, char ret_path[CS_SEALED_PATH])
{
	if (fd >= 0)
		(void)snprintf(ret_path, CS_SEALED_PATH, "/proc/self/fd/%d", fd);
}

int cs_credentials_take(struct cs_sealed *sealed, struct cs_credentials *ret_credentials)
{
	struct cs_credentials credentials = {0};
	int r = read_password(&sealed->fd[CS_SECRET_PASSWORD], &credentials.password);
	if (r != 0)
		return r;
	name(sealed->fd[CS_SECRET_CERTIFICATE], credentials.certificate);
	name(sealed->fd[CS_SECRET_KEY], credentials.key);
	name(sealed->fd[CS_SECRET_KEYTAB], credentials.keytab);
	*ret_credentials = credentials;
	return 0;
}

void cs_credentials_clear(struct cs_credentials *credentials)
{
	cs_free_secret(&credentials->password);
	*credentials = (struct cs_credentials){0};
}
