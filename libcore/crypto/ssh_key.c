/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSH public keys: reading, fingerprints. */
#include "ssh_key.h"
#include "base64.h"
#include "ssh_internal.h"

#include <stdio.h>
#include <string.h>

#include <countersign/error.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

enum { ED25519_LEN = 32, COORDINATE_LEN = 32, EC_POINT_LEN = 1 + 2 * COORDINATE_LEN, EC_UNCOMPRESSED = 4 };

/* By cs_ssh_type. */
static const struct kind {
	const char *name;
	bool curve; /* of NIST: the curve's name stands before the point */
	bool hardware;
	size_t n_point;
} kinds[] = {
	[CS_SSH_ED25519] = { "ssh-ed25519", false, false, ED25519_LEN },
	[CS_SSH_ECDSA] = { "ecdsa-sha2-nistp256", true, false, EC_POINT_LEN },
	[CS_SSH_SK_ED25519] = { "sk-ssh-ed25519@openssh.com", false, true, ED25519_LEN },
	[CS_SSH_SK_ECDSA] = { "sk-ecdsa-sha2-nistp256@openssh.com", true, true, EC_POINT_LEN },
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

const char *ssh_type_name(enum cs_ssh_type type)
{
	return kinds[type].name;
}

bool cs_ssh_key_is_hardware(const struct cs_ssh_key *key)
{
	return kinds[key->type].hardware;
}

static enum cs_ssh_type type_of(const char *name)
{
	for (int i = CS_SSH_OTHER + 1; i < KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return (enum cs_ssh_type)i;
	return CS_SSH_OTHER;
}

/* --- The blob --- */

/* A string of printable characters with no blank, into text of max + 1 bytes. */
static void read_word(struct cs_cursor *cur, size_t max, char *text)
{
	const uint8_t *bytes = NULL;
	size_t n = 0;
	cs_cursor_string(cur, max, &bytes, &n);
	for (size_t i = 0; i < n; i++)
		if (bytes[i] <= ' ' || bytes[i] > '~')
			n = 0;
	if (n == 0 && cur->error == 0)
		cur->error = CS_EPROTO;
	if (cur->error == 0)
		memcpy(text, bytes, n);
	text[cur->error == 0 ? n : 0] = '\0';
}

static void read_point(struct cs_cursor *cur, const struct kind *kind, struct cs_ssh_key *key)
{
	const uint8_t *bytes = NULL;
	cs_cursor_string(cur, CS_SSH_POINT_MAX, &bytes, &key->n_point);
	if (cur->error != 0)
		return;
	if (key->n_point != kind->n_point || (kind->curve && bytes[0] != EC_UNCOMPRESSED))
		cur->error = CS_EPROTO;
	else
		memcpy(key->point, bytes, key->n_point);
}

static int read_kind(struct cs_cursor *cur, struct cs_ssh_key *key)
{
	const struct kind *kind = &kinds[key->type];
	char curve[sizeof(CURVE_NAME)] = "";
	if (kind->curve) {
		read_word(cur, sizeof(curve) - 1, curve);
		if (strcmp(curve, CURVE_NAME) != 0)
			return CS_EPROTO;
	}
	read_point(cur, kind, key);
	if (kind->hardware)
		read_word(cur, CS_SSH_APPLICATION_MAX, key->application);
	return cs_cursor_end(cur) != 0 ? CS_EPROTO : 0;
}

static int fingerprint(const uint8_t *blob, size_t n, char ret_text[CS_SSH_FINGERPRINT_LEN + 1])
{
	static const char prefix[] = "SHA256:";
	uint8_t digest[32];
	size_t n_digest = 0;
	struct cs_buf text;
	if (EVP_Q_digest(NULL, "SHA256", NULL, blob, n, digest, &n_digest) != 1 || n_digest != sizeof(digest))
		return CS_ENOMEM;
	cs_buf_init(&text, 64);
	int r = cs_base64_write(digest, n_digest, &text);
	if (r == 0) /* the one '=' at its end is left out */
		(void)snprintf(ret_text, CS_SSH_FINGERPRINT_LEN + 1, "%s%.43s", prefix, (const char *)text.data);
	cs_buf_clear(&text);
	return r;
}

int cs_ssh_key_read(const uint8_t *blob, size_t n, struct cs_ssh_key *ret_key)
{
	struct cs_ssh_key key = { 0 };
	struct cs_cursor cur;
	if (n > CS_SSH_BLOB_MAX)
		return CS_ETOOBIG;
	cs_cursor_init(&cur, blob, n);
	read_word(&cur, CS_SSH_NAME_MAX, key.name);
	if (cur.error != 0 || cur.left == 0)
		return CS_EPROTO;
	key.type = type_of(key.name);
	int r = key.type == CS_SSH_OTHER ? 0 : read_kind(&cur, &key);
	if (r == 0)
		r = fingerprint(blob, n, key.fingerprint);
	if (r == 0)
		*ret_key = key;
	return r;
}

/* --- A line --- */

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

/* Over the options of authorized_keys: blanks within quotation marks belong to them. NULL: a quotation has no end. */
static const char *skip_options(const char *at)
{
	bool quoted = false;
	for (; *at != '\0' && (quoted || (*at != ' ' && *at != '\t')); at++) {
		if (*at == '\\' && at[1] == '"')
			at++;
		else if (*at == '"')
			quoted = !quoted;
	}
	return quoted ? NULL : at;
}

/* "ssh-ed25519 AAAA…" and what may follow. */
static int read_words(const char *line, struct cs_ssh_key *ret_key)
{
	size_t n_name = strcspn(line, " \t\r\n");
	const char *text = skip_blanks(line + n_name);
	size_t n_text = strcspn(text, " \t\r\n");
	struct cs_ssh_key key = { 0 };
	struct cs_buf blob;
	cs_buf_init(&blob, CS_SSH_BLOB_MAX);
	int r = n_text > 0 ? cs_base64_read(text, n_text, &blob) : CS_EPROTO;
	if (r == 0)
		r = cs_ssh_key_read(blob.data, blob.len, &key);
	cs_buf_clear(&blob);
	if (r == 0 && (strlen(key.name) != n_name || memcmp(key.name, line, n_name) != 0))
		r = CS_EPROTO;
	if (r == 0)
		*ret_key = key;
	return r;
}

int cs_ssh_key_read_line(const char *line, struct cs_ssh_key *ret_key)
{
	if (strnlen(line, CS_SSH_LINE_MAX + 1) > CS_SSH_LINE_MAX)
		return CS_ETOOBIG;
	line = skip_blanks(line);
	if (*line == '#' || strpbrk(line, "\r\n") != NULL)
		return CS_EPROTO;
	int r = read_words(line, ret_key);
	if (r != CS_EPROTO)
		return r;
	const char *rest = skip_options(line);
	return rest != NULL && *rest != '\0' ? read_words(skip_blanks(rest), ret_key) : CS_EPROTO;
}

void cs_ssh_key_title(const struct cs_ssh_key *key, char ret_title[CS_SSH_TITLE_MAX + 1])
{
	(void)snprintf(ret_title, CS_SSH_TITLE_MAX + 1, "%s %s", key->name, key->fingerprint);
}

/* --- For libcrypto --- */

/* Is this coordinate longer than half of the order's 256 bits, and below the order less one? What is not is nobody's key:
 * OpenSSH refuses it too (sshkey_ec_validate_public). That the point is of that order follows from its being on the curve,
 * whose cofactor is 1 (SEC 2, 2.4.2). */
static bool is_usual(const uint8_t *coordinate)
{
	static const uint8_t zero[COORDINATE_LEN / 2];
	static const uint8_t most[COORDINATE_LEN] = { /* the order less one */
		0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x50 };

	return memcmp(coordinate, zero, sizeof(zero)) != 0 && memcmp(coordinate, most, sizeof(most)) < 0;
}

static OSSL_PARAM *curve_params(const struct cs_ssh_key *key)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	if (builder != NULL &&
	    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, key->point, key->n_point) == 1)
		params = OSSL_PARAM_BLD_to_param(builder);
	OSSL_PARAM_BLD_free(builder);
	return params;
}

static EVP_PKEY *load_curve(const struct cs_ssh_key *key)
{
	bool usual = is_usual(key->point + 1) && is_usual(key->point + 1 + COORDINATE_LEN);
	OSSL_PARAM *params = usual ? curve_params(key) : NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *loaded = NULL;
	if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &loaded, EVP_PKEY_PUBLIC_KEY, params) != 1)
		loaded = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return loaded;
}

EVP_PKEY *ssh_key_load(const struct cs_ssh_key *key)
{
	if (key->type == CS_SSH_OTHER)
		return NULL;
	return kinds[key->type].curve ? load_curve(key)
				      : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->point, key->n_point);
}

int cs_ssh_key_may_sign(const struct cs_ssh_key *key)
{
	EVP_PKEY *loaded = ssh_key_load(key);
	int may = loaded != NULL;
	EVP_PKEY_free(loaded);
	return may;
}
