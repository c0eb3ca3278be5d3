/* SPDX-License-Identifier: Apache-2.0 */
/* What to do about what a look at a directory server found: one sentence for each trouble. */
#ifndef CS_COMMAND_DIRECTORY_HINTS_H
#define CS_COMMAND_DIRECTORY_HINTS_H

#include "certificate.h"
#include "conf.h"
#include "probe.h"

/* What the sentences speak of. */
struct cs_hint {
	const struct cs_conf_section *section; /* the configuration's */
	const struct cs_settings *settings;
	const char *uri;
	const char *about;
	const struct cs_certificate *certificate; /* NULL: none was shown */
	int64_t now_s;
};

enum { CS_CERTIFICATE_DAYS = 30 }; /* a certificate with less time left is worth a word */

/* The host of a URI, without port and brackets, into 256 bytes. */
void cs_uri_host(const char *uri, char ret_host[256]);
/* Which trouble a server's certificate is, in words of its own, when the server was refused for it or is not. */
const char *cs_certificate_trouble(const struct cs_hint *hint, bool refused);
/* Days until it ends, rounded down; negative when it is over. */
int64_t cs_certificate_days(const struct cs_hint *hint);
/* The sentence, allocated; "" where the word has none; NULL when out of memory. */
char *cs_hint_text(const char *trouble, const struct cs_hint *hint);

#endif
