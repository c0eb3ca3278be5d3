/* SPDX-License-Identifier: Apache-2.0 */
/* Small rules about nouns: who is one human, what is identical, when a deadline has passed, what is well formed. */
#include "model.h"
#include "clock.h"
#include "mem.h"
#include "text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int same_text(const char *a, const char *b)
{
	return a && b && *a && strcmp(a, b) == 0;
}

static int share_key(const struct cs_person *a, const struct cs_person *b)
{
	for (size_t i = 0; i < a->n_keys; i++)
		if (cs_strv_has(b->keys, b->n_keys, a->keys[i]) == 1)
			return 1;
	return 0;
}

int cs_same_human(const struct cs_person *a, const struct cs_person *b)
{
	if (!a->id || !*a->id || !b->id || !*b->id)
		return CS_EDOUBT;
	return same_text(a->id, b->id) || same_text(a->dn, b->dn) || cs_dn_same(a->dn, b->dn) ||
		same_text(a->human, b->human) || a->uid == b->uid || share_key(a, b);
}

const char *cs_vote_namespace(enum cs_vote vote)
{
	return vote == CS_VOTE_APPROVE ? CS_NAMESPACE_APPROVE : vote == CS_VOTE_REJECT ? CS_NAMESPACE_REJECT : NULL;
}

int cs_statement_encode(const struct cs_approval *approval, struct cs_buf *out)
{
	struct cs_statement statement = { .version = 1, .vote = approval->vote, .person = approval->person.id,
		.not_after_wall_ms = approval->not_after_wall_ms, .head_number = approval->head_number };

	memcpy(statement.digest, approval->digest, CS_DIGEST_LEN);
	memcpy(statement.head_chain, approval->head_chain, CS_DIGEST_LEN);
	return cs_encode(&cs_statement_shape, &statement, out);
}

int cs_request_encode(const struct cs_request *request, struct cs_buf *out)
{
	return cs_encode(&cs_request_shape, request, out);
}

int cs_action_key_encode(const struct cs_subject *subject, const struct cs_action *action, struct cs_buf *out)
{
	struct cs_action key = *action; /* a view: nothing in it is freed */

	/* The terminal is what goes away when a request is parked; everything else has to be the same. */
	key.tty = NULL;
	cs_buf_put_u32(out, subject->uid);
	cs_buf_put_cstr(out, subject->name);
	return cs_encode(&cs_action_shape, &key, out);
}

void cs_check_code(const uint8_t digest[CS_DIGEST_LEN], char ret_code[CS_CODE_LEN + 1])
{
	uint32_t n = (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 | digest[3];

	(void)snprintf(ret_code, CS_CODE_LEN + 1, "%04u", (unsigned)(n % 10000));
}

#define CLOCK_STEP_MS 60000 /* how far a wall clock may go back across a reboot before it is not believed */

int cs_deadline_passed(const char *boot_id, uint64_t since_boot_ms, uint64_t since_wall_ms, uint64_t span_ms,
	const struct cs_now *now, uint64_t *ret_remaining_ms)
{
	int same_boot = boot_id && *boot_id && strcmp(boot_id, now->boot_id) == 0;
	uint64_t since = same_boot ? since_boot_ms : since_wall_ms;
	uint64_t at = same_boot ? now->boot_ms : now->wall_ms;
	uint64_t gone = at > since ? at - since : 0;
	int believed = same_boot ? at >= since : since <= UINT64_MAX - CLOCK_STEP_MS && at + CLOCK_STEP_MS >= since;
	int passed = !believed || gone >= span_ms;

	if (ret_remaining_ms)
		*ret_remaining_ms = passed ? 0 : span_ms - gone;
	return passed;
}

uint64_t cs_use_span_ms(uint64_t since_wall_ms, uint64_t start_wall_ms, uint64_t use_within_ms)
{
	uint64_t ahead = start_wall_ms > since_wall_ms ? start_wall_ms - since_wall_ms : 0;

	return use_within_ms <= UINT64_MAX - ahead ? ahead + use_within_ms : UINT64_MAX;
}

static int is_absolute(const char *path)
{
	return path && path[0] == '/';
}

static int is_empty(const char *s)
{
	return !s || !*s;
}

int cs_action_runs(const struct cs_action *action)
{
	return is_absolute(action->command);
}

/* An application names what it does by a word; sudo runs files and nothing else. */
static int names_action(const struct cs_action *action)
{
	static const char *const runs_files[] = { "sudo", "sudo-i", "sudoedit" };

	for (size_t i = 0; i < CS_COUNT(runs_files); i++)
		if (strcmp(action->service, runs_files[i]) == 0)
			return 0;
	return cs_is_word(action->command, CS_MAX_NAME);
}

int cs_action_check(const struct cs_action *action, const char **ret_what)
{
	int has_command = !is_empty(action->command);
	const char *what = NULL;

	if (!action->service || !cs_is_word(action->service, CS_MAX_NAME))
		what = "service";
	else if (has_command && !is_absolute(action->command) && !names_action(action))
		what = "command";
	else if (action->resolved && *action->resolved && !is_absolute(action->resolved))
		what = "resolved";
	else if (has_command && action->n_argv == 0)
		what = "argv";
	else if (!has_command && action->n_argv > 0)
		what = "command";
	else if (has_command && !is_absolute(action->cwd) && (cs_action_runs(action) || !is_empty(action->cwd)))
		what = "cwd";
	else if (action->target_uid == CS_NO_UID || action->target_gid == CS_NO_UID)
		what = "target";
	if (!what)
		return 0;
	*ret_what = what;
	return CS_EINVAL;
}

#define LINE_BYTES (4u * 1024 * 1024) /* an action that came in one frame, with every byte escaped, is shorter */

static void put_word(struct cs_buf *out, const char *word)
{
	size_t quote = !*word || strpbrk(word, " '\"") ? 1 : 0;
	struct cs_buf shown;

	cs_buf_init(&shown, LINE_BYTES);
	cs_escape_ascii(&shown, word);
	if (cs_buf_error(&shown) != 0)
		out->error = cs_buf_error(&shown);
	cs_buf_put(out, "\"", quote);
	for (size_t i = 0; i < shown.len; i++) {
		if (shown.data[i] == '"')
			cs_buf_put_u8(out, '\\');
		cs_buf_put_u8(out, shown.data[i]);
	}
	cs_buf_put(out, "\"", quote);
	cs_buf_clear(&shown);
}

char *cs_action_line(const struct cs_action *action)
{
	struct cs_buf out;
	char *line = NULL;

	cs_buf_init(&out, LINE_BYTES);
	put_word(&out, action->service ? action->service : "");
	if (!action->command || !*action->command) {
		cs_buf_put(&out, " login as ", 10);
		put_word(&out, action->target_name ? action->target_name : "");
	} else {
		cs_buf_put_u8(&out, ' ');
		put_word(&out, action->command);
	}
	for (size_t i = 1; i < action->n_argv; i++) {
		cs_buf_put_u8(&out, ' ');
		put_word(&out, action->argv[i]);
	}
	cs_buf_put_u8(&out, 0);
	if (cs_buf_error(&out) == 0)
		line = strdup((const char *)out.data);
	cs_buf_clear(&out);
	return line;
}
