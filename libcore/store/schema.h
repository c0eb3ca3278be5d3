/* SPDX-License-Identifier: Apache-2.0 */
/* Every word of SQL that the SQLite store says. All values are bound parameters; nothing is ever put into the text. */
#ifndef CS_STORE_SCHEMA_H
#define CS_STORE_SCHEMA_H

#define CS_SCHEMA_VERSION 2              /* user_version */
#define CS_SCHEMA_APPLICATION 0x4353474e /* application_id: "CSGN" */

/* What makes each version out of the one before; the first one makes version 1 out of an empty file. Written once: what
 * is in stores somewhere is never edited. */
extern const char *const cs_schema_steps[CS_SCHEMA_VERSION];

/* The statements, prepared once when the store is opened. */
enum cs_sql {
	CS_SQL_BEGIN,
	CS_SQL_COMMIT,
	CS_SQL_ROLLBACK,
	CS_SQL_MARK,
	CS_SQL_RELEASE,
	CS_SQL_UNDO,
	CS_SQL_ADD,
	CS_SQL_GET,
	CS_SQL_GET_ID,
	CS_SQL_FIND_OPEN,
	CS_SQL_CHANGE,
	CS_SQL_VOTE,
	CS_SQL_VOTED,
	CS_SQL_VOTES,
	CS_SQL_LIST,
	CS_SQL_LIST_OPEN,
	CS_SQL_OVERDUE,
	CS_SQL_COUNT_UID,
	CS_SQL_COUNT,
	CS_SQL_HEAD,
	CS_SQL_APPEND,
	CS_SQL_RECORDS,
	CS_SQL_ADD_POLICY,
	CS_SQL_POLICIES,
	CS_SQL_POLICY_TEXT,
	CS_N_SQL
};
extern const char *const cs_sql[CS_N_SQL];

#endif
