/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 and random numbers through libcrypto and the kernel. */
#include "crypto.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <countersign/error.h>

#define CHUNK (64u * 1024u)

static bool add_string(EVP_MD_CTX *ctx, const void *bytes, size_t n)
{
	const uint8_t length[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
	return EVP_DigestUpdate(ctx, length, sizeof(length)) == 1 && (n == 0 || EVP_DigestUpdate(ctx, bytes, n) == 1);
}

static EVP_MD_CTX *start(void)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	if (ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

static int finish(EVP_MD_CTX *ctx, uint8_t ret_digest[CS_SHA256_LEN])
{
	uint8_t digest[CS_SHA256_LEN];
	unsigned n = 0;
	if (EVP_DigestFinal_ex(ctx, digest, &n) != 1 || n != sizeof(digest))
		return CS_ENOMEM;
	memcpy(ret_digest, digest, sizeof(digest));
	return 0;
}

int cs_digest(const char *domain, const void *bytes, size_t n, uint8_t ret_digest[CS_SHA256_LEN])
{
	/* The length field has 32 bits; a longer text would not be told from a shorter one. */
	if (n > UINT32_MAX || strlen(domain) > UINT32_MAX)
		return CS_EINVAL;
	EVP_MD_CTX *ctx = start();
	if (ctx == NULL)
		return CS_ENOMEM;
	int r = CS_ENOMEM;
	if (add_string(ctx, domain, strlen(domain)) && add_string(ctx, bytes, n))
		r = finish(ctx, ret_digest);
	EVP_MD_CTX_free(ctx);
	return r;
}

struct cs_hash {
	EVP_MD_CTX *ctx;
	uint8_t *chunk;
	uint64_t max, total;
	int fd;
};

void cs_hash_free(struct cs_hash **hash)
{
	if (*hash == NULL)
		return;
	EVP_MD_CTX_free((*hash)->ctx);
	free((*hash)->chunk);
	free(*hash);
	*hash = NULL;
}

int cs_hash_new(int fd, uint64_t max, struct cs_hash **ret_hash)
{
	struct stat st;
	struct cs_hash *hash = NULL;

	if (fstat(fd, &st) != 0)
		return CS_EIO;
	if (!S_ISREG(st.st_mode))
		return CS_EINVAL;
	if ((uint64_t)st.st_size > max)
		return CS_ETOOBIG;
	hash = calloc(1, sizeof(*hash));
	if (hash == NULL)
		return CS_ENOMEM;
	hash->fd = fd;
	hash->max = max;
	hash->ctx = start();
	hash->chunk = malloc(CHUNK);
	if (hash->ctx == NULL || hash->chunk == NULL) {
		cs_hash_free(&hash);
		return CS_ENOMEM;
	}
	*ret_hash = hash;
	return 0;
}

/* A file that grows while it is read is still held to max. */
int cs_hash_step(struct cs_hash *hash, uint64_t bytes, uint8_t ret_digest[CS_SHA256_LEN])
{
	uint64_t done = 0;

	while (done < bytes) {
		ssize_t n = pread(hash->fd, hash->chunk, CHUNK, (off_t)hash->total);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return CS_EIO;
		if (n == 0) {
			int r = finish(hash->ctx, ret_digest);
			return r < 0 ? r : 1;
		}
		if ((uint64_t)n > hash->max - hash->total)
			return CS_ETOOBIG;
		hash->total += (uint64_t)n;
		done += (uint64_t)n;
		if (EVP_DigestUpdate(hash->ctx, hash->chunk, (size_t)n) != 1)
			return CS_ENOMEM;
	}
	return 0;
}

int cs_digest_fd(int fd, uint64_t max, uint8_t ret_digest[CS_SHA256_LEN])
{
	struct cs_hash *hash = NULL;
	int r = cs_hash_new(fd, max, &hash);

	if (r == 0)
		r = cs_hash_step(hash, UINT64_MAX, ret_digest);
	cs_hash_free(&hash);
	return r < 0 ? r : 0;
}

int cs_random(void *ret_bytes, size_t n)
{
	uint8_t *at = ret_bytes;
	while (n > 0) {
		ssize_t got = getrandom(at, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			/* Nobody may take what is there already for a random number. */
			memset(ret_bytes, 0, (size_t)(at - (uint8_t *)ret_bytes));
			return CS_EIO;
		}
		at += got;
		n -= (size_t)got;
	}
	return 0;
}

int cs_equal_secret(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}
