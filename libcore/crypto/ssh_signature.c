/* SPDX-License-Identifier: Apache-2.0 */
/* SSHSIG: reading and checking. */
#include "ssh_signature.h"
#include "base64.h"
#include "ssh_internal.h"

#include <string.h>

#include <countersign/error.h>
#include <openssl/bn.h>
#include <openssl/ec.h>

enum { MAGIC_LEN = 6, VERSION = 1, HASH_MAX = 64, ED25519_LEN = 64, MPINT_MAX = 33, DER_MAX = 80, PRESENT = 0x01 };
enum { NAMESPACE_MAX = 256 };
static const char magic[] = "SSHSIG";

/* What stands in a signature; the strings point into it. */
struct parts {
	struct cs_ssh_key key;
	const uint8_t *name_space, *bytes; /* bytes: of ed25519, or the two numbers of ecdsa */
	size_t n_name_space, n_bytes;
	const char *hash; /* of ours */
	uint8_t flags;    /* sk- only, and the next */
	uint32_t counter;
};

static bool is_text(const uint8_t *bytes, size_t n, const char *text)
{
	return n == strlen(text) && memcmp(bytes, text, n) == 0;
}

/* --- Reading --- */

/* string kind, string bytes, and of sk- the flags and the counter (PROTOCOL.u2f). */
static int read_inner(const uint8_t *inner, size_t n, struct parts *parts)
{
	const uint8_t *kind = NULL;
	size_t n_kind = 0;
	struct cs_cursor cur;
	cs_cursor_init(&cur, inner, n);
	cs_cursor_string(&cur, CS_SSH_NAME_MAX, &kind, &n_kind);
	cs_cursor_string(&cur, CS_SSH_SIGNATURE_MAX, &parts->bytes, &parts->n_bytes);
	if (cs_ssh_key_is_hardware(&parts->key)) {
		parts->flags = cs_cursor_u8(&cur);
		parts->counter = cs_cursor_u32(&cur);
	}
	if (cs_cursor_end(&cur) != 0 || !is_text(kind, n_kind, ssh_type_name(parts->key.type)))
		return CS_EPROTO;
	return 0;
}

static int read_outer(struct cs_cursor *cur, struct parts *parts, const char **why)
{
	const uint8_t *key = NULL, *reserved = NULL, *hash = NULL, *inner = NULL;
	size_t n_key = 0, n_reserved = 0, n_hash = 0, n_inner = 0;
	cs_cursor_string(cur, CS_SSH_BLOB_MAX, &key, &n_key);
	cs_cursor_string(cur, NAMESPACE_MAX, &parts->name_space, &parts->n_name_space);
	cs_cursor_string(cur, 0, &reserved, &n_reserved);
	cs_cursor_string(cur, HASH_MAX, &hash, &n_hash);
	cs_cursor_string(cur, CS_SSH_SIGNATURE_MAX, &inner, &n_inner);
	if (cs_cursor_end(cur) != 0)
		return CS_EPROTO;
	int r = cs_ssh_key_read(key, n_key, &parts->key);
	if (r != 0)
		return r == CS_ENOMEM ? r : CS_EPROTO;
	if (parts->key.type == CS_SSH_OTHER) {
		*why = "it is made with a kind of key that is not taken; use ed25519, ecdsa-p256 or a FIDO2 key of "
		       "these";
		return CS_EPROTO;
	}
	parts->hash = is_text(hash, n_hash, "sha512") ? "SHA512" : is_text(hash, n_hash, "sha256") ? "SHA256" : NULL;
	return parts->hash != NULL ? read_inner(inner, n_inner, parts) : CS_EPROTO;
}

static int read_parts(const uint8_t *signature, size_t n, struct parts *parts, const char **why)
{
	struct cs_cursor cur;
	uint8_t start[MAGIC_LEN];
	*why = "it is no signature of ssh-keygen -Y sign, or of a kind that is not taken";
	if (n > CS_SSH_SIGNATURE_MAX)
		return CS_EPROTO;
	cs_cursor_init(&cur, signature, n);
	cs_cursor_bytes(&cur, start, sizeof(start));
	if (memcmp(start, magic, sizeof(start)) != 0 || cs_cursor_u32(&cur) != VERSION)
		return CS_EPROTO;
	return read_outer(&cur, parts, why);
}

/* --- What was signed --- */

static int put_hashed(const char *hash, const void *message, size_t n, struct cs_buf *out)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	size_t n_digest = 0;
	if (EVP_Q_digest(NULL, hash, NULL, message, n, digest, &n_digest) != 1)
		return CS_ENOMEM;
	cs_buf_put_string(out, digest, n_digest);
	return cs_buf_error(out);
}

int ssh_signed_bytes(const char *name_space, const char *hash, const void *message, size_t n, struct cs_buf *out)
{
	cs_buf_put(out, magic, MAGIC_LEN);
	cs_buf_put_cstr(out, name_space);
	cs_buf_put_cstr(out, ""); /* reserved */
	cs_buf_put_cstr(out, strcmp(hash, "SHA512") == 0 ? "sha512" : "sha256");
	return put_hashed(hash, message, n, out);
}

/* What an authenticator signs: hash of the application, flags, counter, hash of the message (PROTOCOL.u2f). */
static int put_authenticated(const struct parts *parts, const struct cs_buf *message, struct cs_buf *out)
{
	uint8_t application[32], digest[32];
	size_t n = 0;
	if (EVP_Q_digest(NULL, "SHA256", NULL, parts->key.application, strlen(parts->key.application), application,
			 &n) != 1 ||
	    EVP_Q_digest(NULL, "SHA256", NULL, message->data, message->len, digest, &n) != 1)
		return CS_ENOMEM;
	cs_buf_put(out, application, sizeof(application));
	cs_buf_put_u8(out, parts->flags);
	cs_buf_put_u32(out, parts->counter);
	cs_buf_put(out, digest, sizeof(digest));
	return cs_buf_error(out);
}

/* --- Checking --- */

/* A positive number in its one form (RFC 4251 section 5: no byte more than its sign needs). */
static BIGNUM *read_mpint(struct cs_cursor *cur)
{
	const uint8_t *bytes = NULL;
	size_t n = 0;
	cs_cursor_string(cur, MPINT_MAX, &bytes, &n);
	if (n == 0 || (bytes[0] & 0x80) != 0 || (bytes[0] == 0 && (n == 1 || (bytes[1] & 0x80) == 0))) {
		cur->error = cur->error != 0 ? cur->error : CS_EPROTO;
		return NULL;
	}
	return BN_bin2bn(bytes, (int)n, NULL);
}

/* The two numbers of ecdsa in the form that libcrypto takes. */
static int curve_der(const struct parts *parts, uint8_t ret_der[DER_MAX], size_t *ret_n)
{
	struct cs_cursor cur;
	cs_cursor_init(&cur, parts->bytes, parts->n_bytes);
	BIGNUM *first = read_mpint(&cur), *second = read_mpint(&cur);
	ECDSA_SIG *pair = ECDSA_SIG_new();
	int r = cs_cursor_end(&cur) != 0 ? CS_EPROTO : CS_ENOMEM;
	if (r == CS_ENOMEM && first != NULL && second != NULL && pair != NULL &&
	    ECDSA_SIG_set0(pair, first, second) == 1) {
		unsigned char *at = ret_der;
		int n = 0;
		first = second = NULL; /* the pair's now */
		n = i2d_ECDSA_SIG(pair, NULL);
		if (n > 0 && n <= DER_MAX && i2d_ECDSA_SIG(pair, &at) == n) {
			*ret_n = (size_t)n;
			r = 0;
		}
	}
	BN_free(first);
	BN_free(second);
	ECDSA_SIG_free(pair);
	return r;
}

static int check(const struct cs_ssh_key *key, bool curve, const uint8_t *signature, size_t n,
	const struct cs_buf *message)
{
	EVP_PKEY *loaded = ssh_key_load(key);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int r = loaded == NULL ? CS_EPROTO : CS_ENOMEM;
	if (loaded != NULL && ctx != NULL &&
	    EVP_DigestVerifyInit_ex(ctx, NULL, curve ? "SHA256" : NULL, NULL, NULL, loaded, NULL) == 1)
		r = EVP_DigestVerify(ctx, signature, n, message->data, message->len) == 1 ? 0 : CS_EPERM;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(loaded);
	return r;
}

static int check_bytes(const struct parts *parts, const struct cs_buf *message)
{
	uint8_t der[DER_MAX];
	size_t n_der = 0;
	if (parts->key.type == CS_SSH_ED25519 || parts->key.type == CS_SSH_SK_ED25519)
		return parts->n_bytes != ED25519_LEN
			       ? CS_EPROTO
			       : check(&parts->key, false, parts->bytes, parts->n_bytes, message);
	int r = curve_der(parts, der, &n_der);
	return r != 0 ? r : check(&parts->key, true, der, n_der, message);
}

static int check_parts(const struct parts *parts, const char *name_space, const void *message, size_t n)
{
	struct cs_buf plain, touched;
	cs_buf_init(&plain, 1024);
	cs_buf_init(&touched, 128);
	int r = ssh_signed_bytes(name_space, parts->hash, message, n, &plain);
	if (r == 0 && cs_ssh_key_is_hardware(&parts->key))
		r = put_authenticated(parts, &plain, &touched);
	if (r == 0)
		r = check_bytes(parts, touched.len > 0 ? &touched : &plain);
	cs_buf_clear(&plain);
	cs_buf_clear(&touched);
	return r;
}

int cs_ssh_verify(const uint8_t *signature, size_t n, const char *name_space, const void *message, size_t n_message,
	struct cs_ssh_key *ret_key, const char **ret_why)
{
	struct parts parts = { 0 };
	const char *why = NULL;
	int r = read_parts(signature, n, &parts, &why);
	if (r == 0 && !is_text(parts.name_space, parts.n_name_space, name_space)) {
		why = "it is a signature for something else: its namespace is another";
		r = CS_EPERM;
	}
	if (r == 0 && cs_ssh_key_is_hardware(&parts.key) && (parts.flags & PRESENT) == 0) {
		why = "nobody touched the key for it";
		r = CS_EPERM;
	}
	if (r == 0) {
		r = check_parts(&parts, name_space, message, n_message);
		why = r == CS_EPERM ? "it is not the signature of these words with this key" : why;
	}
	if (r == 0)
		*ret_key = parts.key;
	else if (ret_why != NULL)
		*ret_why = r == CS_ENOMEM ? cs_strerror(r) : why;
	return r;
}
