/* SPDX-License-Identifier: Apache-2.0 */
/* Which key signs, and the signature. */
#include "signer.h"
#include "mem.h"
#include "roster.h"
#include "run_program.h"
#include "ssh_signature.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { STATEMENT_MAX = 1024, PUBLIC_MAX = 64 * 1024 };
/* How long a signed vote counts: as long as the daemon takes at most, with a little for clocks that differ. */
#define VALID_MS (6ull * 24 * 3600 * 1000)

static const struct cs_field signer_fields[] = {
	CS_STR(cs_signer, person, CS_MAX_NAME),
	CS_STR(cs_signer, name, CS_MAX_NAME),
	CS_BOOL(cs_signer, hardware_only),
	CS_STRV(cs_signer, keys, CS_MAX_KEYS, CS_MAX_KEY),
};
const struct cs_shape cs_signer_shape = CS_SHAPE("cs_signer", cs_signer, signer_fields);

/* --- Keys ---------------------------------------------------------------------------------------------------------- */

/* A key that could sign, and where ssh-keygen finds it. */
struct found {
	struct cs_ssh_key key;
	char *path; /* of a private key, or of a public one whose other half is in the agent */
	char *line; /* of the agent: there is no file yet */
};

static void found_clear(struct found *found)
{
	free(found->path);
	free(found->line);
	*found = (struct found){ 0 };
}

static const char *given_key(const struct cs_sign_options *options)
{
	return options->key ? options->key : getenv("COUNTERSIGN_KEY");
}

/* The first line of a file as a public key. */
static int read_public(const char *path, struct cs_ssh_key *ret_key)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t cap = 0;
	ssize_t n = file ? getline(&line, &cap, file) : -1;
	int r = n > 0 ? 0 : CS_ENOENT;

	if (r == 0) {
		line[strcspn(line, "\r\n")] = '\0';
		r = cs_ssh_key_read_line(line, ret_key);
	}
	free(line);
	if (file)
		(void)fclose(file);
	return r;
}

/* The public half of a key's file: the file itself, or the one beside it. */
static int read_key(const char *path, struct cs_ssh_key *ret_key)
{
	char *beside = NULL;
	int r = cs_format(&beside, "%s.pub", path);

	if (r == 0)
		r = read_public(beside, ret_key);
	if (r < 0 && r != CS_ENOMEM)
		r = read_public(path, ret_key);
	free(beside);
	return r;
}

static bool may_sign(const struct cs_signer *signer, const struct cs_ssh_key *key)
{
	return cs_strv_has(signer->keys, signer->n_keys, key->fingerprint) == 1 &&
	       (!signer->hardware_only || cs_ssh_key_is_hardware(key));
}

/* 1, 0 or CS_ENOMEM. */
static int find_in_agent(const struct cs_signer *signer, struct found *found)
{
	const char *const argv[] = { "ssh-add", "-L", NULL };
	struct cs_buf out;
	char *line = NULL, *rest = NULL;
	int r = 0;

	if (!getenv("SSH_AUTH_SOCK"))
		return 0;
	cs_buf_init(&out, PUBLIC_MAX);
	if (cs_run_program(argv, "", 0, true, &out) == 0) {
		cs_buf_put_u8(&out, 0);
		for (rest = cs_buf_error(&out) == 0 ? (char *)out.data : NULL; r == 0 && (line = strsep(&rest, "\n"));)
			if (cs_ssh_key_read_line(line, &found->key) == 0 && may_sign(signer, &found->key)) {
				found->line = cs_dup(line);
				r = found->line ? 1 : CS_ENOMEM;
			}
	}
	cs_buf_clear(&out);
	return r;
}

/* Those names under which ssh-keygen makes keys that may sign; what has to be touched comes first. */
static int find_in_home(const struct cs_signer *signer, struct found *found)
{
	static const char *const names[] = { "id_ed25519_sk", "id_ecdsa_sk", "id_ed25519", "id_ecdsa" };
	const char *home = getenv("HOME");
	int r = 0;

	for (size_t i = 0; home && r == 0 && i < CS_COUNT(names); i++) {
		char *path = NULL;

		r = cs_format(&path, "%s/.ssh/%s", home, names[i]);
		if (r == 0 && read_key(path, &found->key) == 0 && may_sign(signer, &found->key)) {
			found->path = path;
			return 1;
		}
		free(path);
	}
	return r;
}

static int find_given(const char *path, const struct cs_signer *signer, struct found *found)
{
	if (read_key(path, &found->key) < 0)
		return cs_fail(CS_EXIT_USAGE, "this is no ssh key, or its public half (.pub) is not beside it", path, "");
	if (!may_sign(signer, &found->key))
		return cs_fail(CS_EXIT_NOT_PERMITTED, "the roster does not let this key sign for you", path,
			"name one that it does with --key, or ask an administrator");
	found->path = cs_dup(path);
	return found->path ? 1 : CS_ENOMEM;
}

/* 1 with *found; 0: none is at hand; above 1 an exit status, told; below 0 an error. */
static int find_key(const struct cs_sign_options *options, const struct cs_signer *signer, struct found *found)
{
	const char *given = given_key(options);
	int r = 0;

	if (given)
		return find_given(given, signer, found);
	r = find_in_agent(signer, found);
	return r == 0 ? find_in_home(signer, found) : r;
}

/* --- Who signs ----------------------------------------------------------------------------------------------------- */

static int take_person(const struct cs_roster_person *person, struct cs_signer *ret_signer)
{
	struct cs_signer signer = { .hardware_only = person->hardware_only };
	int r = 0;

	signer.person = cs_dup(person->id);
	signer.name = cs_dup(person->name);
	for (size_t i = 0; r == 0 && i < person->n_keys; i++)
		r = cs_strv_add(&signer.keys, &signer.n_keys, person->keys[i].key.fingerprint);
	if (r == 0 && signer.person && signer.name) {
		*ret_signer = signer;
		return 0;
	}
	cs_clear(&cs_signer_shape, &signer);
	return CS_ENOMEM;
}

static const struct cs_roster_person *find_person(const struct cs_sign_options *options, const struct cs_roster *roster,
	char **ret_why)
{
	const char *given = given_key(options);
	const struct cs_roster_person *person = NULL;
	const struct passwd *entry = given ? NULL : getpwuid(getuid());
	struct cs_ssh_key key;

	if (given && read_key(given, &key) == 0)
		person = cs_roster_find(roster, key.fingerprint, NULL);
	else if (entry)
		person = cs_roster_named(roster, entry->pw_name);
	if (!person)
		(void)cs_format(ret_why, given ? "the key %s is not in the roster" : "the roster has no keys of %s",
			given ? given : entry ? entry->pw_name : "this account");
	return person;
}

int cs_signer_find(const struct cs_sign_options *options, struct cs_signer *ret_signer, char **ret_why)
{
	const char *path = options->roster ? options->roster : CS_ROSTER_FILE;
	const struct cs_roster_person *person = NULL;
	struct cs_problem problem = { 0 };
	struct cs_roster *roster = NULL;
	char *text = NULL;
	size_t n = 0;
	int r = cs_file_read(path, geteuid(), CS_FILE_TEXT, CS_ROSTER_TEXT_MAX, &text, &n, &problem);

	if (r == 0)
		r = cs_roster_parse(text, path, &roster, &problem);
	if (r == 0)
		person = find_person(options, roster, ret_why);
	else
		*ret_why = cs_problem_text(&problem);
	if (person)
		r = take_person(person, ret_signer);
	cs_problem_clear(&problem);
	cs_roster_free(&roster);
	free(text);
	return r == CS_ENOMEM ? cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), path, "") : 0;
}

/* --- Signing ------------------------------------------------------------------------------------------------------- */

/* A122: root of this machine can use a forwarded agent as long as we are logged in. */
static void warn_forwarded(void)
{
	if (getenv("SSH_CONNECTION") && getenv("SSH_AUTH_SOCK"))
		(void)cs_fail(0, "you are logged in here by ssh and have an agent: whoever is root here can sign with your key "
			"while it is forwarded", "", "better sign on your own machine: countersign show --bundle, countersign "
			"sign, countersign submit-vote");
}

static uint64_t valid_until(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + VALID_MS;
}

/* The agent's public key in a file that ssh-keygen can read. */
static int write_public(struct found *found, char folder[])
{
	FILE *file = NULL;
	int r = 0;

	if (!mkdtemp(folder))
		return CS_EIO;
	r = cs_format(&found->path, "%s/key.pub", folder);
	file = r == 0 ? fopen(found->path, "wxe") : NULL;
	if (r == 0 && (!file || fprintf(file, "%s\n", found->line) < 0))
		r = CS_EIO;
	if (file && fclose(file) != 0)
		r = CS_EIO;
	return r;
}

static void remove_public(const struct found *found, const char *folder)
{
	if (found->path)
		(void)unlink(found->path);
	(void)rmdir(folder);
}

/* The statement goes in by a descriptor and the signature comes out by one: nothing lies in a file. */
static int run_keygen(const struct found *found, const char *name_space, const void *message, size_t n, struct cs_buf *out)
{
	const char *const argv[] = { "ssh-keygen", "-q", "-Y", "sign", "-f", found->path, "-n", name_space, NULL };
	struct cs_buf text;
	int r = 0;

	cs_buf_init(&text, CS_SSH_ARMORED_MAX);
	r = cs_run_program(argv, message, n, false, &text);
	if (r == CS_ENOENT)
		r = cs_fail(CS_EXIT_UNAVAILABLE, "there is no ssh-keygen on the PATH", "", "install openssh-client");
	else if (r != 0)
		r = cs_fail(CS_EXIT_NO, "ssh-keygen did not sign", found->path, "nothing was sent");
	else if (cs_ssh_unarmor((const char *)text.data, text.len, out) != 0)
		r = cs_fail(CS_EXIT_INTERNAL, "what ssh-keygen printed is no signature", found->path, "nothing was sent");
	cs_buf_clear(&text);
	return r;
}

static int sign_with(struct found *found, const char *name_space, const void *message, size_t n, struct cs_buf *out)
{
	char folder[] = "/tmp/countersign-XXXXXX";
	struct cs_ssh_key key;
	const char *why = NULL;
	int r = 0;

	warn_forwarded();
	r = found->line ? write_public(found, folder) : 0;
	if (r < 0)
		r = cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), folder, "nothing was sent");
	else
		r = run_keygen(found, name_space, message, n, out);
	if (found->line)
		remove_public(found, folder);
	if (r == 0 && cs_ssh_verify(out->data, out->len, name_space, message, n, &key, &why) != 0)
		r = cs_fail(CS_EXIT_INTERNAL, "the signature is not good", why, "nothing was sent");
	return r;
}

static int put_signature(const struct cs_signer *signer, struct found *found, struct cs_vote_call *call)
{
	struct cs_approval approval = { .vote = call->vote, .person.id = signer->person, .head_number = call->head_number };
	struct cs_buf statement, out;
	int r = 0;

	call->not_after_wall_ms = approval.not_after_wall_ms = valid_until();
	memcpy(approval.digest, call->digest, CS_DIGEST_LEN);
	memcpy(approval.head_chain, call->head_chain, CS_DIGEST_LEN);
	cs_buf_init(&statement, STATEMENT_MAX);
	cs_buf_init(&out, CS_SSH_SIGNATURE_MAX);
	r = cs_statement_encode(&approval, &statement);
	if (r < 0)
		r = cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), "sign", "");
	else
		r = sign_with(found, cs_vote_namespace(call->vote), statement.data, statement.len, &out);
	if (r == 0) {
		call->signature = out.data; /* handed over */
		call->n_signature = out.len;
		out = (struct cs_buf){ 0 };
	}
	cs_buf_clear(&statement);
	cs_buf_clear(&out);
	return r;
}

int cs_signer_sign(const struct cs_sign_options *options, const struct cs_signer *signer, struct cs_vote_call *call,
	char **ret_title, char **ret_why)
{
	char title[CS_SSH_TITLE_MAX + 1];
	struct found found = { 0 };
	int r = find_key(options, signer, &found);

	if (r == 0) {
		(void)cs_format(ret_why, "none of the keys that the roster has of %s is in an agent or in ~/.ssh%s",
			signer->name, signer->hardware_only ? ", and it has to be a security key" : "");
		r = CS_ENOENT;
	} else if (r == 1) {
		r = put_signature(signer, &found, call);
		cs_ssh_key_title(&found.key, title);
		if (r == 0)
			*ret_title = cs_dup(title);
	} else if (r < 0) {
		r = cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), "sign", "");
	}
	found_clear(&found);
	return r;
}

int cs_signer_sign_text(const struct cs_sign_options *options, const struct cs_signer *signer, const char *name_space,
	const char *text, size_t n, struct cs_buf *out)
{
	struct found found = { 0 };
	struct cs_buf bytes;
	int r = find_key(options, signer, &found);

	cs_buf_init(&bytes, CS_SSH_SIGNATURE_MAX);
	if (r == 0)
		r = cs_fail(CS_EXIT_NO, "none of your keys is in an agent or in ~/.ssh", signer->name, "name one with --key");
	else if (r < 0)
		r = cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), "sign", "");
	else if (r == 1)
		r = sign_with(&found, name_space, text, n, &bytes);
	if (r == 0 && cs_ssh_armor(bytes.data, bytes.len, out) < 0)
		r = cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), "sign", "");
	cs_buf_clear(&bytes);
	found_clear(&found);
	return r;
}
