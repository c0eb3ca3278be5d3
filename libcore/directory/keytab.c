/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys of a keytab belong to a principal. */
#include "keytab.h"
#include "countersign/error.h"

#include <stdbool.h>
#include <string.h>

enum { HEAD = 2, NAME_MAX_BYTES = 512, COMPONENTS_MAX = 8 };

/* What is left of an entry. */
struct rest {
	const uint8_t *at;
	size_t n;
};

static int take_number(struct rest *rest, size_t size, uint32_t *ret_number)
{
	uint32_t number = 0;
	if (rest->n < size)
		return CS_EPROTO;
	for (size_t i = 0; i < size; i++)
		number = number << 8 | rest->at[i];
	rest->at += size;
	rest->n -= size;
	*ret_number = number;
	return 0;
}

/* Appends a counted text and then this byte. */
static int take_text(struct rest *rest, char *text, size_t *len, char end)
{
	uint32_t n = 0;
	int e = take_number(rest, 2, &n);
	if (e != 0 || n > rest->n || *len + n + 2 > NAME_MAX_BYTES)
		return CS_EPROTO;
	memcpy(text + *len, rest->at, n);
	*len += n;
	if (end != '\0')
		text[(*len)++] = end;
	text[*len] = '\0';
	rest->at += n;
	rest->n -= n;
	return 0;
}

/* "a/b@REALM"; ret_name has NAME_MAX_BYTES. */
static int read_name(const uint8_t *entry, size_t n, char *ret_name)
{
	struct rest rest = {entry, n};
	char realm[NAME_MAX_BYTES];
	size_t realm_len = 0, len = 0;
	uint32_t components = 0;
	int e = take_number(&rest, 2, &components);
	if (e == 0 && (components < 1 || components > COMPONENTS_MAX))
		e = CS_EPROTO;
	if (e == 0)
		e = take_text(&rest, realm, &realm_len, '\0');
	for (uint32_t i = 0; i < components && e == 0; i++)
		e = take_text(&rest, ret_name, &len, i + 1 < components ? '/' : '@');
	if (e != 0 || len + realm_len + 1 > NAME_MAX_BYTES)
		return CS_EPROTO;
	memcpy(ret_name + len, realm, realm_len + 1);
	return 0;
}

static int is_of(const char *name, const char *principal)
{
	size_t n = strlen(principal);
	if (n == 0 || strcmp(name, principal) == 0)
		return 1;
	return strchr(principal, '@') == NULL && strncmp(name, principal, n) == 0 && name[n] == '@';
}

int cs_keytab_reduce(uint8_t *bytes, size_t *n, const char *principal)
{
	struct rest rest = {bytes, *n};
	uint32_t head = 0;
	size_t kept = HEAD;
	int e = take_number(&rest, HEAD, &head);
	if (e != 0 || head != 0x0502)
		return CS_EPROTO;
	while (rest.n > 0) {
		const uint8_t *start = rest.at;
		char name[NAME_MAX_BYTES];
		uint32_t size = 0;
		e = take_number(&rest, 4, &size);
		if (e != 0 || size == 0)
			break; /* the file may end with zeros */
		bool hole = size > INT32_MAX;
		size = hole ? -size : size;
		if (size > rest.n || (!hole && read_name(rest.at, size, name) != 0))
			return CS_EPROTO;
		if (!hole && is_of(name, principal) == 1) {
			memmove(bytes + kept, start, size + 4);
			kept += size + 4;
		}
		rest.at += size;
		rest.n -= size;
	}
	explicit_bzero(bytes + kept, *n - kept);
	*n = kept;
	return kept > HEAD ? 0 : CS_ENOENT;
}
