/* SPDX-License-Identifier: Apache-2.0 */
/* What a certificate says, for people: whether it is to be believed is decided elsewhere. */
#ifndef CS_CRYPTO_CERTIFICATE_H
#define CS_CRYPTO_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cs_certificate {
	char *subject, *issuer; /* as in RFC 2253 */
	char **names;           /* of hosts: DNS names, and addresses as text */
	size_t n_names;
	int64_t from_s, until_s; /* seconds since 1970 */
	bool self_signed;        /* issuer and subject are one */
	bool for_host;           /* it names the host that was asked for */
};

/* DER of n bytes; host: a DNS name or an address without brackets. 0; CS_EPROTO (it is no certificate), CS_ENOMEM.
 * Clear it. */
int cs_certificate_read(const uint8_t *der, size_t n, const char *host, struct cs_certificate *ret_certificate);
void cs_certificate_clear(struct cs_certificate *certificate);

#endif
