/* SPDX-License-Identifier: Apache-2.0 */
/* A slapd that holds people and groups in every spelling, the kinds of directory that have to answer alike, and answers
 * as text that can be compared. */
#ifndef CS_TEST_DIRECTORY_SCHEMAS_H
#define CS_TEST_DIRECTORY_SCHEMAS_H

#include "directory_ask.h"
#include "directory_server.h"

/* What schemas of this machine's slapd do not have. */
#define TEXT_TYPE "EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15"
#define SCHEMA_LINES \
	"attributetype ( 1.3.6.1.4.1.55555.1.1 NAME 'ipaUniqueID' " TEXT_TYPE " SINGLE-VALUE )\n" \
	"attributetype ( 1.3.6.1.4.1.55555.1.2 NAME 'nsUniqueId' " TEXT_TYPE " SINGLE-VALUE )\n" \
	"attributetype ( 1.3.6.1.4.1.55555.1.3 NAME 'nsAccountLock' " TEXT_TYPE " )\n" \
	"attributetype ( 1.3.6.1.4.1.55555.1.4 NAME 'sAMAccountName' " TEXT_TYPE " SINGLE-VALUE )\n" \
	"attributetype ( 1.3.6.1.4.1.55555.1.5 NAME 'objectGUID' EQUALITY octetStringMatch " \
	"SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )\n" \
	"attributetype ( 1.3.6.1.4.1.55555.1.6 NAME 'objectCategory' " TEXT_TYPE " SINGLE-VALUE )\n" \
	"attributetype ( 1.3.6.1.4.1.55555.1.7 NAME 'userAccountControl' EQUALITY integerMatch " \
	"SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )\n" \
	"attributetype ( 1.3.6.1.4.1.55555.1.8 NAME 'accountExpires' EQUALITY integerMatch " \
	"SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )\n" \
	"objectclass ( 1.3.6.1.4.1.55555.2.1 NAME 'user' SUP organizationalPerson STRUCTURAL MAY ( sAMAccountName $ " \
	"objectGUID $ objectCategory $ userAccountControl $ accountExpires $ uidNumber ) )\n" \
	"objectclass ( 1.3.6.1.4.1.55555.2.2 NAME 'group' SUP top STRUCTURAL MUST cn MAY ( member $ description ) )\n" \
	"objectclass ( 1.3.6.1.4.1.55555.2.3 NAME 'ipaUserGroup' SUP top AUXILIARY )\n" \
	"objectclass ( 1.3.6.1.4.1.55555.2.4 NAME 'told' SUP top AUXILIARY MAY ( ipaUniqueID $ nsUniqueId $ " \
	"nsAccountLock $ manager $ member $ owner $ uniqueMember $ memberUid ) )\n"

static void write_schema_config(const struct server *server)
{
	static const char *const schemas[] = { "core", "cosine", "nis", "inetorgperson", "dyngroup", "namedobject" };
	char includes[512];
	size_t n = 0;
	for (size_t i = 0; i < CS_COUNT(schemas); i++)
		n += (size_t)snprintf(includes + n, sizeof(includes) - n, "include /etc/ldap/schema/%s.schema\n",
				      schemas[i]);
	write_file(server, "slapd.conf",
		   "%s"
		   "modulepath /usr/lib/ldap\n"
		   "moduleload back_mdb\n"
		   "moduleload memberof\n"
		   "moduleload ppolicy\n"
		   "moduleload syncprov\n" SCHEMA_LINES
		   "authz-regexp \"^gidNumber=%u[+]uidNumber=%u,cn=peercred,cn=external,cn=auth$\" \"cn=admin," BASE
		   "\"\n"
		   "sizelimit unlimited\n"
		   "database mdb\n"
		   "suffix \"" BASE "\"\n"
		   "rootdn \"cn=admin," BASE "\"\n"
		   "directory %s/db\n"
		   "maxsize 67108864\n"
		   "index objectClass,entryCSN,entryUUID eq\n"
		   "overlay ppolicy\n"
		   "overlay syncprov\n",
		   includes, getgid(), getuid(), server->dir);
}

static int one_listener(struct server *server)
{
	char urls[512], binary[128], config[128], log[128];
	(void)snprintf(urls, sizeof(urls), "%s ldap://127.0.0.1:%u/", server->ldapi, server->port);
	(void)snprintf(binary, sizeof(binary), "%s/slapd", server->dir);
	(void)snprintf(config, sizeof(config), "%s/slapd.conf", server->dir);
	(void)snprintf(log, sizeof(log), "%s/slapd.log", server->dir);
	server->pid = fork();
	if (server->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		(void)dup2(fd, 1);
		(void)dup2(fd, 2);
		(void)execl(binary, "slapd", "-d", "none", "-f", config, "-h", urls, (char *)NULL);
		_exit(127);
	}
	return wait_for_listener(server, server->port);
}

/* 0; 77 when a program is missing here; else -1. */
static int schema_server_make(struct server *server, const char *ldif)
{
	static const char *const needed[] = { "/usr/sbin/slapd", "/usr/lib/ldap/memberof.so",
		"/etc/ldap/schema/dyngroup.schema" };
	for (size_t i = 0; i < CS_COUNT(needed); i++)
		if (access(needed[i], R_OK) != 0) {
			(void)fprintf(stderr, "skipped: %s is missing\n", needed[i]);
			return 77;
		}
	*server = (struct server){ .dir = "/tmp/countersign-directory-XXXXXX" };
	if (mkdtemp(server->dir) == NULL || chmod(server->dir, 0711) != 0)
		return -1;
	(void)snprintf(server->ldapi, sizeof(server->ldapi), "ldapi://%%2Ftmp%%2F%s%%2Fsocket", server->dir + 5);
	server->port = free_port();
	write_schema_config(server);
	write_file(server, "tree.ldif", "%s", ldif);
	if (run_in(server, "mkdir db && cp /usr/sbin/slapd slapd && ./slapd -Tadd -f slapd.conf -l tree.ldif") != 0) {
		(void)run_in(server, "cat commands.log >/proc/%d/fd/2", (int)getpid());
		return -1;
	}
	return one_listener(server);
}

/* --- Kinds of directory ------------------------------------------------------------------------------------------ */

/* Each answers from the same entries: what begins its section, made of the server's socket or folder. */
static const struct backend {
	const char *name, *from, *mode;
	bool is_file;
} backends[] = {
	{ "slapd", "uri", "sasl_external = true deadline = 20s", false },
	{ "ldif", "ldif", "", true },
	{ "replica", "uri", "sasl_external = true deadline = 20s mode = replica", false },
};

enum { BACKENDS = CS_COUNT(backends) };

/* options: the same for all of them. */
static struct cs_directory *open_backend(const struct server *server, const struct backend *backend,
	const char *options)
{
	char text[2048], file[128];
	struct cs_problem problem = { 0 };
	(void)snprintf(file, sizeof(file), "%s/tree.ldif", server->dir);
	(void)snprintf(text, sizeof(text), "directory { %s = \"%s\" %s\n%s }", backend->from,
		       backend->is_file ? file : server->ldapi, backend->mode, options);
	struct cs_directory *directory = open_text(text, &problem);
	if (directory == NULL)
		(void)fprintf(stderr, "%s: %s\n%s\n", backend->name, cs_problem_text(&problem), text);
	return directory;
}

/* --- Answers as text --------------------------------------------------------------------------------------------- */

static const char *dn_spelled(const char *dn, char key[CS_MAX_DN + 1])
{
	return cs_dn_key(dn, key) == 0 ? key : dn;
}

static int line_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines in order, joined; they are freed. */
static void put_sorted(FILE *out, char **lines, size_t n, const char *between)
{
	if (n > 1)
		qsort(lines, n, sizeof(*lines), line_order);
	for (size_t i = 0; i < n; i++) {
		(void)fprintf(out, "%s%s", between, lines[i]);
		free(lines[i]);
	}
	free(lines);
}

static char *membership_text(const struct cs_membership *membership)
{
	char key[CS_MAX_DN + 1], *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	if (out == NULL)
		abort();
	(void)fprintf(out, "%u:%s", membership->query, dn_spelled(membership->group_dn, key));
	for (size_t i = 0; i < membership->n_attributes; i++)
		(void)fprintf(out, "{%s=%s}", membership->attributes[i].name, membership->attributes[i].value);
	(void)fclose(out);
	return text;
}

static void put_facts(FILE *out, const struct cs_facts *facts, bool causes)
{
	static const char *const words[] = { "no", "yes", "doubt" };
	char key[CS_MAX_DN + 1];
	(void)fprintf(out, "%s", words[facts->known]);
	if (facts->known != CS_KNOWN_YES)
		return;
	(void)fprintf(out, " %s %u %s %s%s%s", facts->person.name, facts->person.uid, facts->person.id,
		      dn_spelled(facts->person.dn, key), *facts->person.human != '\0' ? " " : "", facts->person.human);
	if (facts->person.locked)
		(void)fputs(" locked", out);
	char **lines = calloc(facts->n_memberships + 1, sizeof(*lines));
	for (size_t i = 0; i < facts->n_memberships; i++)
		lines[i] = membership_text(&facts->memberships[i]);
	put_sorted(out, lines, facts->n_memberships, " ");
	lines = calloc(facts->n_unsure + 1, sizeof(*lines));
	for (size_t i = 0; i < facts->n_unsure; i++)
		if (asprintf(&lines[i], "%u?%s", facts->unsure[i].query,
			     causes ? facts->unsure[i].doubt : "") < 0)
			abort();
	put_sorted(out, lines, facts->n_unsure, " ");
}

static void put_listing(FILE *out, const struct cs_listing *listing)
{
	static const char *const words[] = { "no", "yes", "doubt" };
	char key[CS_MAX_DN + 1];
	(void)fprintf(out, "%s", words[listing->known]);
	char **lines = calloc(listing->n_dns + 1, sizeof(*lines));
	for (size_t i = 0; i < listing->n_dns; i++)
		lines[i] = cs_dup(dn_spelled(listing->dns[i], key));
	put_sorted(out, lines, listing->n_dns, " ");
}

/* Everything that the question asks for is followed by now, where that is done at all. */
static struct cs_answer ask_followed(struct cs_directory *directory, const struct cs_question *question)
{
	struct cs_answer answer = ask(directory, question);
	uint64_t end = cs_boot_ms() + OPEN_ENDED;
	if (strstr(cs_directory_state(directory, &(int){ 0 }), "replica") == NULL)
		return answer;
	cs_clear(&cs_answer_shape, &answer);
	while (strstr(cs_directory_state(directory, &(int){ 0 }), "is live") == NULL && cs_boot_ms() < end)
		turn(directory, 100);
	if (cs_boot_ms() >= end)
		(void)fprintf(stderr, "not followed: %s\n", cs_directory_state(directory, &(int){ 0 }));
	return ask(directory, question);
}

static bool was_by_replica; /* the last answer */

/* One line for each subject and each listing; the caller frees. causes: why queries are unsure; of several reasons it is
 * not laid down which is told. */
static char *answer_text(struct cs_directory *directory, const struct cs_question *question, bool causes)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	struct cs_answer answer = ask_followed(directory, question);
	if (out == NULL)
		abort();
	was_by_replica = answer.n_facts > 0 && strncmp(answer.facts[0].source, "replica of ", 11) == 0;
	for (size_t i = 0; i < answer.n_facts; i++) {
		put_facts(out, &answer.facts[i], causes);
		(void)fputc('\n', out);
	}
	for (size_t i = 0; i < answer.n_listings; i++) {
		put_listing(out, &answer.listings[i]);
		(void)fputc('\n', out);
	}
	if (getenv("CS_TEST_DOUBTS") != NULL) {
		for (size_t i = 0; i < answer.n_facts; i++)
			if (answer.facts[i].known == CS_KNOWN_DOUBT)
				(void)fprintf(stderr, "doubt: %s\n", answer.facts[i].doubt);
		for (size_t i = 0; i < answer.n_listings; i++)
			if (answer.listings[i].known == CS_KNOWN_DOUBT)
				(void)fprintf(stderr, "doubt: %s\n", answer.listings[i].doubt);
	}
	(void)fclose(out);
	cs_clear(&cs_answer_shape, &answer);
	return text;
}

#endif
