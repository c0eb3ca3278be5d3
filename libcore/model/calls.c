/* SPDX-License-Identifier: Apache-2.0 */
/* The shapes of calls and replies. */
#include "calls.h"

#define SHAPE(name) const struct cs_shape cs_##name##_shape = CS_SHAPE(#name, cs_##name, name##_fields)

static const struct cs_field submit_fields[] = {
	CS_NEST(cs_submit, subject, &cs_subject_shape),
	CS_NEST(cs_submit, action, &cs_action_shape),
	CS_STR(cs_submit, reason, CS_MAX_REASON),
	CS_BOOL(cs_submit, may_wait),
	CS_BOOL(cs_submit, only_ask),
	CS_BOOL(cs_submit, asked_again),
	CS_BOOL(cs_submit, has_file),
	CS_BOOL(cs_submit, ahead),
	CS_U64(cs_submit, start_wall_ms),
	CS_BOOL(cs_submit, opened),
	CS_BOOL(cs_submit, nested),
};
SHAPE(submit);

static const struct cs_field wait_fields[] = {
	CS_FIXED(cs_wait, id, CS_ID_LEN),
	CS_FIXED(cs_wait, secret, CS_ID_LEN),
	CS_U64(cs_wait, seen),
	CS_U32(cs_wait, wait_ms),
};
SHAPE(wait);

static const struct cs_field claim_fields[] = {
	CS_FIXED(cs_claim, id, CS_ID_LEN),
	CS_FIXED(cs_claim, secret, CS_ID_LEN),
	CS_BOOL(cs_claim, has_file),
	CS_U32(cs_claim, files),
};
SHAPE(claim);

static const struct cs_field confirm_fields[] = {
	CS_NEST(cs_confirm, subject, &cs_subject_shape),
	CS_U32(cs_confirm, target_uid),
	CS_STR(cs_confirm, service, CS_MAX_NAME),
};
SHAPE(confirm);

static const struct cs_field cancel_fields[] = {
	CS_U64(cs_cancel, number),
	CS_FIXED(cs_cancel, id, CS_ID_LEN),
	CS_FIXED(cs_cancel, secret, CS_ID_LEN),
};
SHAPE(cancel);

static const struct cs_field right_fields[] = {
	CS_STR(cs_right, user, CS_MAX_NAME),
	CS_STR(cs_right, permission, CS_MAX_NAME),
	CS_STR(cs_right, scope, CS_MAX_SCOPE),
};
SHAPE(right);

static const struct cs_field has_role_fields[] = {
	CS_NEST(cs_has_role, subject, &cs_subject_shape),
	CS_STR(cs_has_role, role, CS_MAX_NAME),
	CS_STR(cs_has_role, scope, CS_MAX_SCOPE),
};
SHAPE(has_role);

static const struct cs_field right_answer_fields[] = {
	CS_ENUM(cs_right_answer, verdict, cs_verdict_names),
	CS_ENUM(cs_right_answer, reason, cs_reason_names),
	CS_STR(cs_right_answer, text, CS_MAX_TEXT),
	CS_STRV(cs_right_answer, steps, CS_MAX_MEMBERSHIPS, CS_MAX_TEXT),
	CS_STR(cs_right_answer, source, CS_MAX_TEXT),
	CS_U64(cs_right_answer, age_ms),
};
SHAPE(right_answer);

static const struct cs_field list_fields[] = {
	CS_BOOL(cs_list, all),
	CS_BOOL(cs_list, mine),
	CS_BOOL(cs_list, waiting),
	CS_U64(cs_list, before),
};
SHAPE(list);

static const struct cs_field list_row_fields[] = {
	CS_U64(cs_list_row, number),
	CS_ENUM(cs_list_row, state, cs_state_names),
	CS_STR(cs_list_row, requester, CS_MAX_NAME),
	CS_STR(cs_list_row, gate, CS_MAX_NAME),
	CS_STR(cs_list_row, scope, CS_MAX_SCOPE),
	CS_STR(cs_list_row, line, CS_MAX_TEXT),
	CS_STR(cs_list_row, reason, CS_MAX_REASON),
	CS_U64(cs_list_row, created_wall_ms),
	CS_U64(cs_list_row, remaining_ms),
	CS_U32(cs_list_row, missing),
	CS_BOOL(cs_list_row, mine),
	CS_BOOL(cs_list_row, waits),
	CS_FIXED(cs_list_row, id, CS_ID_LEN),
};
SHAPE(list_row);

static const struct cs_field list_answer_fields[] = {
	CS_ARRAY(cs_list_answer, rows, &cs_list_row_shape, CS_MAX_LIST),
	CS_BOOL(cs_list_answer, more),
};
SHAPE(list_answer);

static const struct cs_field show_fields[] = {
	CS_U64(cs_show, number),
	CS_STR(cs_show, prefix, CS_ID_LEN + CS_ID_LEN),
};
SHAPE(show);

static const struct cs_field show_answer_fields[] = {
	CS_NEST(cs_show_answer, request, &cs_request_shape),
	CS_FIXED(cs_show_answer, digest, CS_DIGEST_LEN),
	CS_NEST(cs_show_answer, decision, &cs_decision_shape),
	CS_BOOL(cs_show_answer, mine),
	CS_BOOL(cs_show_answer, may_vote),
	CS_STR(cs_show_answer, may_vote_text, CS_MAX_TEXT),
	CS_BOOL(cs_show_answer, policy_changed),
	CS_STR(cs_show_answer, ended_text, CS_MAX_TEXT),
	CS_U64(cs_show_answer, ended_wall_ms),
	CS_U64(cs_show_answer, head_number),
	CS_FIXED(cs_show_answer, head_chain, CS_DIGEST_LEN),
};
SHAPE(show_answer);

static const struct cs_field vote_call_fields[] = {
	CS_U64(cs_vote_call, number),
	CS_FIXED(cs_vote_call, digest, CS_DIGEST_LEN),
	CS_ENUM(cs_vote_call, vote, cs_vote_names),
	CS_STR(cs_vote_call, check_code, CS_CODE_LEN),
	CS_STR(cs_vote_call, comment, CS_MAX_REASON),
	CS_U64(cs_vote_call, not_after_wall_ms),
	CS_U64(cs_vote_call, head_number),
	CS_FIXED(cs_vote_call, head_chain, CS_DIGEST_LEN),
	CS_BLOB(cs_vote_call, signature, CS_MAX_SIGNATURE),
};
SHAPE(vote_call);

static const struct cs_field empty_fields[] = {
	CS_U32(cs_empty, unused),
};
SHAPE(empty);

static const struct cs_field status_fields[] = {
	CS_STR(cs_status, version, CS_MAX_NAME),
	CS_STR(cs_status, host, CS_MAX_NAME),
	CS_U64(cs_status, uptime_ms),
	CS_STR(cs_status, policy_file, CS_MAX_PATH),
	CS_FIXED(cs_status, policy_digest, CS_DIGEST_LEN),
	CS_U64(cs_status, policy_generation),
	CS_U64(cs_status, policy_wall_ms),
	CS_STR(cs_status, directory, CS_MAX_TEXT),
	CS_BOOL(cs_status, directory_ok),
	CS_STR(cs_status, store, CS_MAX_PATH),
	CS_U64(cs_status, pending),
	CS_U64(cs_status, approved),
	CS_U64(cs_status, waiting),
	CS_U64(cs_status, connections),
	CS_U64(cs_status, malformed),
	CS_U64(cs_status, events),
	CS_FIXED(cs_status, head, CS_DIGEST_LEN),
	CS_STR(cs_status, assurance, CS_MAX_NAME),
	CS_U64(cs_status, first_event),
	CS_U64(cs_status, notices),
	CS_STR(cs_status, notify, CS_MAX_TEXT),
	CS_STR(cs_status, host_key, CS_MAX_KEY),
	CS_STR(cs_status, roster, CS_MAX_TEXT),
};
SHAPE(status);

static const struct cs_field watch_fields[] = {
	CS_U64(cs_watch, seen),
	CS_U32(cs_watch, wait_ms),
};
SHAPE(watch);

static const struct cs_field watch_answer_fields[] = {
	CS_U64(cs_watch_answer, change),
};
SHAPE(watch_answer);

static const struct cs_field break_glass_fields[] = {
	CS_STR(cs_break_glass, glass, CS_MAX_NAME),
	CS_STR(cs_break_glass, reason, CS_MAX_REASON),
	CS_U64(cs_break_glass, lasts_ms),
	CS_BOOL(cs_break_glass, drill),
};
SHAPE(break_glass);

static const struct cs_field break_glass_answer_fields[] = {
	CS_NEST(cs_break_glass_answer, decision, &cs_decision_shape),
	CS_STR(cs_break_glass_answer, name, CS_MAX_NAME),
	CS_STR(cs_break_glass_answer, scope, CS_MAX_SCOPE),
	CS_U64(cs_break_glass_answer, until_wall_ms),
	CS_STRV(cs_break_glass_answer, lines, CS_MAX_LIST, CS_MAX_TEXT),
};
SHAPE(break_glass_answer);

static const struct cs_field receipt_answer_fields[] = {
	CS_ARRAY(cs_receipt_answer, records, &cs_record_shape, CS_MAX_LIST),
	CS_STR(cs_receipt_answer, host, CS_MAX_NAME),
	CS_U64(cs_receipt_answer, head_number),
	CS_FIXED(cs_receipt_answer, head_chain, CS_DIGEST_LEN),
	CS_STR(cs_receipt_answer, host_key, CS_MAX_KEY),
	CS_BLOB(cs_receipt_answer, signature, CS_MAX_SIGNATURE),
};
SHAPE(receipt_answer);

static const struct cs_field quiet_fields[] = {
	CS_ENUM(cs_quiet, kind, cs_quiet_names),
	CS_U64(cs_quiet, until_wall_ms),
};
SHAPE(quiet);

static const struct cs_field quiet_answer_fields[] = {
	CS_BOOL(cs_quiet_answer, quiet),
	CS_U64(cs_quiet_answer, until_wall_ms),
};
SHAPE(quiet_answer);

static const struct cs_field archive_fields[] = {
	CS_NEST(cs_archive, segment, &cs_segment_shape),
};
SHAPE(archive);

static const struct cs_field archive_answer_fields[] = {
	CS_NEST(cs_archive_answer, segment, &cs_segment_shape),
	CS_U64(cs_archive_answer, event),
	CS_BLOB(cs_archive_answer, signature, CS_MAX_SIGNATURE),
};
SHAPE(archive_answer);

static const struct cs_field evidence_call_fields[] = {
	CS_U64(cs_evidence_call, from),
	CS_U32(cs_evidence_call, count),
};
SHAPE(evidence_call);

static const struct cs_field evidence_answer_fields[] = {
	CS_ARRAY(cs_evidence_answer, records, &cs_record_shape, CS_MAX_LIST),
	CS_U64(cs_evidence_answer, last),
	CS_U64(cs_evidence_answer, first),
	CS_FIXED(cs_evidence_answer, before, CS_DIGEST_LEN),
};
SHAPE(evidence_answer);

static const struct cs_field right_asked_fields[] = {
	CS_STR(cs_right_asked, user, CS_MAX_NAME),
	CS_STR(cs_right_asked, permission, CS_MAX_NAME),
	CS_STR(cs_right_asked, scope, CS_MAX_SCOPE),
};
SHAPE(right_asked);

static const struct cs_field rights_fields[] = {
	CS_ARRAY(cs_rights, asked, &cs_right_asked_shape, CS_MAX_RIGHTS),
};
SHAPE(rights);

static const struct cs_field right_told_fields[] = {
	CS_ENUM(cs_right_told, verdict, cs_verdict_names),
	CS_ENUM(cs_right_told, reason, cs_reason_names),
};
SHAPE(right_told);

static const struct cs_field rights_answer_fields[] = {
	CS_ARRAY(cs_rights_answer, told, &cs_right_told_shape, CS_MAX_RIGHTS),
};
SHAPE(rights_answer);

static const struct cs_field apply_fields[] = {
	CS_ENUM(cs_apply, kind, cs_apply_names),
	CS_BOOL(cs_apply, only_show),
	CS_U64(cs_apply, base),
	CS_FIXED(cs_apply, digest, CS_DIGEST_LEN),
	CS_U64(cs_apply, number),
	CS_STR(cs_apply, role, CS_MAX_NAME),
	CS_STR(cs_apply, scope_kind, CS_MAX_NAME),
	CS_STR(cs_apply, label, CS_MAX_NAME),
	CS_STRV(cs_apply, permissions, CS_MAX_QUERIES, CS_MAX_NAME),
	CS_STRV(cs_apply, inherits, CS_MAX_QUERIES, CS_MAX_NAME),
	CS_STR(cs_apply, comment, CS_MAX_REASON),
};
SHAPE(apply);

static const struct cs_field apply_answer_fields[] = {
	CS_BOOL(cs_apply_answer, applied),
	CS_NEST(cs_apply_answer, generation, &cs_generation_shape),
	CS_ENUM(cs_apply_answer, effect, cs_effect_names),
	CS_ARRAY(cs_apply_answer, changes, &cs_change_shape, CS_MAX_CHANGES),
	CS_BOOL(cs_apply_answer, more),
	CS_NEST(cs_apply_answer, decision, &cs_decision_shape),
	CS_STR(cs_apply_answer, text, CS_MAX_TEXT),
};
SHAPE(apply_answer);

static const struct cs_field history_fields[] = {
	CS_U64(cs_history, before),
};
SHAPE(history);

static const struct cs_field history_answer_fields[] = {
	CS_ARRAY(cs_history_answer, generations, &cs_generation_shape, CS_MAX_LIST),
};
SHAPE(history_answer);

static const struct cs_field policy_call_fields[] = {
	CS_U64(cs_policy_call, number),
	CS_U64(cs_policy_call, offset),
};
SHAPE(policy_call);

static const struct cs_field policy_answer_fields[] = {
	CS_NEST(cs_policy_answer, generation, &cs_generation_shape),
	CS_BLOB(cs_policy_answer, text, CS_MAX_EVENT),
};
SHAPE(policy_answer);

static const struct cs_field ask_fields[] = {
	CS_STR(cs_ask, service, CS_MAX_NAME),
	CS_STR(cs_ask, gate, CS_MAX_NAME),
	CS_STR(cs_ask, command, CS_MAX_PATH),
	CS_STRV(cs_ask, argv, CS_MAX_ARGS, CS_MAX_ARG),
	CS_STR(cs_ask, cwd, CS_MAX_PATH),
	CS_STRV(cs_ask, env, CS_MAX_ENV, CS_MAX_ARG),
	CS_STR(cs_ask, tty, CS_MAX_NAME),
	CS_STR(cs_ask, reason, CS_MAX_REASON),
	CS_BOOL(cs_ask, may_wait),
	CS_BOOL(cs_ask, has_file),
	CS_BOOL(cs_ask, ahead),
	CS_U64(cs_ask, start_wall_ms),
	CS_ARRAY(cs_ask, files, &cs_wanted_shape, CS_MAX_WANTED),
	CS_BOOL(cs_ask, opened),
	CS_BOOL(cs_ask, for_another),
	CS_U32(cs_ask, for_uid),
};
SHAPE(ask);

static const struct cs_field attend_fields[] = {
	CS_ENUM(cs_attend, kind, cs_attend_names),
	CS_U64(cs_attend, number),
	CS_FIXED(cs_attend, id, CS_ID_LEN),
	CS_STR(cs_attend, tty, CS_MAX_NAME),
	CS_U32(cs_attend, pid),
	CS_U64(cs_attend, since_boot_ms),
	CS_U64(cs_attend, seen),
	CS_U32(cs_attend, wait_ms),
};
SHAPE(attend);

static const struct cs_field attend_answer_fields[] = {
	CS_U64(cs_attend_answer, version),
	CS_BOOL(cs_attend_answer, end),
	CS_ENUM(cs_attend_answer, reason, cs_reason_names),
	CS_STR(cs_attend_answer, text, CS_MAX_TEXT),
	CS_U32(cs_attend_answer, watchers),
	CS_STR(cs_attend_answer, watched_by, CS_MAX_TEXT),
	CS_BOOL(cs_attend_answer, pause),
	CS_U64(cs_attend_answer, ends_in_ms),
};
SHAPE(attend_answer);

static const struct cs_field sessions_fields[] = {
	CS_BOOL(cs_sessions, mine),
	CS_BOOL(cs_sessions, all),
	CS_U64(cs_sessions, number),
};
SHAPE(sessions);

static const struct cs_field session_fields[] = {
	CS_U64(cs_session, number),
	CS_FIXED(cs_session, id, CS_ID_LEN),
	CS_ENUM(cs_session, kind, cs_attend_names),
	CS_STR(cs_session, requester, CS_MAX_NAME),
	CS_STR(cs_session, gate, CS_MAX_NAME),
	CS_STR(cs_session, scope, CS_MAX_SCOPE),
	CS_STR(cs_session, line, CS_MAX_TEXT),
	CS_STR(cs_session, tty, CS_MAX_NAME),
	CS_STR(cs_session, peer, CS_MAX_NAME),
	CS_U32(cs_session, pid),
	CS_U64(cs_session, since_wall_ms),
	CS_U64(cs_session, ends_in_ms),
	CS_ENUM(cs_session, watch, cs_watch_rule_names),
	CS_U32(cs_session, watchers),
	CS_STR(cs_session, watched_by, CS_MAX_TEXT),
	CS_BOOL(cs_session, ending),
	CS_BOOL(cs_session, mine),
	CS_BOOL(cs_session, may_end),
	CS_BOOL(cs_session, may_watch),
};
SHAPE(session);

static const struct cs_field sessions_answer_fields[] = {
	CS_ARRAY(cs_sessions_answer, sessions, &cs_session_shape, CS_MAX_LIST),
	CS_BOOL(cs_sessions_answer, more),
};
SHAPE(sessions_answer);

static const struct cs_field end_fields[] = {
	CS_U64(cs_end, number),
	CS_STR(cs_end, reason, CS_MAX_REASON),
};
SHAPE(end);

static const struct cs_field stream_fields[] = {
	CS_U64(cs_stream, number),
	CS_FIXED(cs_stream, id, CS_ID_LEN),
	CS_U32(cs_stream, pid),
	CS_ENUM(cs_stream, kind, cs_stream_names),
	CS_U64(cs_stream, left_out),
	CS_BLOB(cs_stream, bytes, CS_MAX_STREAM),
	CS_U32(cs_stream, lines),
	CS_U32(cs_stream, columns),
};
SHAPE(stream);

static const struct cs_field screen_fields[] = {
	CS_U64(cs_screen, number),
	CS_U64(cs_screen, session),
	CS_U64(cs_screen, from),
	CS_U32(cs_screen, wait_ms),
	CS_BOOL(cs_screen, leave),
};
SHAPE(screen);

static const struct cs_field screen_answer_fields[] = {
	CS_BLOB(cs_screen_answer, bytes, CS_MAX_STREAM),
	CS_U64(cs_screen_answer, from),
	CS_U32(cs_screen_answer, lines),
	CS_U32(cs_screen_answer, columns),
	CS_BOOL(cs_screen_answer, over),
	CS_ENUM(cs_screen_answer, reason, cs_reason_names),
	CS_STR(cs_screen_answer, text, CS_MAX_TEXT),
	CS_U64(cs_screen_answer, session),
	CS_U32(cs_screen_answer, watchers),
	CS_ENUM(cs_screen_answer, watch, cs_watch_rule_names),
};
SHAPE(screen_answer);
