/* SPDX-License-Identifier: Apache-2.0 */
/* Every word of SQL that the SQLite store says. All values are bound parameters; nothing is ever put into the text. */
#ifndef CS_STORE_SCHEMA_H
#define CS_STORE_SCHEMA_H

#define CS_SCHEMA_VERSION 5              /* user_version */
#define CS_SCHEMA_APPLICATION 0x4353474e /* application_id: "CSGN" */

/* What makes the tables in an empty file. There is no release yet: until then a change of it raises the version, and
 * stores of another are refused. */
#define CS_N_SCHEMA 5
extern const char *const cs_schema[CS_N_SCHEMA];

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
	CS_SQL_FIND_ID,
	CS_SQL_FIND_OPEN,
	CS_SQL_CHANGE,
	CS_SQL_USE,
	CS_SQL_VOTER,
	CS_SQL_VOTE,
	CS_SQL_VOTED,
	CS_SQL_VOTES,
	CS_SQL_LIST,
	CS_SQL_LIST_OPEN,
	CS_SQL_LIST_UID,
	CS_SQL_LIST_PERSON,
	CS_SQL_LIST_PLACE,
	CS_SQL_NEXT_PLACE,
	CS_SQL_OVERDUE,
	CS_SQL_UNOPPOSED,
	CS_SQL_COUNT,
	CS_SQL_HEAD,
	CS_SQL_APPEND,
	CS_SQL_RECORDS,
	CS_SQL_RECORDS_OF,
	CS_SQL_ADD_SEGMENT,
	CS_SQL_TAKE_OUT,
	CS_SQL_SEGMENTS,
	CS_SQL_TELL,
	CS_SQL_NOTICES,
	CS_SQL_NOTICES_OF,
	CS_SQL_TOLD,
	CS_SQL_TELL_LATER,
	CS_SQL_COUNT_NOTICES,
	CS_SQL_NEXT_NOTICE,
	CS_SQL_SET_QUIET,
	CS_SQL_END_QUIET,
	CS_SQL_QUIET,
	CS_SQL_ADD_POLICY,
	CS_SQL_POLICIES,
	CS_SQL_POLICY_TEXT,
	CS_N_SQL
};
extern const char *const cs_sql[CS_N_SQL];

#endif
