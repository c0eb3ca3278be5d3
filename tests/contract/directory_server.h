/* SPDX-License-Identifier: Apache-2.0 */
/* A real slapd for one test program: private folder, private ldapi socket, private ports, ended by its pid. */
#ifndef CS_TEST_DIRECTORY_SERVER_H
#define CS_TEST_DIRECTORY_SERVER_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BASE "dc=example,dc=org"
#define PASSWORD "correct horse"

/* What a test adds to the configuration: all may be NULL. */
struct server_extra {
	const char *global;   /* lines before the database: include, moduleload, rootDSE */
	const char *database; /* lines of the database: overlay, index */
	const char *limit;    /* instead of "sizelimit 5" */
	const char *level;    /* what slapd.log gets: "stats" instead of "none" */
};

struct server {
	struct server_extra extra;
	char dir[64];
	char ldapi[256];
	unsigned port, tls_port;
	pid_t pid;
};

/* Runs a shell command made from the format in the server's folder; 0 when it went well. */
__attribute__((format(printf, 2, 3))) static int run_in(const struct server *server, const char *format, ...)
{
	char command[8192], whole[8448];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	(void)snprintf(whole, sizeof(whole), "cd %s && { %s; } >>commands.log 2>&1", server->dir, command);
	return system(whole);
}

__attribute__((format(printf, 3, 4))) static void write_file(const struct server *server, const char *name,
	const char *format, ...)
{
	char path[512];
	va_list args;
	(void)snprintf(path, sizeof(path), "%s/%s", server->dir, name);
	(void)unlink(path);
	FILE *file = fopen(path, "we");
	if (file == NULL)
		abort();
	va_start(args, format);
	(void)vfprintf(file, format, args);
	va_end(args);
	if (fclose(file) != 0)
		abort();
	(void)chmod(path, 0600);
}

static unsigned free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, n) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &n) != 0)
		abort();
	(void)close(fd);
	return ntohs(address.sin_port);
}

static const char *text_or(const char *text, const char *other)
{
	return text != NULL ? text : other;
}

static void write_config(const struct server *server)
{
	write_file(server, "slapd.conf",
		   "include /etc/ldap/schema/core.schema\n"
		   "include /etc/ldap/schema/cosine.schema\n"
		   "include /etc/ldap/schema/nis.schema\n"
		   "include /etc/ldap/schema/inetorgperson.schema\n"
		   "modulepath /usr/lib/ldap\n"
		   "moduleload back_mdb\n"
		   "moduleload ppolicy\n"
		   "%s\n"
		   "TLSCertificateFile %s/server.pem\n"
		   "TLSCertificateKeyFile %s/server.key\n"
		   "authz-regexp \"^gidNumber=%u[+]uidNumber=%u,cn=peercred,cn=external,cn=auth$\" \"cn=admin," BASE
		   "\"\n"
		   "allow bind_anon_dn\n"
		   "%s\n"
		   "database mdb\n"
		   "suffix \"" BASE "\"\n"
		   "rootdn \"cn=admin," BASE "\"\n"
		   "directory %s/db\n"
		   "maxsize 67108864\n"
		   "%s\n"
		   "overlay ppolicy\n"
		   "access to attrs=userPassword by anonymous auth by * none\n"
		   "access to dn.base=\"uid=noid,ou=people," BASE
		   "\" attrs=entryUUID by dn.exact=\"cn=countersign," BASE "\" search by * none\n"
		   "access to * by dn.exact=\"cn=countersign," BASE "\" read by * none\n",
		   text_or(server->extra.global, ""), server->dir, server->dir, getgid(), getuid(),
		   text_or(server->extra.limit, "sizelimit 5"), server->dir, text_or(server->extra.database, ""));
}

static int make_certificates(const struct server *server)
{
	return run_in(server, "new='openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'; "
			      "$new -x509 -subj /CN=ca -days 2 -keyout ca.key -out ca.pem && "
			      "$new -x509 -subj /CN=other -days 2 -keyout other.key -out other.pem && "
			      "$new -subj /CN=server -keyout server.key -out server.csr && "
			      "printf 'subjectAltName=IP:127.0.0.1\\n' >san && "
			      "openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 "
			      "-extfile san -out server.pem && "
			      "chmod 644 ca.pem other.pem");
}

/* What slapd says comes a moment before it listens, so a connection is the sign that it serves. */
static int wait_for_listener(const struct server *server, unsigned port)
{
	const struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	for (int i = 0; i < 10000; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		int r = connect(fd, (const struct sockaddr *)&address, sizeof(address));
		(void)close(fd);
		if (r == 0)
			return 0;
		if (waitpid(server->pid, NULL, WNOHANG) != 0)
			break;
		(void)usleep(1000);
	}
	(void)fprintf(stderr, "slapd does not serve; see %s/slapd.log\n", server->dir);
	return -1;
}

/* Ends when the server serves. It ends with the test program at the latest. */
static int server_start(struct server *server)
{
	char urls[512], binary[128], config[128], log[128];
	(void)snprintf(urls, sizeof(urls), "%s ldap://127.0.0.1:%u/ ldaps://127.0.0.1:%u/", server->ldapi, server->port,
		server->tls_port);
	(void)snprintf(binary, sizeof(binary), "%s/slapd", server->dir);
	(void)snprintf(config, sizeof(config), "%s/slapd.conf", server->dir);
	(void)snprintf(log, sizeof(log), "%s/slapd.log", server->dir);
	server->pid = fork();
	if (server->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		(void)dup2(fd, 1);
		(void)dup2(fd, 2);
		(void)execl(binary, "slapd", "-d", text_or(server->extra.level, "none"), "-f", config, "-h", urls, (char *)NULL);
		_exit(127);
	}
	return wait_for_listener(server, server->port) == 0 && wait_for_listener(server, server->tls_port) == 0 ? 0
														: -1;
}

static void server_end(struct server *server, int number)
{
	if (server->pid <= 0)
		return;
	(void)kill(server->pid, number);
	while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR)
		;
	server->pid = 0;
}

/* 0; 77 when a program is missing here; else -1. The text of ldif is the tree. */
static inline int server_make_with(struct server *server, const char *ldif, const struct server_extra *extra)
{
	static const char *const needed[] = { "/usr/sbin/slapd", "/usr/bin/ldapmodify", "/usr/bin/openssl",
		"/etc/ldap/schema/inetorgperson.schema" };
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (access(needed[i], R_OK) != 0) {
			(void)fprintf(stderr, "skipped: %s is missing\n", needed[i]);
			return 77;
		}
	*server = (struct server){ .extra = *extra, .dir = "/tmp/countersign-directory-XXXXXX" };
	if (mkdtemp(server->dir) == NULL || chmod(server->dir, 0711) != 0)
		return -1;
	(void)snprintf(server->ldapi, sizeof(server->ldapi), "ldapi://%%2Ftmp%%2F%s%%2Fsocket", server->dir + 5);
	server->port = free_port();
	server->tls_port = free_port();
	write_config(server);
	write_file(server, "tree.ldif", "%s", ldif);
	write_file(server, "secret", "%s\n", PASSWORD);
	/* A copy, so that no profile that some machine keeps for the installed path stands in the way. */
	if (run_in(server, "mkdir db && cp /usr/sbin/slapd slapd") != 0 || make_certificates(server) != 0)
		return -1;
	if (run_in(server, "./slapd -Tadd -f slapd.conf -l tree.ldif") != 0) {
		(void)run_in(server, "cat commands.log >/proc/%d/fd/2", (int)getpid());
		return -1;
	}
	return server_start(server);
}

static inline int server_make(struct server *server, const char *ldif)
{
	return server_make_with(server, ldif, &(const struct server_extra){ 0 });
}

static void server_remove(struct server *server)
{
	char command[128];
	if (server->pid > 0)
		(void)kill(server->pid, SIGCONT);
	server_end(server, SIGTERM);
	(void)snprintf(command, sizeof(command), "rm -rf %s", server->dir);
	if (strncmp(server->dir, "/tmp/countersign-directory-", 27) == 0 && system(command) != 0)
		(void)fprintf(stderr, "%s stays\n", server->dir);
}

/* Changes the tree as its administrator. */
static inline int server_modify(const struct server *server, const char *ldif)
{
	write_file(server, "change.ldif", "%s", ldif);
	return run_in(server, "ldapmodify -M -Q -Y EXTERNAL -H %s -f change.ldif", server->ldapi);
}

#endif
