/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes and random numbers: the one place that knows libcrypto. Never linked into a module. */
#ifndef CS_CRYPTO_H
#define CS_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

#define CS_SHA256_LEN 32

/* SHA-256 over string(domain) followed by string(bytes), both in RFC 4251 encoding, so that no two kinds of object
 * can share a digest. 0, CS_ENOMEM. */
int cs_digest(const char *domain, const void *bytes, size_t n, uint8_t ret_digest[CS_SHA256_LEN]);

/* SHA-256 over the content of an open regular file, read with pread from 0 to at most max bytes, without moving its
 * offset. 0, CS_EIO, CS_ETOOBIG, CS_ENOMEM, CS_EINVAL (not a regular file). */
int cs_digest_fd(int fd, uint64_t max, uint8_t ret_digest[CS_SHA256_LEN]);

/* The same in slices, for who has something else to do meanwhile. fd stays the caller's and is open until the end.
 * cs_hash_step reads at most so many bytes more: 1 and *ret_digest: that was all of it; 0: there is more; errors as above, and
 * then it is of no more use. cs_hash_free accepts NULL and sets NULL. */
struct cs_hash;
int cs_hash_new(int fd, uint64_t max, struct cs_hash **ret_hash);
int cs_hash_step(struct cs_hash *hash, uint64_t bytes, uint8_t ret_digest[CS_SHA256_LEN]);
void cs_hash_free(struct cs_hash **hash);

/* Random bytes from getrandom(2). 0, CS_EIO. */
int cs_random(void *ret_bytes, size_t n);

/* 1 when equal, in time that does not depend on the content; else 0. */
int cs_equal_secret(const void *a, const void *b, size_t n);

#endif
