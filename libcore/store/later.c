/* SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"
#define SOON(decl) decl { return CS_EINVAL; }
#pragma GCC diagnostic ignored "-Wunused-parameter"
SOON(int cs_store_use(struct cs_store *store, uint64_t number, const struct cs_now *now, uint32_t *ret_used))
SOON(int cs_store_find_prefix(struct cs_store *store, const char *hex, uint64_t *ret_number))
SOON(int cs_store_unopposed(struct cs_store *store, const struct cs_now *now, uint64_t *ret_numbers, size_t max))
SOON(int cs_store_records_of(struct cs_store *store, uint64_t request, size_t max, struct cs_record **ret_records, size_t *ret_count))
SOON(int cs_store_first(struct cs_store *store, uint64_t *ret_number, uint8_t ret_before[CS_DIGEST_LEN]))
SOON(int cs_store_archive(struct cs_store *store, const struct cs_segment *segment))
SOON(int cs_store_segments(struct cs_store *store, struct cs_segment **ret_segments, size_t *ret_count))
SOON(int cs_store_tell(struct cs_store *store, struct cs_notice *notice, uint64_t due_wall_ms))
SOON(int cs_store_notices(struct cs_store *store, uint64_t wall_ms, size_t max, struct cs_notice **ret_notices, uint32_t *ret_tries, size_t *ret_count))
SOON(int cs_store_told(struct cs_store *store, uint64_t number))
SOON(int cs_store_tell_later(struct cs_store *store, uint64_t number, uint64_t due_wall_ms))
SOON(int cs_store_count_notices(struct cs_store *store, uint64_t *ret_count, uint64_t *ret_due_wall_ms))
SOON(int cs_store_set_quiet(struct cs_store *store, const char *name, uint64_t until_wall_ms))
SOON(int cs_store_quiet(struct cs_store *store, const char *name, uint64_t wall_ms, uint64_t *ret_until))
