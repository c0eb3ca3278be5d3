/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a key, and as a line of authorized_keys: bounded, and one form only. The first byte says as which. */
#include "base64.h"
#include "ssh_key.h"
#include <countersign/error.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void require(int holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int r, const struct cs_ssh_key *key)
{
	require(r == 0 || r == CS_EPROTO || r == CS_ETOOBIG || r == CS_ENOMEM);
	if (r != 0)
		return;
	require(strlen(key->fingerprint) == CS_SSH_FINGERPRINT_LEN && strncmp(key->fingerprint, "SHA256:", 7) == 0);
	require(*key->name != '\0' && key->n_point <= CS_SSH_POINT_MAX);
	require(key->type != CS_SSH_OTHER || !cs_ssh_key_may_sign(key));
	(void)cs_ssh_key_may_sign(key);
}

/* What is read as base64 is what would be written. */
static void check_base64(const char *text, size_t n)
{
	struct cs_buf bytes, again;

	cs_buf_init(&bytes, 65536);
	cs_buf_init(&again, 131072);
	if (cs_base64_read(text, n, &bytes) == 0) {
		require(cs_base64_write(bytes.data, bytes.len, &again) == 0);
		require(again.len == n && (n == 0 || memcmp(again.data, text, n) == 0));
	}
	cs_buf_clear(&bytes);
	cs_buf_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_ssh_key key;
	char *line = NULL;

	if (size == 0 || size > 65536)
		return 0;
	if (data[0] == 'b') {
		check(cs_ssh_key_read(data + 1, size - 1, &key), &key);
		return 0;
	}
	line = strndup((const char *)data + 1, size - 1);
	require(line != NULL);
	check(cs_ssh_key_read_line(line, &key), &key);
	check_base64((const char *)data + 1, size - 1);
	free(line);
	return 0;
}
