/* SPDX-License-Identifier: Apache-2.0 */
/* Which request a person means. One way for every command. */
#include "which.h"
#include "mem.h"
#include "text.h"
#include "view.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define PREFIX_MIN   4u
#define NUMBER_MAX   18u /* digits */
#define HINT         "see `countersign list`"

static int parse_number(const char *digits, uint64_t *ret_number)
{
	uint64_t number = 0;

	for (const char *at = digits; *at != '\0'; at++)
		number = number * 10 + (uint64_t)(*at - '0');
	if (number == 0)
		return CS_EINVAL;
	*ret_number = number;
	return 0;
}

int cs_which_parse(const char *word, struct cs_show *ret_call)
{
	struct cs_show call = { 0 };
	const char *digits = *word == '#' ? word + 1 : word;
	size_t n = strlen(word);
	int r = CS_EINVAL;

	if (strspn(digits, "0123456789") == strlen(digits) && strlen(digits) <= NUMBER_MAX)
		r = parse_number(digits, &call.number);
	else if (n >= PREFIX_MIN && n <= (size_t)2 * CS_ID_LEN && strspn(word, "0123456789abcdefABCDEF") == n)
		r = cs_set(&call.prefix, word);
	if (r != 0)
		return r;
	for (char *at = call.prefix; at != NULL && *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
	*ret_call = call;
	return 0;
}

/* --- Several begin so --------------------------------------------------------------------------------------------- */

static bool begins_with(const struct cs_list_row *row, const char *prefix)
{
	char hex[2 * CS_ID_LEN + 1];

	cs_hex(row->id, CS_ID_LEN, hex);
	return strncmp(hex, prefix, strlen(prefix)) == 0;
}

static void put_candidate(struct cs_buf *out, const struct cs_list_row *row)
{
	char hex[2 * CS_ID_LEN + 1];

	cs_hex(row->id, CS_ID_LEN, hex);
	cs_put(out, "  #%llu  %s  %s  ", (unsigned long long)row->number, hex, cs_state_name(row->state));
	cs_escape(out, cs_text_or(row->requester, ""));
	cs_put(out, "  ");
	cs_put_shown(out, row->line);
	cs_put(out, "\n");
}

/* One page of all that the caller may see; *before is where the next begins, 0 after the last. */
static int put_candidates(struct cs_run *run, const char *prefix, uint64_t *before, struct cs_buf *out)
{
	const struct cs_list call = { .all = true, .before = *before };
	struct cs_list_answer answer = { 0 };
	int r = cs_ask_quietly(run, CS_CALL_LIST, &call, &answer, NULL);

	if (r != 0)
		return r;
	for (size_t i = 0; i < answer.n_rows; i++) {
		if (begins_with(&answer.rows[i], prefix))
			put_candidate(out, &answer.rows[i]);
	}
	*before = answer.more && answer.n_rows > 0 ? answer.rows[answer.n_rows - 1].number : 0;
	cs_clear(&cs_list_answer_shape, &answer);
	return 0;
}

/* That it is told is what counts; a list that cannot be had is left out. */
static int fail_ambiguous(struct cs_run *run, const char *prefix)
{
	struct cs_buf out;
	uint64_t before = 0;
	int r = 0;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	do {
		r = put_candidates(run, prefix, &before, &out);
	} while (r == 0 && before != 0);
	(void)cs_fail(CS_EXIT_USAGE, "several requests begin so", prefix, "give more digits, or the number");
	if (cs_buf_error(&out) == 0 && out.len > 0)
		fwrite(out.data, 1, out.len, stderr);
	cs_buf_clear(&out);
	return CS_EXIT_USAGE;
}

/* --- Asking ------------------------------------------------------------------------------------------------------- */

static int find_by_prefix(struct cs_run *run, const struct cs_show *call, uint64_t *ret_number)
{
	struct cs_show_answer answer = { 0 };
	char *text = NULL, *where = NULL;
	int status = 0;
	int r = cs_ask_quietly(run, CS_CALL_SHOW, call, &answer, &text);

	if (r == 0)
		*ret_number = answer.decision.number;
	else if (r == CS_ECONFLICT)
		status = fail_ambiguous(run, call->prefix);
	else if (cs_format(&where, "request %s", call->prefix) != 0)
		status = cs_fail_call(CS_ENOMEM, NULL, "");
	else
		status = cs_fail_call(r, text, where);
	cs_clear(&cs_show_answer_shape, &answer);
	cs_free_str(&where);
	cs_free_str(&text);
	return status;
}

int cs_find_request(struct cs_run *run, const char *word, uint64_t *ret_number)
{
	struct cs_show call = { 0 };
	int status = 0;
	int r = cs_which_parse(word, &call);

	if (r == CS_EINVAL)
		return cs_fail(CS_EXIT_USAGE, "not a request's number, nor the beginning of its id", word, HINT);
	if (r != 0)
		return cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), word, "");
	if (call.prefix == NULL)
		*ret_number = call.number;
	else
		status = find_by_prefix(run, &call, ret_number);
	cs_clear(&cs_show_shape, &call);
	return status;
}

int cs_for_each(struct cs_run *run, char *const *words, size_t n, int (*act)(struct cs_run *run, const char *word))
{
	int status = 0;

	for (size_t i = 0; i < n; i++) {
		int r = act(run, words[i]);

		if (status == 0)
			status = r;
	}
	return status;
}
