/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier against `ssh-keygen -Y verify`: thousands of valid, crossed and mutated signatures, and both verdicts on
 * each. Keys and signatures of ed25519, ecdsa and rsa are made by the real ssh-keygen (-Y sign); those of the FIDO2 kinds,
 * and more of the others, by the signer and authenticator in software of ssh_signer.h, because no token is at hand.
 *
 * The verifier is knowingly stricter than ssh-keygen in the classes below, and in nothing else; and never laxer. A
 * signature is put into a class by what its bytes are, not by how it was made. */
#include "mem.h"
#include "roster.h"
#include "ssh_signature.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ssh_signer.h"

enum { CASES = 12000, WORKERS = 2, REAL = 4, SOFT = 5, KEYS = REAL + SOFT, SPACES = 3, MESSAGES = 4, TEXT_MAX = 16384 };

static const char *const spaces[SPACES] = { "approve.v1@countersign", "reject.v1@countersign", "file" };
static const char *const messages[MESSAGES] = { "", "a", "approve request 12\n", "approve request 13\n" };
/* As persons of the roster and principals of allowed_signers. */
static const char *const names[KEYS] = { "alice", "bob", "rita", "emil", "carol", "dave", "erin", "frank", "grace" };
static const char *const real_kinds[REAL][2] = { { "ed25519", "256" }, { "ecdsa", "256" }, { "rsa", "2048" },
	{ "ecdsa", "384" } };
static const enum cs_ssh_type soft_kinds[SOFT] = { CS_SSH_SK_ED25519, CS_SSH_SK_ECDSA, CS_SSH_ED25519, CS_SSH_ECDSA,
	CS_SSH_SK_ED25519 };

/* In what the verifier is stricter. */
enum class {
	NONE = 0,
	ARMOR,      /* blanks, other lines or words around the one form of the text */
	KIND,       /* rsa, ecdsa-p384, webauthn, … */
	OLD,        /* version 0 */
	RESERVED,   /* something in the reserved field, which is not signed */
	ENDS_NUL,   /* a NUL at the end of a name, which is cut off there */
	MPINT,      /* numbers with leading zeros */
	MALLEABLE,  /* ed25519: S is not below the group's order */
	UNTOUCHED,  /* FIDO2: nobody was present */
	CLASSES
};
static const char *const class_names[CLASSES] = { "none", "armor", "kind", "old version", "reserved field", "NUL at the end",
	"padded number", "malleable", "untouched" };

struct counts {
	unsigned all, both, neither, stricter[CLASSES], mutation[64], wrong;
	char first[512]; /* what was wrong first */
};

static char folder[64];
static char lines[KEYS][2048]; /* "ssh-ed25519 AAAA…" */
static struct signer soft[SOFT];
static struct cs_buf real[REAL][SPACES][MESSAGES];
static struct cs_roster *roster;

/* --- ssh-keygen ---------------------------------------------------------------------------------------------------- */

static int run(const char *const *argv, const char *in, const char *out)
{
	posix_spawn_file_actions_t actions;
	pid_t pid = 0;
	int status = -1;

	signer_need(posix_spawn_file_actions_init(&actions) == 0 &&
		    posix_spawn_file_actions_addopen(&actions, 0, in, O_RDONLY, 0) == 0 &&
		    posix_spawn_file_actions_addopen(&actions, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0600) == 0 &&
		    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) == 0);
	signer_need(posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ) == 0);
	(void)posix_spawn_file_actions_destroy(&actions);
	while (waitpid(pid, &status, 0) < 0)
		signer_need(errno == EINTR);
	signer_need(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static char *in_folder(const char *name, int number)
{
	static char paths[8][128];
	static unsigned next;
	char *path = paths[next++ % 8];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s%d", folder, name, number);
	return path;
}

static void put_file(const char *path, const void *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	signer_need(fd >= 0 && write(fd, bytes, n) == (ssize_t)n && close(fd) == 0);
}

static size_t get_file(const char *path, char text[TEXT_MAX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, TEXT_MAX - 1) : -1;

	signer_need(n > 0 && close(fd) == 0);
	text[n] = '\0';
	return (size_t)n;
}

static void real_key(int k)
{
	char *path = in_folder("key", k), pub[160], text[TEXT_MAX];
	const char *const make[] = { "ssh-keygen", "-q", "-t", real_kinds[k][0], "-b", real_kinds[k][1], "-N", "", "-f", path,
		NULL };

	signer_need(run(make, "/dev/null", "/dev/null") == 0);
	(void)snprintf(pub, sizeof(pub), "%s.pub", path);
	(void)get_file(pub, text);
	*strrchr(text, ' ') = '\0'; /* the comment */
	(void)snprintf(lines[k], sizeof(lines[k]), "%.2040s", text);
}

/* By turns with sha512, which is the default, and sha256. */
static void real_signature(int k, int s, int m)
{
	const char *const sign[] = { "ssh-keygen", "-q", "-Y", "sign", "-f", in_folder("key", k), "-n", spaces[s],
		(s + m) % 2 ? "-O" : NULL, "hashalg=sha256", NULL };
	char text[TEXT_MAX], *out = in_folder("signed", 0);
	size_t n = 0;

	signer_need(run(sign, in_folder("message", m), out) == 0);
	n = get_file(out, text);
	cs_buf_init(&real[k][s][m], CS_SSH_SIGNATURE_MAX);
	signer_need(cs_ssh_unarmor(text, n, &real[k][s][m]) == 0);
}

/* 1: it is the signature of this person, says ssh-keygen. */
static int theirs(int worker, const char *text, size_t n, const char *person, int s, int m)
{
	char *signature = in_folder("worker", worker);
	const char *const verify[] = { "ssh-keygen", "-Y", "verify", "-f", in_folder("allowed", 0), "-I", person, "-n",
		spaces[s], "-s", signature, NULL };

	put_file(signature, text, n);
	return run(verify, in_folder("message", m), "/dev/null") == 0;
}

/* The same from what we have: whose key it is says the roster. */
static int ours(const char *text, size_t n, const char *person, int s, int m)
{
	const struct cs_roster_person *owner = NULL;
	struct cs_ssh_key key;
	struct cs_buf bytes;
	int good = 0;

	cs_buf_init(&bytes, CS_SSH_SIGNATURE_MAX);
	if (cs_ssh_unarmor(text, n, &bytes) == 0 &&
	    cs_ssh_verify(bytes.data, bytes.len, spaces[s], messages[m], strlen(messages[m]), &key, NULL) == 0) {
		owner = cs_roster_find(roster, key.fingerprint, NULL);
		good = owner && strcmp(owner->name, person) == 0;
	}
	cs_buf_clear(&bytes);
	return good;
}

/* --- What a signature is made of ----------------------------------------------------------------------------------- */

struct part {
	uint8_t bytes[2048];
	size_t n;
};
struct parts {
	uint32_t version;
	struct part key, space, reserved, hash, kind, signature, tail; /* tail: flags and counter */
	size_t n_rest; /* bytes that are left over: of the inner signature, of all */
};

static void get_part(struct cs_cursor *cur, struct part *part)
{
	const uint8_t *bytes = NULL;
	size_t n = 0;

	cs_cursor_string(cur, sizeof(part->bytes) - 16, &bytes, &n);
	part->n = n;
	if (n > 0)
		memcpy(part->bytes, bytes, n);
}

/* 0 where it cannot be taken apart at all. */
static int take_apart(const struct cs_buf *from, struct parts *parts)
{
	struct part inner;
	struct cs_cursor cur;
	uint8_t magic[6];

	memset(parts, 0, sizeof(*parts));
	cs_cursor_init(&cur, from->data, from->len);
	cs_cursor_bytes(&cur, magic, sizeof(magic));
	parts->version = cs_cursor_u32(&cur);
	get_part(&cur, &parts->key);
	get_part(&cur, &parts->space);
	get_part(&cur, &parts->reserved);
	get_part(&cur, &parts->hash);
	get_part(&cur, &inner);
	parts->n_rest = cur.left;
	if (cur.error)
		return 0;
	cs_cursor_init(&cur, inner.bytes, inner.n);
	get_part(&cur, &parts->kind);
	get_part(&cur, &parts->signature);
	if (cur.error || cur.left > sizeof(parts->tail.bytes))
		return 0;
	parts->tail.n = cur.left;
	memcpy(parts->tail.bytes, cur.at, cur.left);
	return 1;
}

static void put_part(struct cs_buf *out, const struct part *part)
{
	cs_buf_put_string(out, part->bytes, part->n);
}

static void put_together(const struct parts *parts, struct cs_buf *out)
{
	struct cs_buf inner;

	cs_buf_init(&inner, CS_SSH_SIGNATURE_MAX);
	put_part(&inner, &parts->kind);
	put_part(&inner, &parts->signature);
	cs_buf_put(&inner, parts->tail.bytes, parts->tail.n);
	out->len = 0;
	cs_buf_put(out, "SSHSIG", 6);
	cs_buf_put_u32(out, parts->version);
	put_part(out, &parts->key);
	put_part(out, &parts->space);
	put_part(out, &parts->reserved);
	put_part(out, &parts->hash);
	cs_buf_put_string(out, inner.data, inner.len);
	signer_need(cs_buf_error(out) == 0 && cs_buf_error(&inner) == 0);
	cs_buf_clear(&inner);
}

static int is_text(const struct part *part, const char *text)
{
	return part->n == strlen(text) && memcmp(part->bytes, text, part->n) == 0;
}

/* The order of the group of ed25519, low byte first (RFC 8032 section 5.1). */
static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
	0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10 };

static int is_below_order(const uint8_t *scalar)
{
	for (int i = 31; i >= 0; i--)
		if (scalar[i] != order[i])
			return scalar[i] < order[i];
	return 0;
}

/* Any string of these bytes that ends in a NUL. */
static int ends_nul(const uint8_t *bytes, size_t n)
{
	struct cs_cursor cur;

	cs_cursor_init(&cur, bytes, n);
	for (int i = 0; i < 4 && cur.left > 0; i++) {
		const uint8_t *string = NULL;
		size_t len = 0;

		cs_cursor_string(&cur, 2048, &string, &len);
		if (len > 0 && len < 64 && string[len - 1] == 0 && len != 32)
			return 1;
	}
	return 0;
}

static int has_padded_number(const struct part *signature)
{
	struct cs_cursor cur;

	cs_cursor_init(&cur, signature->bytes, signature->n);
	for (int i = 0; i < 2; i++) {
		const uint8_t *number = NULL;
		size_t n = 0;

		cs_cursor_string(&cur, 2048, &number, &n);
		if (n > 1 && number[0] == 0 && (number[1] & 0x80) == 0)
			return 1;
	}
	return 0;
}

static enum class class_of_kind(const struct parts *parts)
{
	static const char *const taken[] = { "ssh-ed25519", "ecdsa-sha2-nistp256", "sk-ssh-ed25519@openssh.com",
		"sk-ecdsa-sha2-nistp256@openssh.com" };
	int t = -1;

	for (int i = 0; i < 4; i++)
		if (is_text(&parts->kind, taken[i]))
			t = i;
	if (t < 0)
		return KIND;
	if (t == 1 || t == 3)
		return has_padded_number(&parts->signature) ? MPINT : t == 3 && !(parts->tail.bytes[0] & 1) ? UNTOUCHED : NONE;
	if (parts->signature.n == 64 && !is_below_order(parts->signature.bytes + 32))
		return MALLEABLE;
	return t == 2 && !(parts->tail.bytes[0] & 1) ? UNTOUCHED : NONE;
}

static enum class class_of(const char *text, size_t n)
{
	struct cs_buf bytes, again;
	struct parts parts;
	enum class is = NONE;

	cs_buf_init(&bytes, CS_SSH_SIGNATURE_MAX);
	cs_buf_init(&again, TEXT_MAX);
	if (cs_ssh_unarmor(text, n, &bytes) < 0 || cs_ssh_armor(bytes.data, bytes.len, &again) < 0 || again.len != n ||
	    memcmp(again.data, text, n) != 0)
		is = ARMOR;
	else if (!take_apart(&bytes, &parts))
		is = NONE;
	else if (parts.version == 0)
		is = OLD;
	else if (parts.reserved.n > 0)
		is = RESERVED;
	else if ((parts.hash.n > 0 && parts.hash.bytes[parts.hash.n - 1] == 0) ||
		 (parts.space.n > 0 && parts.space.bytes[parts.space.n - 1] == 0) ||
		 (parts.kind.n > 0 && parts.kind.bytes[parts.kind.n - 1] == 0) || ends_nul(parts.key.bytes, parts.key.n))
		is = ENDS_NUL;
	else
		is = class_of_kind(&parts);
	cs_buf_clear(&bytes);
	cs_buf_clear(&again);
	return is;
}

/* --- Mutations ----------------------------------------------------------------------------------------------------- */

static uint64_t seed;

static uint32_t any(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % below;
}

/* A case under way: the signature in its parts, who made it, and what is asked of it. */
struct made {
	struct parts parts;
	int key, space, message;      /* what was signed, by whom */
	int person, in_space, of;     /* what is verified */
	struct cs_buf bytes;          /* parts as bytes */
	char text[TEXT_MAX];
	size_t n_text;
};

static void base_bytes(struct made *made, int key, struct cs_buf *out)
{
	out->len = 0;
	if (key < REAL) {
		const struct cs_buf *from = &real[key][made->space][made->message];

		cs_buf_put(out, from->data, from->len);
	} else {
		struct signer *signer = &soft[key - REAL];

		signer->hash = any(2) ? "sha512" : "sha256";
		signer_sign(signer, spaces[made->space], messages[made->message], strlen(messages[made->message]), out);
	}
}

static int is_soft_hardware(const struct made *made)
{
	return made->key >= REAL && signer_is_hardware(&soft[made->key - REAL]);
}

static int is_kind(const struct made *made, const char *part)
{
	return memmem(made->parts.kind.bytes, made->parts.kind.n, part, strlen(part)) != NULL;
}

static void add_byte(struct part *part, uint8_t byte)
{
	part->bytes[part->n++] = byte;
}

static void no_change(struct made *made)
{
	(void)made;
}

static void another_person(struct made *made)
{
	made->person = (int)any(KEYS);
}

static void another_space(struct made *made)
{
	made->in_space = (int)any(SPACES);
}

static void another_message(struct made *made)
{
	made->of = (int)any(MESSAGES);
}

static void another_named_space(struct made *made)
{
	const char *space = spaces[any(SPACES)];

	made->parts.space.n = strlen(space);
	memcpy(made->parts.space.bytes, space, made->parts.space.n);
}

/* Somebody else's key before this signature, and the other way round. */
static void another_key(struct made *made)
{
	struct parts other;
	struct cs_buf bytes;

	cs_buf_init(&bytes, CS_SSH_SIGNATURE_MAX);
	made->person = (int)any(KEYS);
	base_bytes(made, made->person, &bytes);
	signer_need(take_apart(&bytes, &other));
	made->parts.key = other.key;
	if (any(2))
		made->parts.kind = other.kind;
	cs_buf_clear(&bytes);
}

static void flip_anywhere(struct made *made)
{
	put_together(&made->parts, &made->bytes);
	for (uint32_t i = 0, n = 1 + any(3); i < n; i++)
		made->bytes.data[any((uint32_t)made->bytes.len)] ^= (uint8_t)(1u << any(8));
}

static void any_byte(struct made *made)
{
	put_together(&made->parts, &made->bytes);
	made->bytes.data[any((uint32_t)made->bytes.len)] = (uint8_t)any(256);
}

static void cut(struct made *made)
{
	put_together(&made->parts, &made->bytes);
	made->bytes.len = any((uint32_t)made->bytes.len);
}

static void left_over(struct made *made)
{
	if (any(2)) {
		add_byte(&made->parts.tail, (uint8_t)any(256));
		put_together(&made->parts, &made->bytes);
	} else {
		put_together(&made->parts, &made->bytes);
		cs_buf_put_u8(&made->bytes, (uint8_t)any(256));
	}
}

static void flip_signature(struct made *made)
{
	made->parts.signature.bytes[any((uint32_t)made->parts.signature.n)] ^= (uint8_t)(1u << any(8));
}

static void flip_key(struct made *made)
{
	made->parts.key.bytes[any((uint32_t)made->parts.key.n)] ^= (uint8_t)(1u << any(8));
}

static void flip_tail(struct made *made)
{
	if (made->parts.tail.n > 0)
		made->parts.tail.bytes[any((uint32_t)made->parts.tail.n)] ^= (uint8_t)(1u << any(8));
}

static void another_version(struct made *made)
{
	static const uint32_t versions[] = { 0, 0, 2, 256, UINT32_MAX };

	made->parts.version = versions[any(5)];
}

static void reserved_field(struct made *made)
{
	add_byte(&made->parts.reserved, (uint8_t)any(256));
}

static void another_hash(struct made *made)
{
	static const char *const hashes[] = { "sha512", "sha256", "sha1", "md5", "SHA512", "" };
	const char *hash = hashes[any(6)];

	made->parts.hash.n = strlen(hash);
	memcpy(made->parts.hash.bytes, hash, made->parts.hash.n);
}

static void nul_behind_name(struct made *made)
{
	struct part *const parts[] = { &made->parts.hash, &made->parts.space, &made->parts.kind };

	add_byte(parts[any(3)], 0);
}

/* A NUL behind one of the strings of the public key. */
static void nul_in_key(struct made *made)
{
	struct part before = made->parts.key, *key = &made->parts.key;
	uint32_t n = (uint32_t)before.bytes[3] + 1;

	key->bytes[3] = (uint8_t)n;
	key->bytes[3 + n] = 0;
	memcpy(key->bytes + 4 + n, before.bytes + 3 + n, before.n - 3 - n);
	key->n++;
}

static void pad_number(struct made *made)
{
	struct part before = made->parts.signature, *part = &made->parts.signature;
	uint32_t n = before.bytes[3];

	if (!is_kind(made, "ecdsa"))
		return;
	part->bytes[3] = (uint8_t)(n + 1);
	part->bytes[4] = 0;
	memcpy(part->bytes + 5, before.bytes + 4, before.n - 4);
	part->n++;
}

/* Zero, a negative number, or nothing. */
static void strange_number(struct made *made)
{
	struct part before = made->parts.signature, *part = &made->parts.signature;
	uint32_t n = before.bytes[3], m = any(3);

	if (!is_kind(made, "ecdsa"))
		return;
	if (m == 0) {
		part->bytes[4] |= 0x80;
		return;
	}
	part->bytes[3] = (uint8_t)(m - 1);
	part->bytes[4] = 0;
	memmove(part->bytes + 4 + m - 1, before.bytes + 4 + n, before.n - 4 - n);
	part->n = before.n - n + m - 1;
}

/* S + L, which some verifiers take for S. */
static void add_order(struct made *made)
{
	uint8_t *scalar = made->parts.signature.bytes + 32;
	unsigned carry = 0;

	if (!is_kind(made, "ed25519") || made->parts.signature.n != 64)
		return;
	for (int i = 0; i < 32; i++) {
		carry += (unsigned)scalar[i] + order[i];
		scalar[i] = (uint8_t)carry;
		carry >>= 8;
	}
}

static void cut_signature(struct made *made)
{
	made->parts.signature.n -= 1 + any(3);
}

/* What the authenticator says of the person, signed by it. */
static void other_flags(struct made *made)
{
	static const uint8_t flags[] = { 0x00, 0x04, 0x05, 0x80, 0x81, 0xff };
	struct cs_buf bytes;

	if (!is_soft_hardware(made))
		return;
	cs_buf_init(&bytes, CS_SSH_SIGNATURE_MAX);
	soft[made->key - REAL].flags = flags[any(6)];
	base_bytes(made, made->key, &bytes);
	soft[made->key - REAL].flags = SIGNER_PRESENT;
	signer_need(take_apart(&bytes, &made->parts));
	cs_buf_clear(&bytes);
}

static void another_kind(struct made *made)
{
	static const char *const kinds[] = { "ssh-ed25519", "ecdsa-sha2-nistp256", "sk-ssh-ed25519@openssh.com", "ssh-rsa",
		"sk-ecdsa-sha2-nistp256@openssh.com", "webauthn-sk-ecdsa-sha2-nistp256@openssh.com", "rsa-sha2-256", "" };
	const char *kind = kinds[any(8)];

	made->parts.kind.n = strlen(kind);
	memcpy(made->parts.kind.bytes, kind, made->parts.kind.n);
}

static void finish_text(struct made *made)
{
	struct cs_buf text;

	cs_buf_init(&text, TEXT_MAX - 8);
	if (made->bytes.len == 0)
		put_together(&made->parts, &made->bytes);
	signer_need(cs_ssh_armor(made->bytes.data, made->bytes.len, &text) == 0);
	memcpy(made->text, text.data, text.len);
	made->n_text = text.len;
	cs_buf_clear(&text);
}

static void insert(struct made *made, size_t at, const char *what)
{
	size_t n = strlen(what);

	memmove(made->text + at + n, made->text + at, made->n_text - at);
	memcpy(made->text + at, what, n);
	made->n_text += n;
}

static void blank_in_text(struct made *made)
{
	static const char *const blanks[] = { " ", "\n", "\t", "\r\n", "=", "-" };

	finish_text(made);
	insert(made, any((uint32_t)made->n_text), blanks[any(6)]);
}

static void words_around_text(struct made *made)
{
	finish_text(made);
	insert(made, any(2) ? 0 : made->n_text, any(2) ? "words\n" : "\n");
}

static void flip_text(struct made *made)
{
	finish_text(made);
	made->text[any((uint32_t)made->n_text)] ^= (char)(1u << any(7));
}

static const struct mutation {
	const char *name;
	unsigned weight;
	void (*make)(struct made *made);
} mutations[] = {
	{ "none", 24, no_change },
	{ "another person", 6, another_person },
	{ "another namespace", 5, another_space },
	{ "another message", 5, another_message },
	{ "another namespace named", 4, another_named_space },
	{ "another key", 5, another_key },
	{ "bits", 8, flip_anywhere },
	{ "a byte", 4, any_byte },
	{ "cut", 2, cut },
	{ "left over", 3, left_over },
	{ "bit of the signature", 4, flip_signature },
	{ "bit of the key", 4, flip_key },
	{ "bit of flags and counter", 3, flip_tail },
	{ "another version", 3, another_version },
	{ "reserved field", 2, reserved_field },
	{ "another hash", 3, another_hash },
	{ "NUL behind a name", 3, nul_behind_name },
	{ "NUL in the key", 2, nul_in_key },
	{ "padded number", 3, pad_number },
	{ "strange number", 2, strange_number },
	{ "S + L", 3, add_order },
	{ "short signature", 2, cut_signature },
	{ "other flags", 4, other_flags },
	{ "another kind", 3, another_kind },
	{ "blank in the text", 2, blank_in_text },
	{ "words around the text", 2, words_around_text },
	{ "bit of the text", 3, flip_text },
};
enum { MUTATIONS = sizeof(mutations) / sizeof(mutations[0]) };

static unsigned any_mutation(void)
{
	unsigned all = 0, i = 0;
	uint32_t at = 0;

	for (i = 0; i < MUTATIONS; i++)
		all += mutations[i].weight;
	at = any(all);
	for (i = 0; at >= mutations[i].weight; i++)
		at -= mutations[i].weight;
	return i;
}

/* --- The comparison ------------------------------------------------------------------------------------------------ */

static void one_case(unsigned number, int worker, struct counts *counts)
{
	struct made *made = calloc(1, sizeof(*made));
	unsigned mutation = 0;
	enum class is = NONE;
	int mine = 0, other = 0;

	signer_need(made != NULL);
	seed = number * 0x9e3779b97f4a7c15u + 1;
	mutation = any_mutation();
	/* a quarter of all with keys that are not taken would be too many */
	made->key = any(8) ? (int)any(2) + (any(2) ? 0 : REAL + (int)any(SOFT - 1)) : 2 + (int)any(2);
	made->person = made->key;
	made->space = made->in_space = (int)any(SPACES);
	made->message = made->of = (int)any(MESSAGES);
	cs_buf_init(&made->bytes, CS_SSH_SIGNATURE_MAX + 16);
	base_bytes(made, made->key, &made->bytes);
	signer_need(take_apart(&made->bytes, &made->parts));
	made->bytes.len = 0;
	mutations[mutation].make(made);
	if (made->n_text == 0)
		finish_text(made);
	is = class_of(made->text, made->n_text);
	mine = ours(made->text, made->n_text, names[made->person], made->in_space, made->of);
	other = theirs(worker, made->text, made->n_text, names[made->person], made->in_space, made->of);
	counts->all++;
	counts->mutation[mutation]++;
	counts->both += mine && other;
	counts->neither += !mine && !other;
	if (!mine && other && is != NONE)
		counts->stricter[is]++;
	else if (mine != other && counts->wrong++ == 0)
		(void)snprintf(counts->first, sizeof(counts->first),
			"case %u (%s, key of %s, class %s): we say %s, ssh-keygen says %s", number, mutations[mutation].name,
			names[made->key], class_names[is], mine ? "yes" : "no", other ? "yes" : "no");
	cs_buf_clear(&made->bytes);
	free(made);
}

static void make_world(void)
{
	char allowed[KEYS * 2200] = "", people[KEYS * 2200] = "version = 1\n";
	struct cs_problem problem = { 0 };

	(void)snprintf(folder, sizeof(folder), "/dev/shm/cs_ssh_same_XXXXXX");
	signer_need(mkdtemp(folder) != NULL);
	for (int m = 0; m < MESSAGES; m++)
		put_file(in_folder("message", m), messages[m], strlen(messages[m]));
	for (int k = 0; k < REAL; k++) {
		real_key(k);
		for (int s = 0; s < SPACES; s++)
			for (int m = 0; m < MESSAGES; m++)
				real_signature(k, s, m);
	}
	for (int k = 0; k < SOFT; k++) {
		signer_make(&soft[k], soft_kinds[k]);
		(void)snprintf(lines[REAL + k], sizeof(lines[0]), "%s", soft[k].line);
	}
	for (int k = 0; k < KEYS; k++) {
		size_t a = strlen(allowed), p = strlen(people);

		(void)snprintf(allowed + a, sizeof(allowed) - a, "%s %s\n", names[k], lines[k]);
		if (k != 2 && k != 3)
			(void)snprintf(people + p, sizeof(people) - p, "person %s { name = %s key \"%s\" {} }\n", names[k],
				names[k], lines[k]);
	}
	put_file(in_folder("allowed", 0), allowed, strlen(allowed));
	signer_need(cs_roster_parse(people, "roster", &roster, &problem) == 0);
}

static void clear_world(void)
{
	const char *const remove[] = { "rm", "-r", folder, NULL };

	cs_roster_free(&roster);
	for (int k = 0; k < SOFT; k++)
		signer_clear(&soft[k]);
	for (int k = 0; k < REAL; k++)
		for (int i = 0; i < SPACES * MESSAGES; i++)
			cs_buf_clear(&real[k][i / MESSAGES][i % MESSAGES]);
	signer_need(run(remove, "/dev/null", "/dev/null") == 0);
}

static unsigned cases(void)
{
	const char *more = getenv("CS_SSH_CASES");

	return more ? (unsigned)strtoul(more, NULL, 10) : CASES;
}

static void check_and_tell(const struct counts *workers)
{
	struct counts all = { 0 };

	for (int w = 0; w < WORKERS; w++) {
		all.all += workers[w].all;
		all.both += workers[w].both;
		all.neither += workers[w].neither;
		all.wrong += workers[w].wrong;
		for (int i = 0; i < CLASSES; i++)
			all.stricter[i] += workers[w].stricter[i];
		for (int i = 0; i < MUTATIONS; i++)
			all.mutation[i] += workers[w].mutation[i];
		if (workers[w].wrong)
			print_message("%s\n", workers[w].first);
	}
	print_message("%u signatures: both take %u, neither %u\n", all.all, all.both, all.neither);
	for (int i = 0; i < MUTATIONS; i++)
		print_message("  %5u  %s\n", all.mutation[i], mutations[i].name);
	print_message("stricter than ssh-keygen, as is meant:\n");
	for (int i = 1; i < CLASSES; i++)
		print_message("  %5u  %s\n", all.stricter[i], class_names[i]);
	assert_int_equal(all.wrong, 0);
	assert_int_equal(all.all, cases());
	/* neither verdict is a matter of course */
	assert_true(all.both > all.all / 6 && all.neither > all.all / 4);
	for (int i = 0; i < MUTATIONS; i++)
		assert_true(all.mutation[i] > 0);
	for (int i = 1; i < CLASSES; i++)
		assert_true(all.stricter[i] > 0);
}

/* A125. Kills: taking any namespace, leaving out the check of the point, of what is left over, of the hash, … */
/* --- Points ---------------------------------------------------------------------------------------------------------- */

/* On the curve, all of them: the first and the last that OpenSSH takes, and their neighbours. */
static const struct {
	const char *what;
	bool taken;
	const char *point; /* x and y */
} points[] = {
	{ "small x", false,
		"0000000000000000000000000000000000000000000000000000000000000005"
		"459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc" },
	{ "largest small x", false,
		"00000000000000000000000000000000ffffffffffffffffffffffffffffffff"
		"4f2b92b4c596a5a47f8b041d2dea6043021ac77b9a80b1343ac9d778f4f8f733" },
	{ "smallest x that will do", true,
		"0000000000000000000000000000000100000000000000000000000000000000"
		"4d8531d11aecbfe7bc2c6f48e2a1a3fd264a9165a891001f9b7c2d4a19d9d622" },
	{ "smallest x too large", false,
		"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632554"
		"484f0c0fda434ef0a808458914f328715d7a545e198ac7eee31dffe861b5d23f" },
	{ "largest x", false,
		"ffffffff00000001000000000000000000000000fffffffffffffffffffffffc"
		"19719bebf6aea13f25c96dfd7c71f5225d4c8fc09eb5a0ab9f39e9178e55c121" },
	{ "largest x that will do", true,
		"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63254f"
		"924a828ba19708d6f5e27ece0fdd074dda5060240d4b8ebc7dd3774593c9ed87" },
	{ "small y", false,
		"6916fac45e568b6b9e2e2ecd611b282e5fcc40a3067d601057f879ce5a8a73cc"
		"0000000000000000000000000000000000000000000000000000000000000001" },
	{ "largest small y", false,
		"d1f4f2a6a65d70d7133156e7f1ad2ca4a0d00d048e717a250f971f7a494c191c"
		"00000000000000000000000000000000ffffffffffffffffffffffffffffffff" },
	{ "smallest y that will do", true,
		"6abedadec8ed495f8fbe881824703527ce3effeb8bc5512bc7eaffb64406361d"
		"0000000000000000000000000000000100000000000000000000000000000000" },
	{ "smallest y too large", false,
		"e5b2bc2bd37b97a13fd4d4aa58707ba045deff3cec7e6f74d93a48167beafb0d"
		"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550" },
	{ "largest y that will do", true,
		"6b3b6ac7e1fa3067d4b69571e6b821f03c9e7b2bb41d4e6c6cc60d7528345b84"
		"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63254f" },
};

/* Does ssh-keygen take this line as a key? */
static bool they_read(const char *line)
{
	const char *path = in_folder("point", 0);
	const char *const read[] = { "ssh-keygen", "-l", "-f", path, NULL };

	put_file(path, line, strlen(line));
	return run(read, "/dev/null", "/dev/null") == 0;
}

static bool we_read(const char *line)
{
	struct cs_ssh_key key;

	return cs_ssh_key_read_line(line, &key) == 0 && cs_ssh_key_may_sign(&key) == 1;
}

/* A point whose coordinates are no usual ones. Kills taking whatever is on the curve. */
static void test_crypto_ssh_a125_points_as_ssh_keygen_takes_them(void **state)
{
	const char *const remove[] = { "rm", "-r", folder, NULL };

	(void)state;
	(void)snprintf(folder, sizeof(folder), "/dev/shm/cs_ssh_same_XXXXXX");
	signer_need(mkdtemp(folder) != NULL);
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		struct cs_buf blob, line;
		uint8_t point[65] = { 4 };

		assert_int_equal(cs_unhex(points[i].point, point + 1, 64), 0);
		cs_buf_init(&blob, 1024);
		cs_buf_put_cstr(&blob, "ecdsa-sha2-nistp256");
		cs_buf_put_cstr(&blob, "nistp256");
		cs_buf_put_string(&blob, point, sizeof(point));
		cs_buf_init(&line, 1024);
		cs_buf_put(&line, "ecdsa-sha2-nistp256 ", 20);
		assert_int_equal(cs_base64_write(blob.data, blob.len, &line), 0);
		cs_buf_put_u8(&line, 0);
		assert_int_equal(cs_buf_error(&line), 0);
		if (they_read((const char *)line.data) != points[i].taken || we_read((const char *)line.data) != points[i].taken)
			fail_msg("%s: ssh-keygen says %d, we say %d", points[i].what, they_read((const char *)line.data),
				we_read((const char *)line.data));
		cs_buf_clear(&line);
		cs_buf_clear(&blob);
	}
	signer_need(run(remove, "/dev/null", "/dev/null") == 0);
}

static void test_crypto_ssh_a125_same_as_ssh_keygen(void **state)
{
	struct counts *counts =
		mmap(NULL, WORKERS * sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pids[WORKERS];
	(void)state;

	assert_true(counts != MAP_FAILED);
	make_world();
	for (int w = 0; w < WORKERS; w++) {
		pids[w] = fork();
		assert_true(pids[w] >= 0);
		if (pids[w] == 0) {
			for (unsigned i = (unsigned)w; i < cases(); i += WORKERS)
				one_case(i, w, &counts[w]);
			_exit(0);
		}
	}
	for (int w = 0; w < WORKERS; w++) {
		int status = 0;

		assert_int_equal(waitpid(pids[w], &status, 0), pids[w]);
		assert_int_equal(status, 0);
	}
	clear_world();
	check_and_tell(counts);
	assert_int_equal(munmap(counts, WORKERS * sizeof(*counts)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_crypto_ssh_a125_points_as_ssh_keygen_takes_them),
		cmocka_unit_test(test_crypto_ssh_a125_same_as_ssh_keygen) };

	if (system("command -v ssh-keygen >/dev/null") != 0) {
		(void)puts("there is no ssh-keygen; install openssh-client");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
