/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles and votes as text. */
#include "bundle.h"
#include "base64.h"
#include "mem.h"
#include "vote.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 72, VERSION = 1 };

static const struct cs_field bundle_fields[] = {
	CS_U32(cs_bundle, version),
	CS_NEST(cs_bundle, shown, &cs_show_answer_shape),
	CS_NEST(cs_bundle, signer, &cs_signer_shape),
};
const struct cs_shape cs_bundle_shape = CS_SHAPE("cs_bundle", cs_bundle, bundle_fields);

static const char request_word[] = "REQUEST";
static const char vote_word[] = "VOTE";

static int print_text(const char *word, const struct cs_shape *shape, const void *obj)
{
	struct cs_buf bytes, text;
	int r = 0;

	cs_buf_init(&bytes, CS_BUNDLE_MAX);
	cs_buf_init(&text, 2 * CS_BUNDLE_MAX);
	r = cs_encode(shape, obj, &bytes);
	if (r == 0)
		r = cs_base64_write(bytes.data, bytes.len, &text);
	if (r == 0) {
		(void)printf("-----BEGIN COUNTERSIGN %s-----\n", word);
		for (size_t at = 0; at < text.len; at += LINE)
			(void)printf("%.*s\n", (int)(text.len - at < LINE ? text.len - at : LINE), (const char *)text.data + at);
		(void)printf("-----END COUNTERSIGN %s-----\n", word);
	}
	cs_buf_clear(&bytes);
	cs_buf_clear(&text);
	if (r < 0)
		return cs_fail(cs_exit_of_error(r), cs_strerror(r), "bundle", "");
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : CS_EXIT_OUTPUT;
}

/* What stands between the two lines, as bytes. Blanks, such as mail puts in, are left out; nothing else is. */
static int read_text(const char *word, const char *text, size_t n, struct cs_buf *out)
{
	char begin[64], end[64], *joined = NULL;
	const char *at = NULL, *stop = NULL;
	size_t len = 0;
	int r = CS_EPROTO;

	(void)snprintf(begin, sizeof(begin), "-----BEGIN COUNTERSIGN %s-----", word);
	(void)snprintf(end, sizeof(end), "-----END COUNTERSIGN %s-----", word);
	if (n > CS_BUNDLE_MAX)
		return CS_ETOOBIG;
	at = memmem(text, n, begin, strlen(begin));
	stop = at ? memmem(at, n - (size_t)(at - text), end, strlen(end)) : NULL;
	joined = stop ? malloc((size_t)(stop - at)) : NULL;
	if (!joined)
		return stop ? CS_ENOMEM : CS_EPROTO;
	for (at += strlen(begin); at < stop; at++)
		if (!strchr(" \t\r\n", *at))
			joined[len++] = *at;
	r = len > 0 ? cs_base64_read(joined, len, out) : CS_EPROTO;
	free(joined);
	return r;
}

static int read_object(const char *word, const char *text, size_t n, const struct cs_shape *shape, void *ret_obj)
{
	struct cs_buf bytes;
	int r = 0;

	cs_buf_init(&bytes, CS_BUNDLE_MAX);
	r = read_text(word, text, n, &bytes);
	if (r == 0)
		r = cs_decode_all(shape, bytes.data, bytes.len, ret_obj);
	cs_buf_clear(&bytes);
	return r;
}

int cs_bundle_read(const char *text, size_t n, struct cs_bundle *ret_bundle)
{
	struct cs_bundle bundle = { 0 };
	int r = read_object(request_word, text, n, &cs_bundle_shape, &bundle);

	if (r == 0 && bundle.version != VERSION)
		r = CS_EVERSION;
	if (r == 0)
		r = cs_request_digest(&bundle.shown.request, bundle.shown.digest);
	if (r == 0)
		*ret_bundle = bundle;
	else
		cs_clear(&cs_bundle_shape, &bundle);
	return r;
}

int cs_bundle_read_vote(const char *text, size_t n, struct cs_vote_call *ret_call)
{
	struct cs_vote_call call = { 0 };
	int r = read_object(vote_word, text, n, &cs_vote_call_shape, &call);

	if (r == 0)
		*ret_call = call;
	return r;
}

int cs_bundle_print_vote(const struct cs_vote_call *call)
{
	return print_text(vote_word, &cs_vote_call_shape, call);
}

int cs_bundle_print(const struct cs_sign_options *options, const struct cs_show_answer *shown)
{
	struct cs_bundle bundle = { .version = VERSION, .shown = *shown }; /* a view */
	char *why = NULL;
	int status = cs_signer_find(options, &bundle.signer, &why);

	if (status == 0 && bundle.signer.n_keys == 0)
		status = cs_fail(CS_EXIT_NO, "a bundle is to be signed, and you have no key for that", why,
			"ask an administrator for `countersign roster add`");
	if (status == 0)
		status = print_text(request_word, &cs_bundle_shape, &bundle);
	cs_clear(&cs_signer_shape, &bundle.signer);
	cs_free_str(&why);
	return status;
}

int cs_bundle_file(const char *path, char **ret_text, size_t *ret_n)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *text = file ? malloc(CS_BUNDLE_MAX + 1) : NULL;
	size_t n = text ? fread(text, 1, CS_BUNDLE_MAX + 1, file) : 0;
	bool failed = !text || ferror(file) != 0;
	int e = errno;

	if (file && file != stdin)
		(void)fclose(file);
	if (!failed && n <= CS_BUNDLE_MAX) {
		*ret_text = text;
		*ret_n = n;
		return 0;
	}
	free(text);
	return cs_fail(CS_EXIT_USAGE, failed ? strerrordesc_np(e) : "the file is too large", path, "");
}
