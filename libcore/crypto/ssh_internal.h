/* SPDX-License-Identifier: Apache-2.0 */
/* What keys and signatures share. */
#ifndef CS_CRYPTO_SSH_INTERNAL_H
#define CS_CRYPTO_SSH_INTERNAL_H

#include "buf.h"
#include "ssh_key.h"

#include <openssl/evp.h>

#define CURVE_NAME "nistp256"

/* The key for libcrypto, which says whether its point is one of its curve. NULL when not, and when there is no memory. */
EVP_PKEY *ssh_key_load(const struct cs_ssh_key *key);
/* The name of a kind that may sign. */
const char *ssh_type_name(enum cs_ssh_type type);
/* Appends what a signature is over: "SSHSIG", the namespace, nothing reserved, the hash ("SHA256" or "SHA512"), the hash of
 * the message. 0, CS_ETOOBIG, CS_ENOMEM. */
int ssh_signed_bytes(const char *name_space, const char *hash, const void *message, size_t n, struct cs_buf *out);

#endif
