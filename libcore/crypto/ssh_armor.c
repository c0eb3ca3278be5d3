/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures as text (PROTOCOL.sshsig, "Armored format"). */
#include "base64.h"
#include "ssh_signature.h"

#include <string.h>

#include <countersign/error.h>

enum { LINE = 70, LINE_MAX = 76 }; /* as ssh-keygen writes it; what others may */
static const char begin[] = "-----BEGIN SSH SIGNATURE-----";
static const char end[] = "-----END SSH SIGNATURE-----";

/* The next line, without its end; false where there is none. */
static bool next_line(const char **at, const char *stop, const char **ret_line, size_t *ret_n)
{
	const char *newline = *at < stop ? memchr(*at, '\n', (size_t)(stop - *at)) : NULL;
	if (*at >= stop)
		return false;
	*ret_line = *at;
	*ret_n = (size_t)((newline != NULL ? newline : stop) - *at);
	*at = newline != NULL ? newline + 1 : stop;
	if (*ret_n > 0 && (*ret_line)[*ret_n - 1] == '\r')
		(*ret_n)--;
	return true;
}

static bool is_line(const char *line, size_t n, const char *text)
{
	return n == strlen(text) && memcmp(line, text, n) == 0;
}

int cs_ssh_unarmor(const char *text, size_t n, struct cs_buf *out)
{
	const char *at = text, *stop = text + n, *line = NULL;
	size_t n_line = 0;
	struct cs_buf joined;
	if (n > CS_SSH_ARMORED_MAX)
		return CS_ETOOBIG;
	if (!next_line(&at, stop, &line, &n_line) || !is_line(line, n_line, begin))
		return CS_EPROTO;
	cs_buf_init(&joined, CS_SSH_ARMORED_MAX);
	bool more = next_line(&at, stop, &line, &n_line);
	while (more && n_line > 0 && n_line <= LINE_MAX && line[0] != '-') {
		cs_buf_put(&joined, line, n_line);
		more = next_line(&at, stop, &line, &n_line);
	}
	int r = cs_buf_error(&joined);
	if (r == 0 && (!more || !is_line(line, n_line, end) || at != stop || joined.len == 0))
		r = CS_EPROTO;
	if (r == 0)
		r = cs_base64_read((const char *)joined.data, joined.len, out);
	cs_buf_clear(&joined);
	return r;
}

int cs_ssh_armor(const uint8_t *signature, size_t n, struct cs_buf *out)
{
	struct cs_buf joined;
	cs_buf_init(&joined, CS_SSH_ARMORED_MAX);
	int r = cs_base64_write(signature, n, &joined);
	cs_buf_put(out, begin, strlen(begin));
	for (size_t at = 0; r == 0 && at < joined.len; at += LINE) {
		cs_buf_put(out, "\n", 1);
		cs_buf_put(out, joined.data + at, joined.len - at < LINE ? joined.len - at : LINE);
	}
	cs_buf_put(out, "\n", 1);
	cs_buf_put(out, end, strlen(end));
	cs_buf_put(out, "\n", 1);
	cs_buf_clear(&joined);
	return r != 0 ? r : cs_buf_error(out);
}
