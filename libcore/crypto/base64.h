/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648 section 4) in its one canonical form: nothing but the alphabet, padded, and no bit that says
 * nothing is set, so that two texts never mean the same bytes. */
#ifndef CS_CRYPTO_BASE64_H
#define CS_CRYPTO_BASE64_H

#include "buf.h"

/* Appends the n characters at text as bytes. 0; CS_EPROTO: it is no base64; CS_ETOOBIG, CS_ENOMEM. */
int cs_base64_read(const char *text, size_t n, struct cs_buf *out);

/* Appends bytes as text. 0, CS_ETOOBIG, CS_ENOMEM. */
int cs_base64_write(const uint8_t *bytes, size_t n, struct cs_buf *out);

#endif
