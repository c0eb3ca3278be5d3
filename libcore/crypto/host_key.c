/* SPDX-License-Identifier: Apache-2.0 */
/* The host's own key, and signing with it. */
#include "base64.h"
#include "mem.h"
#include "ssh_internal.h"
#include "ssh_signature.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <countersign/error.h>
#include <openssl/pem.h>

enum { FILE_MAX = 4096, PUBLIC_LEN = 32, SIGNATURE_LEN = 64 };

struct cs_host_key {
	EVP_PKEY *pair;
	struct cs_buf blob; /* of the public half */
	char *text;
};

void cs_host_key_free(struct cs_host_key **key)
{
	if (*key == NULL)
		return;
	EVP_PKEY_free((*key)->pair);
	cs_buf_clear(&(*key)->blob);
	free((*key)->text);
	free(*key);
	*key = NULL;
}

const char *cs_host_key_public(const struct cs_host_key *key)
{
	return key->text;
}

static int describe(struct cs_host_key *key)
{
	uint8_t point[PUBLIC_LEN];
	size_t n = sizeof(point);
	struct cs_buf text;
	if (EVP_PKEY_get_raw_public_key(key->pair, point, &n) != 1 || n != sizeof(point))
		return CS_ENOMEM;
	cs_buf_init(&text, CS_SSH_LINE_MAX);
	cs_buf_put_cstr(&key->blob, ssh_type_name(CS_SSH_ED25519));
	cs_buf_put_string(&key->blob, point, n);
	int r = cs_buf_error(&key->blob);
	if (r == 0)
		r = cs_base64_write(key->blob.data, key->blob.len, &text);
	if (r == 0)
		r = cs_format(&key->text, "%s %.*s", ssh_type_name(CS_SSH_ED25519), (int)text.len,
			(const char *)text.data);
	cs_buf_clear(&text);
	return r;
}

/* Takes the pair over, also on failure; NULL: there was no memory for it. */
static int key_new(EVP_PKEY *pair, struct cs_host_key **ret_key)
{
	struct cs_host_key *key = pair != NULL ? calloc(1, sizeof(*key)) : NULL;
	if (key == NULL) {
		EVP_PKEY_free(pair);
		return CS_ENOMEM;
	}
	key->pair = pair;
	cs_buf_init(&key->blob, CS_SSH_BLOB_MAX);
	int r = describe(key);
	if (r == 0) {
		*ret_key = key;
		return 0;
	}
	cs_host_key_free(&key);
	return r;
}

int cs_host_key_make(struct cs_host_key **ret_key)
{
	return key_new(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), ret_key);
}

/* --- The file --- */

/* There is never a prompt for a password: an encrypted file is one that cannot be read. */
static int no_password(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static int from_text(const char *path, const char *text, size_t n, struct cs_host_key **ret_key,
	struct cs_problem *problem)
{
	BIO *bio = BIO_new_mem_buf(text, (int)n);
	EVP_PKEY *pair = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
	BIO_free(bio);
	if (pair == NULL || EVP_PKEY_get_base_id(pair) != EVP_PKEY_ED25519) {
		EVP_PKEY_free(pair);
		cs_problem_set(problem, path, 0, "holds no ed25519 key (PKCS #8, PEM, no password); restore it, or move "
			"it away: a new one is made at the start, which no earlier receipt was signed with");
		return CS_EPROTO;
	}
	return key_new(pair, ret_key);
}

static int read_file(const char *path, struct cs_host_key **ret_key, struct cs_problem *problem)
{
	char *text = NULL;
	size_t n = 0;
	int r = cs_file_read(path, geteuid(), CS_FILE_SECRET, FILE_MAX, &text, &n, problem);
	if (r != 0)
		return r;
	r = from_text(path, text, n, ret_key, problem);
	explicit_bzero(text, n);
	free(text);
	return r;
}

static int write_pem(int fd, EVP_PKEY *pair)
{
	int copy = dup(fd);
	FILE *file = copy >= 0 ? fdopen(copy, "w") : NULL;
	if (file == NULL) {
		cs_close(&copy);
		return CS_EIO;
	}
	(void)setvbuf(file, NULL, _IONBF, 0); /* nothing of the key stays in a buffer */
	int wrote = PEM_write_PrivateKey(file, pair, NULL, NULL, 0, NULL, NULL);
	int closed = fclose(file);
	return wrote == 1 && closed == 0 && fsync(fd) == 0 ? 0 : CS_EIO;
}

/* Under another name first: a key is there whole or not at all. link() does not replace one that came meanwhile. */
static int make_file(const char *path, struct cs_problem *problem)
{
	struct cs_host_key *key = NULL;
	char *draft = NULL;
	int r = cs_format(&draft, "%s.new", path);
	if (r == 0)
		r = cs_host_key_make(&key);
	if (r == 0) {
		(void)unlink(draft);
		int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		r = fd >= 0 ? write_pem(fd, key->pair) : CS_EIO;
		cs_close(&fd);
		if (r == 0 && link(draft, path) != 0 && errno != EEXIST)
			r = CS_EIO;
		if (r != 0)
			cs_problem_set(problem, path, 0, "the host's key cannot be made there: %s",
				strerrordesc_np(errno));
		(void)unlink(draft);
	}
	cs_host_key_free(&key);
	free(draft);
	return r;
}

int cs_host_key_open(const char *path, struct cs_host_key **ret_key, struct cs_problem *problem)
{
	int r = 0;
	if (access(path, F_OK) != 0 && errno == ENOENT)
		r = make_file(path, problem);
	return r != 0 ? r : read_file(path, ret_key, problem);
}

/* --- Signing --- */

static int sign_bytes(const struct cs_host_key *key, const struct cs_buf *message, uint8_t ret_bytes[SIGNATURE_LEN])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = SIGNATURE_LEN;
	int r = CS_ENOMEM;
	if (ctx != NULL && EVP_DigestSignInit_ex(ctx, NULL, NULL, NULL, NULL, key->pair, NULL) == 1 &&
	    EVP_DigestSign(ctx, ret_bytes, &n, message->data, message->len) == 1 && n == SIGNATURE_LEN)
		r = 0;
	EVP_MD_CTX_free(ctx);
	return r;
}

static int put_signature(const struct cs_host_key *key, const char *name_space, const uint8_t bytes[SIGNATURE_LEN],
	struct cs_buf *out)
{
	struct cs_buf inner;
	cs_buf_init(&inner, CS_SSH_SIGNATURE_MAX);
	cs_buf_put_cstr(&inner, ssh_type_name(CS_SSH_ED25519));
	cs_buf_put_string(&inner, bytes, SIGNATURE_LEN);
	cs_buf_put(out, "SSHSIG", 6);
	cs_buf_put_u32(out, 1);
	cs_buf_put_string(out, key->blob.data, key->blob.len);
	cs_buf_put_cstr(out, name_space);
	cs_buf_put_cstr(out, "");
	cs_buf_put_cstr(out, "sha512");
	cs_buf_put_string(out, inner.data, inner.len);
	int r = cs_buf_error(&inner);
	cs_buf_clear(&inner);
	return r != 0 ? r : cs_buf_error(out);
}

int cs_ssh_sign(const struct cs_host_key *key, const char *name_space, const void *message, size_t n, struct cs_buf *out)
{
	uint8_t bytes[SIGNATURE_LEN];
	struct cs_buf plain;
	cs_buf_init(&plain, 1024);
	int r = ssh_signed_bytes(name_space, "SHA512", message, n, &plain);
	if (r == 0)
		r = sign_bytes(key, &plain, bytes);
	if (r == 0)
		r = put_signature(key, name_space, bytes, out);
	cs_buf_clear(&plain);
	return r;
}
