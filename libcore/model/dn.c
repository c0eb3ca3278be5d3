/* SPDX-License-Identifier: Apache-2.0 */
/* Distinguished names (RFC 4514): what is one, what it shows, and when two of them are the same. */
#include "model.h"
#include "mem.h"
#include "text.h"

#include <string.h>

static int is_type_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

/* These are asked about every byte of every DN: strchr is a call for each. */
static inline bool is_separator(char c)
{
	return c == ',' || c == '+' || c == ';';
}

static inline bool is_special(char c)
{
	return c == '"' || c == '<' || c == '>' || c == '\\';
}

/* The byte at *p without its escape, and whether it had one. Moves *p behind it. */
static inline char take_byte(const char **p, bool *ret_escaped)
{
	const char *s = *p;
	uint8_t byte = 0;
	*ret_escaped = s[0] == '\\' && s[1] != '\0';
	if (!*ret_escaped) {
		*p = s + 1;
		return s[0];
	}
	const char pair[3] = { s[1], s[2], '\0' };
	if (cs_unhex(pair, &byte, 1) == 0) {
		*p = s + 3;
		return (char)byte;
	}
	*p = s + 2;
	return s[1];
}

/* Behind the '=' of one part; NULL where there is no type before it. */
static const char *skip_type(const char *s)
{
	const char *p = s;
	while (is_type_char(*p))
		p++;
	return p > s && *p == '=' ? p + 1 : NULL;
}

/* Reads one value: appends its bytes to out (which may be NULL) and returns what ends it; NULL when it is malformed. */
static const char *read_value(const char *s, struct cs_buf *out)
{
	const char *p = s;
	while (*p != '\0' && !is_separator(*p)) {
		bool escaped = false;
		char c = take_byte(&p, &escaped);
		if (c == '\0' || (!escaped && is_special(c)))
			return NULL;
		if (out != NULL)
			cs_buf_put(out, &c, 1);
	}
	return p > s ? p : NULL;
}

int cs_dn_is_valid(const char *s)
{
	if (s == NULL || strnlen(s, CS_MAX_DN + 1) > CS_MAX_DN)
		return 0;
	for (;;) {
		while (*s == ' ')
			s++;
		s = skip_type(s);
		if (s == NULL)
			return 0;
		s = read_value(s, NULL);
		if (s == NULL)
			return 0;
		if (*s == '\0')
			return 1;
		s++;
	}
}

int cs_dn_first_value(const char *dn, char **ret_value)
{
	struct cs_buf out;
	cs_buf_init(&out, CS_MAX_DN + 1);
	int r = CS_EPROTO;
	if (!cs_dn_is_valid(dn))
		goto out;
	while (*dn == ' ')
		dn++;
	read_value(skip_type(dn), &out);
	cs_buf_put_u8(&out, 0);
	r = cs_buf_error(&out);
	if (r != 0)
		goto out;
	char *value = cs_dup((const char *)out.data);
	r = value != NULL ? 0 : CS_ENOMEM;
	if (r == 0)
		*ret_value = value;
out:
	cs_buf_clear(&out);
	return r;
}

/* A key while it is written. */
struct key {
	char *at;
	bool in_type; /* an '=' ends the type; in a value it is a letter like others */
	bool edge;    /* blanks here mean nothing */
	bool blank;   /* there were some */
};

static void key_separate(struct key *key, char c)
{
	*key->at++ = c == ';' ? ',' : c;
	key->in_type = c != '=';
	key->edge = true;
	key->blank = false;
}

static void key_letter(struct key *key, char c, bool escaped)
{
	if (key->blank)
		*key->at++ = ' ';
	if (escaped && (is_separator(c) || is_special(c) || c == '#'))
		*key->at++ = '\\';
	*key->at++ = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	key->edge = false;
	key->blank = false;
}

/* Takes the next byte of a DN; what it means is written, up to KEY_STEP bytes. 0, CS_EINVAL. */
enum { KEY_STEP = 3 };

static inline int key_step(struct key *key, const char **dn)
{
	bool escaped = false;
	char c = take_byte(dn, &escaped);
	if (c == '\0' || (!escaped && c == '"'))
		return CS_EINVAL;
	if (c == ' ')
		key->blank = !key->edge;
	else if (!escaped && (is_separator(c) || (c == '=' && key->in_type)))
		key_separate(key, c);
	else
		key_letter(key, c, escaped);
	return 0;
}

static int dn_size(const char *dn)
{
	if (dn == NULL || *dn == '\0')
		return CS_EINVAL;
	return strnlen(dn, CS_MAX_DN + 1) > CS_MAX_DN ? CS_ETOOBIG : 0;
}

int cs_dn_key(const char *dn, char ret_key[CS_MAX_DN + 1])
{
	struct key key = { .at = ret_key, .in_type = true, .edge = true };
	int r = dn_size(dn);
	while (r == 0 && *dn != '\0')
		r = key_step(&key, &dn);
	if (r == 0)
		*key.at = '\0';
	return r;
}

/* A key as it comes: two DNs differ within a few bytes as a rule. */
struct stream {
	const char *dn;
	struct key key;
	char bytes[KEY_STEP];
	const char *next;
};

/* The next byte of the key; 0 at its end; CS_EINVAL. */
static int stream_next(struct stream *stream)
{
	while (stream->next == stream->key.at) {
		if (*stream->dn == '\0')
			return 0;
		stream->next = stream->key.at = stream->bytes;
		int r = key_step(&stream->key, &stream->dn);
		if (r < 0)
			return r;
	}
	return (uint8_t)*stream->next++;
}

bool cs_dn_same(const char *a, const char *b)
{
	struct stream of_a = { .dn = a, .key = { .in_type = true, .edge = true } };
	struct stream of_b = { .dn = b, .key = { .in_type = true, .edge = true } };
	int next = 0;
	if (dn_size(a) != 0 || dn_size(b) != 0)
		return false;
	do {
		next = stream_next(&of_a);
		if (next < 0 || next != stream_next(&of_b))
			return false;
	} while (next > 0);
	return true;
}

bool cs_dn_key_below(const char *key, const char *base)
{
	size_t n = strlen(key), m = strlen(base);
	if (n < m || memcmp(key + n - m, base, m) != 0)
		return false;
	if (n == m)
		return true;
	size_t comma = n - m - 1, slashes = 0;
	while (slashes < comma && key[comma - 1 - slashes] == '\\')
		slashes++;
	return comma > 0 && key[comma] == ',' && slashes % 2 == 0;
}
