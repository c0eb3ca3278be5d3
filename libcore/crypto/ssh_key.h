/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSH public keys: RFC 4253 section 6.6, RFC 8709 (ed25519), RFC 5656 (ecdsa), OpenSSH's PROTOCOL.u2f (sk-), and the
 * lines of authorized_keys in sshd(8). Every kind has a fingerprint; four may sign. */
#ifndef CS_CRYPTO_SSH_KEY_H
#define CS_CRYPTO_SSH_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CS_SSH_LINE_MAX = 16384,    /* bytes of a line */
	CS_SSH_BLOB_MAX = 8192,     /* bytes of a key */
	CS_SSH_NAME_MAX = 64,       /* of a kind's name */
	CS_SSH_APPLICATION_MAX = 255, /* of what a FIDO2 key is for: "ssh:" */
	CS_SSH_POINT_MAX = 65,
	CS_SSH_FINGERPRINT_LEN = 50 /* "SHA256:" and 43 characters */
};

/* Zero may not sign. */
enum cs_ssh_type {
	CS_SSH_OTHER = 0,  /* any other kind: only compared, by its fingerprint */
	CS_SSH_ED25519,    /* ssh-ed25519 */
	CS_SSH_ECDSA,      /* ecdsa-sha2-nistp256 */
	CS_SSH_SK_ED25519, /* sk-ssh-ed25519@openssh.com: lives in a FIDO2 authenticator */
	CS_SSH_SK_ECDSA    /* sk-ecdsa-sha2-nistp256@openssh.com */
};

/* Nothing is allocated. */
struct cs_ssh_key {
	enum cs_ssh_type type;
	char name[CS_SSH_NAME_MAX + 1];
	char fingerprint[CS_SSH_FINGERPRINT_LEN + 1]; /* as ssh-keygen -l prints it */
	uint8_t point[CS_SSH_POINT_MAX];
	size_t n_point;
	char application[CS_SSH_APPLICATION_MAX + 1]; /* sk- only */
};

/* A key as it stands in a signature or in an agent. The form of those that may sign is checked to the last byte; of the
 * others only that a kind's name is first. 0; CS_EPROTO; CS_ETOOBIG; CS_ENOMEM. */
int cs_ssh_key_read(const uint8_t *blob, size_t n, struct cs_ssh_key *ret_key);

/* A line of authorized_keys, which may begin with options and end with a comment; also what directories keep in
 * sshPublicKey. The kind that the line names has to be the key's. As cs_ssh_key_read. */
int cs_ssh_key_read_line(const char *line, struct cs_ssh_key *ret_key);

/* 1 when it is of a kind that may sign and its point is one of its curve (of ed25519 that shows with the first
 * signature); else 0. */
int cs_ssh_key_may_sign(const struct cs_ssh_key *key);

/* It lives in a FIDO2 authenticator: a person has to touch it for every signature. */
bool cs_ssh_key_is_hardware(const struct cs_ssh_key *key);

/* "ssh-ed25519 SHA256:…", as people are told of a key. */
#define CS_SSH_TITLE_MAX (CS_SSH_NAME_MAX + 1 + CS_SSH_FINGERPRINT_LEN)
void cs_ssh_key_title(const struct cs_ssh_key *key, char ret_title[CS_SSH_TITLE_MAX + 1]);

#endif
