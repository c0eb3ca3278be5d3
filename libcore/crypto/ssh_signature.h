/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures as `ssh-keygen -Y sign` makes them (OpenSSH's PROTOCOL.sshsig), and the host's own. A signature is for one
 * namespace, so that no kind of statement can stand for another (A121). */
#ifndef CS_CRYPTO_SSH_SIGNATURE_H
#define CS_CRYPTO_SSH_SIGNATURE_H

#include "buf.h"
#include "file.h"
#include "ssh_key.h"

enum {
	CS_SSH_SIGNATURE_MAX = 4096, /* bytes of a signature */
	CS_SSH_ARMORED_MAX = 8192    /* and as text */
};

/* Between "-----BEGIN SSH SIGNATURE-----" and its END line stands base64 in lines; what is around them is an error.
 * Appends the signature's bytes. 0; CS_EPROTO; CS_ETOOBIG; CS_ENOMEM. */
int cs_ssh_unarmor(const char *text, size_t n, struct cs_buf *out);
/* And back, as ssh-keygen reads it. 0; CS_ETOOBIG; CS_ENOMEM. */
int cs_ssh_armor(const uint8_t *signature, size_t n, struct cs_buf *out);

/* Is this the signature of somebody over the message, in this namespace? Whose the key is, the caller has to ask. Taken
 * are sha256 and sha512; of keys those that may sign; of FIDO2 ones only what a person was present for. Everything has
 * one form: what is left over, padded, of another version or with a reserved field is refused.
 * 0 with *ret_key; CS_EPROTO: it is no such signature; CS_EPERM: not of this message in this namespace; CS_ENOMEM. *ret_why
 * (may be NULL) is a static text on failure. */
int cs_ssh_verify(const uint8_t *signature, size_t n, const char *name_space, const void *message, size_t n_message,
	struct cs_ssh_key *ret_key, const char **ret_why);

/* The host's own ed25519 key, in a file of PKCS #8 (PEM) that nobody else may read. */
struct cs_host_key;
/* Reads it; where there is no file, makes it (mode 0600). 0, or what cs_file_read says, CS_EPROTO, CS_EIO, CS_ENOMEM with
 * problem set. */
int cs_host_key_open(const char *path, struct cs_host_key **ret_key, struct cs_problem *problem);
/* One that is kept nowhere; for tests. 0, CS_ENOMEM. */
int cs_host_key_make(struct cs_host_key **ret_key);
void cs_host_key_free(struct cs_host_key **key);
/* Its public half as in authorized_keys: "ssh-ed25519 AAAA…". The key's. */
const char *cs_host_key_public(const struct cs_host_key *key);
/* Appends its signature (sha512) over the message. 0, CS_ETOOBIG, CS_ENOMEM. */
int cs_ssh_sign(const struct cs_host_key *key, const char *name_space, const void *message, size_t n,
	struct cs_buf *out);

#endif
