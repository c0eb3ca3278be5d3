/* SPDX-License-Identifier: Apache-2.0 */
/* The directory worker gives up everything that it does not need, before it speaks to anybody. */
#include "confine.h"
#include "countersign/error.h"
#include "file.h"
#include "mem.h"
#include "worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Read before /etc/krb5.conf, so that it has precedence: whoever answers for DNS must not choose the server's name,
 * whose key is all that says who it is where there is no TLS. */
static const char strict_krb5[] = "[libdefaults]\n\tdns_canonicalize_hostname = false\n\trdns = false\n";

static int set_krb5(const char *keytab)
{
	char path[CS_SEALED_PATH + 64];
	int fd = memfd_create("countersign-krb5", 0); /* stays open: read again whenever a context is made */
	if (fd < 0 || write(fd, strict_krb5, sizeof(strict_krb5) - 1) != (ssize_t)(sizeof(strict_krb5) - 1))
		return CS_EIO;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d:/etc/krb5.conf", fd);
	if (setenv("KRB5_CONFIG", path, 1) != 0)
		return CS_EIO;
	(void)snprintf(path, sizeof(path), "FILE:%s", keytab);
	if (setenv("KRB5_CLIENT_KTNAME", path, 1) != 0 || setenv("KRB5CCNAME", "MEMORY:countersign", 1) != 0)
		return CS_EIO;
	return 0;
}

/* libldap reads ldap.conf, .ldaprc and LDAP… variables, its TLS and Kerberos libraries have variables of their own
 * (A015, A082). */
static int clean_surroundings(const struct cs_credentials *credentials)
{
	(void)umask(077);
	if (clearenv() != 0 || setenv("LDAPNOINIT", "1", 1) != 0 || chdir("/") != 0)
		return CS_EIO;
	return *credentials->keytab != '\0' ? set_krb5(credentials->keytab) : 0;
}

static int keep(int *socket, struct cs_sealed *sealed)
{
	int *kept[1 + CS_SECRETS] = {socket};
	for (size_t i = 0; i < CS_SECRETS; i++)
		kept[1 + i] = &sealed->fd[i];
	return cs_confine_descriptors(kept, CS_COUNT(kept));
}

int cs_worker_confine(const struct cs_worker_start *start, int *ret_socket, struct cs_credentials *ret_credentials)
{
	struct cs_sealed sealed = *start->sealed;
	int socket = start->socket;
	int r = cs_confine_signals();
	if (r == 0)
		r = keep(&socket, &sealed);
	if (r == 0)
		r = cs_credentials_take(&sealed, ret_credentials);
	if (r == 0)
		r = cs_confine_ids(start->ids.uid, start->ids.gid, NULL);
	if (r == 0)
		r = cs_confine_process(start->parent, true);
	if (r == 0)
		r = clean_surroundings(ret_credentials);
	if (r == 0)
		*ret_socket = socket;
	return r;
}
