/* SPDX-License-Identifier: Apache-2.0 */
/* A signer in software, made with libcrypto alone and nothing of ours: keys of the four kinds that may sign, and
 * signatures as ssh-keygen and, for the sk- kinds, a FIDO2 authenticator make them (PROTOCOL.sshsig, PROTOCOL.u2f). */
#ifndef CS_TEST_SSH_SIGNER_H
#define CS_TEST_SSH_SIGNER_H

#include "base64.h"
#include "buf.h"
#include "ssh_key.h"
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIGNER_PRESENT = 0x01, SIGNER_VERIFIED = 0x04 };

struct signer {
	enum cs_ssh_type type;
	EVP_PKEY *pair;
	struct cs_buf blob;    /* the public key */
	char line[512];        /* the same as in authorized_keys */
	struct cs_ssh_key key; /* and as the program under test reads it */
	uint32_t counter;      /* of the authenticator */
	uint8_t flags;         /* what it says of the person: SIGNER_PRESENT */
	const char *hash;      /* "sha512" */
};

static const char *const signer_names[] = { [CS_SSH_ED25519] = "ssh-ed25519", [CS_SSH_ECDSA] = "ecdsa-sha2-nistp256",
	[CS_SSH_SK_ED25519] = "sk-ssh-ed25519@openssh.com",
	[CS_SSH_SK_ECDSA] = "sk-ecdsa-sha2-nistp256@openssh.com" };

static inline void signer_need(int holds)
{
	if (!holds) {
		(void)fputs("the test's own signer failed\n", stderr);
		abort();
	}
}

static inline int signer_is_curve(const struct signer *signer)
{
	return signer->type == CS_SSH_ECDSA || signer->type == CS_SSH_SK_ECDSA;
}

static inline int signer_is_hardware(const struct signer *signer)
{
	return signer->type == CS_SSH_SK_ED25519 || signer->type == CS_SSH_SK_ECDSA;
}

static inline void signer_public(struct signer *signer)
{
	uint8_t point[65];
	size_t n = sizeof(point);
	struct cs_buf text;

	cs_buf_init(&signer->blob, 1024);
	cs_buf_put_cstr(&signer->blob, signer_names[signer->type]);
	if (signer_is_curve(signer)) {
		signer_need(EVP_PKEY_get_octet_string_param(signer->pair, OSSL_PKEY_PARAM_PUB_KEY, point, n, &n) == 1);
		cs_buf_put_cstr(&signer->blob, "nistp256");
	} else {
		signer_need(EVP_PKEY_get_raw_public_key(signer->pair, point, &n) == 1);
	}
	cs_buf_put_string(&signer->blob, point, n);
	if (signer_is_hardware(signer))
		cs_buf_put_cstr(&signer->blob, "ssh:");
	cs_buf_init(&text, 1024);
	signer_need(cs_buf_error(&signer->blob) == 0 &&
		    cs_base64_write(signer->blob.data, signer->blob.len, &text) == 0);
	(void)snprintf(signer->line, sizeof(signer->line), "%s %.*s", signer_names[signer->type], (int)text.len,
		(const char *)text.data);
	cs_buf_clear(&text);
}

static inline void signer_make(struct signer *signer, enum cs_ssh_type type)
{
	*signer = (struct signer){ .type = type, .flags = SIGNER_PRESENT, .hash = "sha512", .counter = 7 };
	signer->pair = signer_is_curve(signer) ? EVP_EC_gen("P-256") : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	signer_need(signer->pair != NULL);
	signer_public(signer);
	signer_need(cs_ssh_key_read(signer->blob.data, signer->blob.len, &signer->key) == 0);
}

static inline void signer_clear(struct signer *signer)
{
	EVP_PKEY_free(signer->pair);
	cs_buf_clear(&signer->blob);
	*signer = (struct signer){ 0 };
}

static inline void signer_hash(const char *name, const void *bytes, size_t n, struct cs_buf *out)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	size_t n_digest = 0;

	signer_need(EVP_Q_digest(NULL, name, NULL, bytes, n, digest, &n_digest) == 1);
	cs_buf_put(out, digest, n_digest);
}

static inline void signer_put_number(const BIGNUM *number, struct cs_buf *out)
{
	uint8_t bytes[33] = { 0 };
	int n = BN_num_bytes(number), sign = BN_num_bits(number) % 8 == 0;

	signer_need(n > 0 && n <= 32 && BN_bn2bin(number, bytes + sign) == n);
	cs_buf_put_string(out, bytes, (size_t)(n + sign));
}

/* The bytes that libcrypto signs, as they stand in a signature. */
static inline void signer_raw(const struct signer *signer, const void *bytes, size_t n, struct cs_buf *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t raw[128];
	size_t n_raw = sizeof(raw);

	signer_need(ctx && EVP_DigestSignInit_ex(ctx, NULL, signer_is_curve(signer) ? "SHA256" : NULL, NULL, NULL,
				   signer->pair, NULL) == 1 &&
		    EVP_DigestSign(ctx, raw, &n_raw, bytes, n) == 1);
	EVP_MD_CTX_free(ctx);
	if (signer_is_curve(signer)) {
		const unsigned char *at = raw;
		ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)n_raw);

		signer_need(pair != NULL);
		signer_put_number(ECDSA_SIG_get0_r(pair), out);
		signer_put_number(ECDSA_SIG_get0_s(pair), out);
		ECDSA_SIG_free(pair);
	} else {
		cs_buf_put(out, raw, n_raw);
	}
}

/* Appends the signature over the message in the namespace. */
static inline void signer_sign(struct signer *signer, const char *name_space, const void *message, size_t n,
	struct cs_buf *out)
{
	struct cs_buf plain, hashed, raw, inner;

	cs_buf_init(&plain, 4096);
	cs_buf_init(&hashed, 256);
	cs_buf_init(&raw, 256);
	cs_buf_init(&inner, 512);
	cs_buf_put(&plain, "SSHSIG", 6);
	cs_buf_put_cstr(&plain, name_space);
	cs_buf_put_cstr(&plain, "");
	cs_buf_put_cstr(&plain, signer->hash);
	signer_hash(signer->hash, message, n, &hashed);
	cs_buf_put_string(&plain, hashed.data, hashed.len);
	if (signer_is_hardware(signer)) {
		struct cs_buf whole = plain;

		cs_buf_init(&plain, 256);
		signer_hash("SHA256", "ssh:", 4, &plain);
		cs_buf_put_u8(&plain, signer->flags);
		cs_buf_put_u32(&plain, ++signer->counter);
		signer_hash("SHA256", whole.data, whole.len, &plain);
		cs_buf_clear(&whole);
	}
	signer_raw(signer, plain.data, plain.len, &raw);
	cs_buf_put_cstr(&inner, signer_names[signer->type]);
	cs_buf_put_string(&inner, raw.data, raw.len);
	if (signer_is_hardware(signer)) {
		cs_buf_put_u8(&inner, signer->flags);
		cs_buf_put_u32(&inner, signer->counter);
	}
	cs_buf_put(out, "SSHSIG", 6);
	cs_buf_put_u32(out, 1);
	cs_buf_put_string(out, signer->blob.data, signer->blob.len);
	cs_buf_put_cstr(out, name_space);
	cs_buf_put_cstr(out, "");
	cs_buf_put_cstr(out, signer->hash);
	cs_buf_put_string(out, inner.data, inner.len);
	signer_need(cs_buf_error(&plain) == 0 && cs_buf_error(&inner) == 0 && cs_buf_error(out) == 0);
	cs_buf_clear(&plain);
	cs_buf_clear(&hashed);
	cs_buf_clear(&raw);
	cs_buf_clear(&inner);
}

#endif
