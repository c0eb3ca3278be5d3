/* SPDX-License-Identifier: Apache-2.0 */
/* countersign receipt: all that is recorded of one request, signed by the host, for somebody who has neither daemon nor
 * database; and the check of one. */
#include "evidence.h"
#include "evidence_export.h"
#include "evidence_source.h"
#include "file.h"
#include "mem.h"
#include "options.h"
#include "replay.h"
#include "ssh_signature.h"
#include "text.h"
#include "which.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RECEIPT_BYTES = 2 * 1024 * 1024, KEY_FILE_BYTES = 16384 };

/* --- Making ------------------------------------------------------------------------------------------------------- */

/* The first line of a receipt. bytes are what is signed: the answer's encoding with an empty signature. */
struct receipt_line {
	uint32_t receipt; /* 1 */
	char *host;
	char *host_key;
	uint64_t head_number;
	uint8_t head_chain[CS_DIGEST_LEN];
	uint8_t *bytes;
	size_t n_bytes;
	char *signature; /* armored */
};

static const struct cs_field line_fields[] = {
	CS_U32(receipt_line, receipt), CS_STR(receipt_line, host, CS_MAX_NAME),
	CS_STR(receipt_line, host_key, CS_MAX_KEY), CS_U64(receipt_line, head_number),
	CS_FIXED(receipt_line, head_chain, CS_DIGEST_LEN), CS_BLOB(receipt_line, bytes, RECEIPT_BYTES),
	CS_STR(receipt_line, signature, CS_SSH_ARMORED_MAX)
};
static const struct cs_shape line_shape = { .name = "receipt", .size = sizeof(struct receipt_line),
	.fields = line_fields, .n_fields = CS_COUNT(line_fields) };

static int encode(const struct cs_receipt_answer *answer, struct cs_buf *out)
{
	struct cs_receipt_answer unsigned_one = *answer; /* a view */

	unsigned_one.signature = NULL;
	unsigned_one.n_signature = 0;
	return cs_encode(&cs_receipt_answer_shape, &unsigned_one, out);
}

static int put_first(const struct cs_receipt_answer *answer, struct cs_buf *out)
{
	struct receipt_line line = { .receipt = 1, .host = answer->host, .host_key = answer->host_key,
		.head_number = answer->head_number };
	struct cs_buf bytes, armored;
	char *text = NULL;
	int r = 0;

	cs_buf_init(&bytes, RECEIPT_BYTES);
	cs_buf_init(&armored, CS_SSH_ARMORED_MAX);
	memcpy(line.head_chain, answer->head_chain, CS_DIGEST_LEN);
	r = encode(answer, &bytes);
	if (r == 0)
		r = cs_ssh_armor(answer->signature, answer->n_signature, &armored);
	cs_buf_put_u8(&armored, '\0');
	if (r == 0)
		r = cs_buf_error(&armored);
	if (r == 0) {
		line.bytes = bytes.data;
		line.n_bytes = bytes.len;
		line.signature = (char *)armored.data;
		r = cs_json_text(&line_shape, &line, false, &text);
	}
	if (r == 0)
		cs_put(out, "%s\n", text);
	free(text);
	cs_buf_clear(&bytes);
	cs_buf_clear(&armored);
	return r;
}

/* The text of every policy that decided, each once; only root is told them, so without one the receipt holds none. */
static int put_policies(struct cs_run *run, const struct cs_receipt_answer *answer, struct cs_buf *out)
{
	uint8_t last[CS_DIGEST_LEN] = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < answer->n_records; i++) {
		struct cs_event event = { 0 };
		char *text = NULL, *line = NULL;

		r = cs_decode_all(&cs_event_shape, answer->records[i].bytes, answer->records[i].n_bytes, &event);
		if (r == 0 && memcmp(last, event.policy_digest, CS_DIGEST_LEN) != 0) {
			memcpy(last, event.policy_digest, CS_DIGEST_LEN);
			r = cs_evidence_policy(run, last, &text);
			line = r == 0 ? cs_export_policy(last, text) : NULL;
			if (r == 0 && line == NULL)
				r = CS_ENOMEM;
			if (r == 0)
				cs_put(out, "%s\n", line);
		}
		cs_free_str(&text);
		cs_free_str(&line);
		cs_clear(&cs_event_shape, &event);
	}
	return r;
}

static int print_receipt(struct cs_run *run, const struct cs_receipt_answer *answer, bool with_policy)
{
	struct cs_buf out;
	int r = 0;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	r = put_first(answer, &out);
	if (r == 0 && with_policy)
		r = put_policies(run, answer, &out);
	if (r == 0)
		return cs_print(&out);
	cs_buf_clear(&out);
	return r == CS_EUNAVAIL ? CS_EXIT_UNAVAILABLE /* told already */
		: cs_fail(cs_exit_of_error(r), cs_strerror(r), "receipt", "");
}

static int make(struct cs_run *run, const char *which, bool with_policy)
{
	struct cs_receipt_answer answer = { 0 };
	struct cs_show call = { 0 };
	int status = cs_find_request(run, which, &call.number);

	if (status == 0)
		status = cs_ask(run, CS_CALL_RECEIPT, &call, which, &answer);
	if (status == 0)
		status = print_receipt(run, &answer, with_policy);
	cs_clear(&cs_receipt_answer_shape, &answer);
	return status;
}

/* --- Checking ----------------------------------------------------------------------------------------------------- */

/* A receipt as it was read. */
struct given {
	const struct cs_look *look;
	struct cs_receipt_answer receipt;
	uint64_t request;
	struct cs_buf message, signature;
	struct policy {
		uint8_t digest[CS_DIGEST_LEN];
		char *text;
	} *policies;
	size_t n_policies, cap_policies;
	const char *path;
};

static int read_first(struct given *given, const char *text, size_t n)
{
	static const char *const names[] = { "bytes", "signature" };
	char *values[CS_COUNT(names)] = { 0 };
	const char *why = NULL;
	size_t len = 0;
	int r = cs_json_texts(text, n, names, CS_COUNT(names), values, &why);

	if (r == 0) {
		len = strlen(values[0]);
		r = len % 2 != 0 || len / 2 > RECEIPT_BYTES ? CS_EPROTO : cs_buf_room(&given->message, len / 2);
	}
	if (r == 0 && cs_unhex(values[0], given->message.data, len / 2) != 0)
		r = CS_EPROTO;
	if (r == 0) {
		given->message.len = len / 2;
		r = cs_ssh_unarmor(values[1], strlen(values[1]), &given->signature);
	}
	if (r == 0)
		r = cs_decode_all(&cs_receipt_answer_shape, given->message.data, given->message.len, &given->receipt);
	for (size_t i = 0; i < CS_COUNT(names); i++)
		cs_free_str(&values[i]);
	return r;
}

static int read_policy(struct given *given, const char *text, size_t n)
{
	struct cs_export_line line = { 0 };
	struct policy *policy = NULL;
	const char *why = NULL;
	int r = cs_export_line_read(text, n, &line, &why);

	if (r == 0 && line.kind != CS_LINE_POLICY)
		r = CS_EPROTO;
	if (r == 0)
		r = cs_reserve((void **)&given->policies, &given->cap_policies, given->n_policies, 1, sizeof(*policy));
	if (r == 0) {
		policy = &given->policies[given->n_policies++];
		memcpy(policy->digest, line.digest, CS_DIGEST_LEN);
		policy->text = line.text;
		line.text = NULL;
	}
	cs_export_line_clear(&line);
	return r;
}

static int read_line(void *arg, unsigned long at, const char *text, size_t n)
{
	return at == 1 ? read_first(arg, text, n) : read_policy(arg, text, n);
}

/* The host's key as somebody else gave it: a line of authorized_keys, or a file that begins with one. */
static int read_key(const char *word, struct cs_ssh_key *ret_key)
{
	struct cs_problem problem = { 0 };
	char *text = NULL;
	size_t n = 0;
	int r = cs_ssh_key_read_line(word, ret_key);

	if (r == 0)
		return 0;
	r = cs_file_read(word, getuid(), CS_FILE_TEXT, KEY_FILE_BYTES, &text, &n, &problem);
	if (r == 0) {
		text[strcspn(text, "\n")] = '\0';
		r = cs_ssh_key_read_line(text, ret_key);
	}
	free(text);
	cs_problem_clear(&problem);
	return r == 0 ? 0 : cs_fail(CS_EXIT_USAGE, "not a public key, nor a file with one", word,
		"give the host's, as `countersign status` shows it on that host");
}

static int text_of(void *arg, const uint8_t digest[CS_DIGEST_LEN], char **ret_text)
{
	const struct given *given = arg;

	for (size_t i = 0; i < given->n_policies; i++)
		if (memcmp(given->policies[i].digest, digest, CS_DIGEST_LEN) == 0)
			return (*ret_text = cs_dup(given->policies[i].text)) ? 0 : CS_ENOMEM;
	return CS_ENOENT;
}

static int broken(const struct given *given, const char *why)
{
	return cs_fail(CS_EXIT_NO, why, given->path, "do not rely on this receipt");
}

static int check_signature(const struct given *given, const struct cs_ssh_key *key)
{
	struct cs_ssh_key signer = { 0 };
	const char *why = NULL;
	int r = cs_ssh_verify(given->signature.data, given->signature.len, CS_NAMESPACE_RECEIPT, given->message.data,
		given->message.len, &signer, &why);

	if (r < 0)
		return broken(given, cs_text_or(why, cs_strerror(r)));
	return strcmp(signer.fingerprint, key->fingerprint) == 0 ? 0
		: broken(given, "it is signed by another key than the one you gave");
}

/* Prints each event; they are of one request. */
static int put_events(struct given *given, struct cs_buf *out)
{
	for (size_t i = 0; i < given->receipt.n_records; i++) {
		const struct cs_record *record = &given->receipt.records[i];
		struct cs_event event = { 0 };
		char *line = NULL;
		int r = cs_decode_all(&cs_event_shape, record->bytes, record->n_bytes, &event);

		if (r == 0 && given->request == 0)
			given->request = event.request;
		if (r == 0 && (event.request == 0 || event.request != given->request))
			r = CS_EPROTO;
		if (r == 0 && (line = cs_event_line(&event)) == NULL)
			r = CS_ENOMEM;
		if (r == 0) {
			cs_put_shown(out, line);
			cs_put(out, "\n");
		}
		cs_free_str(&line);
		cs_clear(&cs_event_shape, &event);
		if (r < 0)
			return r;
	}
	return given->receipt.n_records > 0 ? 0 : CS_EPROTO;
}

/* 0, or the status after it was told. */
static int derive(struct given *given, struct cs_replay_sums *ret_sums)
{
	struct cs_replay *replay = NULL;
	int r = cs_replay_new(text_of, given, &replay);
	int status = 0;

	if (r == 0)
		cs_replay_extract(replay);
	for (size_t i = 0; r == 0 && i < given->receipt.n_records; i++)
		r = cs_replay_next(replay, &given->receipt.records[i]);
	if (r == 0)
		cs_replay_sum(replay, ret_sums);
	else if (r == CS_ECORRUPT)
		status = broken(given, cs_replay_why(replay));
	else
		status = cs_fail(cs_exit_of_error(r), cs_strerror(r), given->path, "");
	cs_replay_free(&replay);
	return status;
}

static int print_checked(const struct given *given, const struct cs_replay_sums *sums, struct cs_buf *out)
{
	char hex[2 * CS_DIGEST_LEN + 1];

	cs_hex(given->receipt.head_chain, CS_DIGEST_LEN, hex);
	cs_put(out, "receipt: request %llu of ", (unsigned long long)given->request);
	cs_escape(out, given->receipt.host);
	cs_put(out, ", signed by its key; head %llu:%s\n", (unsigned long long)given->receipt.head_number, hex);
	if (given->n_policies > 0)
		cs_put(out, "%llu permit%s derived again from %llu vote%s, %llu of them signed\n",
			(unsigned long long)sums->permits, sums->permits == 1 ? "" : "s",
			(unsigned long long)sums->votes, sums->votes == 1 ? "" : "s",
			(unsigned long long)sums->signatures);
	else
		cs_put(out, "without the policy's text nothing could be derived again; root's receipts hold it\n");
	return cs_print_wrapped(given->look, out, CS_LINE_GOES_ON);
}

static int check_given(struct given *given, const struct cs_ssh_key *key)
{
	struct cs_replay_sums sums = { 0 };
	struct cs_buf out;
	int status = check_signature(given, key);

	cs_buf_init(&out, CS_OUTPUT_MAX);
	if (status == 0 && put_events(given, &out) < 0)
		status = broken(given, "its records are not the events of one request");
	if (status == 0 && given->n_policies > 0)
		status = derive(given, &sums);
	if (status == 0)
		status = print_checked(given, &sums, &out);
	cs_buf_clear(&out);
	return status;
}

static int check(const struct cs_run *run, const char *path, const char *key_word)
{
	struct given given = { .look = &run->look, .path = path };
	struct cs_ssh_key key = { 0 };
	char *text = NULL;
	int status = read_key(key_word, &key);
	int r = 0;

	cs_buf_init(&given.message, RECEIPT_BYTES);
	cs_buf_init(&given.signature, CS_SSH_SIGNATURE_MAX);
	if (status == 0) {
		r = cs_each_line(path, read_line, &given, &text);
		if (r == CS_EPROTO || r == CS_ETOOBIG)
			status = broken(&given, "this is no receipt");
		else if (r != 0)
			status = cs_fail(cs_exit_of_error(r), cs_strerror(r), path, "");
		else
			status = check_given(&given, &key);
	}
	cs_clear(&cs_receipt_answer_shape, &given.receipt);
	for (size_t i = 0; i < given.n_policies; i++)
		free(given.policies[i].text);
	free(given.policies);
	cs_buf_clear(&given.message);
	cs_buf_clear(&given.signature);
	free(text);
	return status;
}

int cs_run_receipt(struct cs_run *run, char **args, size_t n)
{
	const char *file = NULL, *key = NULL;
	bool policy = false;
	const struct cs_option options[] = { { "--verify", NULL, &file, NULL }, { "--key", NULL, &key, NULL },
		{ "--policy", &policy, NULL, NULL } };
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 0, 1, &n);

	if (status != 0 || run->help)
		return status;
	if (file == NULL && n == 1 && key == NULL)
		return make(run, args[0], policy || geteuid() == 0);
	if (file != NULL && key != NULL && n == 0)
		return check(run, file, key);
	return cs_fail(CS_EXIT_USAGE, "name a request, or a receipt with --verify and the host's key with --key",
		"receipt", "see `countersign help receipt`");
}
