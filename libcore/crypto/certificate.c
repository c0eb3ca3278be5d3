/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a certificate through libcrypto. */
#include "certificate.h"
#include "mem.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <countersign/error.h>
#include <openssl/bio.h>
#include <openssl/x509v3.h>

enum { NAMES_MAX = 256 };

static int name_text(const X509_NAME *name, char **ret_text)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data = NULL;
	int r = CS_ENOMEM;
	if (bio != NULL && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0) {
		long n = BIO_get_mem_data(bio, &data);
		char *text = n >= 0 ? strndup(n > 0 ? data : "", (size_t)n) : NULL;
		if (text != NULL) {
			free(*ret_text);
			*ret_text = text;
			r = 0;
		}
	}
	BIO_free(bio);
	return r;
}

static int64_t seconds(const ASN1_TIME *time)
{
	struct tm tm;
	return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static int add_name(const GENERAL_NAME *name, struct cs_certificate *certificate)
{
	char text[256] = "";
	const ASN1_STRING *value = name->type == GEN_DNS ? name->d.dNSName : name->d.iPAddress;
	const unsigned char *bytes = ASN1_STRING_get0_data(value);
	int n = ASN1_STRING_length(value);
	if (name->type == GEN_IPADD)
		(void)inet_ntop(n == 4 ? AF_INET : AF_INET6, bytes, text, sizeof(text));
	else if (n > 0 && (size_t)n < sizeof(text))
		memcpy(text, bytes, (size_t)n);
	return *text != '\0' ? cs_strv_add(&certificate->names, &certificate->n_names, text) : 0;
}

static int read_names(X509 *x, struct cs_certificate *certificate)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	int r = 0;
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && i < NAMES_MAX && r == 0; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		int n = name->type == GEN_IPADD ? ASN1_STRING_length(name->d.iPAddress) : 0;
		if (name->type == GEN_DNS || n == 4 || n == 16)
			r = add_name(name, certificate);
	}
	GENERAL_NAMES_free(names);
	return r;
}

int cs_certificate_read(const uint8_t *der, size_t n, const char *host, struct cs_certificate *ret_certificate)
{
	struct cs_certificate certificate = {0};
	const unsigned char *at = der;
	X509 *x = n <= LONG_MAX ? d2i_X509(NULL, &at, (long)n) : NULL;
	if (x == NULL)
		return CS_EPROTO;
	int r = name_text(X509_get_subject_name(x), &certificate.subject);
	if (r == 0)
		r = name_text(X509_get_issuer_name(x), &certificate.issuer);
	if (r == 0)
		r = read_names(x, &certificate);
	certificate.from_s = seconds(X509_get0_notBefore(x));
	certificate.until_s = seconds(X509_get0_notAfter(x));
	certificate.self_signed = X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) == 0;
	certificate.for_host = X509_check_host(x, host, 0, 0, NULL) == 1 || X509_check_ip_asc(x, host, 0) == 1;
	X509_free(x);
	if (r != 0)
		cs_certificate_clear(&certificate);
	else
		*ret_certificate = certificate;
	return r;
}

void cs_certificate_clear(struct cs_certificate *certificate)
{
	free(certificate->subject);
	free(certificate->issuer);
	cs_free_strv(&certificate->names, &certificate->n_names);
	*certificate = (struct cs_certificate){0};
}
