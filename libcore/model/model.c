/* SPDX-License-Identifier: Apache-2.0 */
/* The shapes of the nouns. A field that is added here is encoded, bounded, copied, freed and rendered. */
#include "model.h"

#define SHAPE(name) const struct cs_shape cs_##name##_shape = CS_SHAPE(#name, cs_##name, name##_fields)

static const struct cs_field subject_fields[] = {
	CS_U32(cs_subject, uid),
	CS_U32(cs_subject, login_uid),
	CS_STR(cs_subject, name, CS_MAX_NAME),
};
SHAPE(subject);

static const struct cs_field person_fields[] = {
	CS_STR(cs_person, id, CS_MAX_NAME),
	CS_STR(cs_person, human, CS_MAX_NAME),
	CS_STR(cs_person, dn, CS_MAX_DN),
	CS_STR(cs_person, name, CS_MAX_NAME),
	CS_U32(cs_person, uid),
	CS_BOOL(cs_person, locked),
	CS_STRV(cs_person, keys, CS_MAX_KEYS, CS_MAX_NAME),
};
SHAPE(person);

static const struct cs_field file_fields[] = {
	CS_BOOL(cs_file, present),
	CS_FIXED(cs_file, sha256, CS_DIGEST_LEN),
	CS_U64(cs_file, device),
	CS_U64(cs_file, inode),
	CS_U64(cs_file, size),
	CS_U32(cs_file, mode),
	CS_U32(cs_file, uid),
	CS_U32(cs_file, gid),
};
SHAPE(file);

static const struct cs_field operand_fields[] = {
	CS_U32(cs_operand, arg),
	CS_STR(cs_operand, suffix, CS_MAX_NAME),
	CS_STR(cs_operand, path, CS_MAX_PATH),
	CS_BOOL(cs_operand, exposed),
	CS_NEST(cs_operand, file, &cs_file_shape),
};
SHAPE(operand);

static const struct cs_field wanted_fields[] = {
	CS_U32(cs_wanted, arg),
	CS_STR(cs_wanted, suffix, CS_MAX_NAME),
};
SHAPE(wanted);

static const struct cs_field action_fields[] = {
	CS_STR(cs_action, service, CS_MAX_NAME),
	CS_STR(cs_action, host, CS_MAX_NAME),
	CS_STR(cs_action, command, CS_MAX_PATH),
	CS_STR(cs_action, resolved, CS_MAX_PATH),
	CS_STRV(cs_action, argv, CS_MAX_ARGS, CS_MAX_ARG),
	CS_U32(cs_action, target_uid),
	CS_U32(cs_action, target_gid),
	CS_U32V(cs_action, target_groups, CS_MAX_GROUPS),
	CS_STR(cs_action, target_name, CS_MAX_NAME),
	CS_STR(cs_action, cwd, CS_MAX_PATH),
	CS_STRV(cs_action, env, CS_MAX_ENV, CS_MAX_ARG),
	CS_STR(cs_action, tty, CS_MAX_NAME),
	CS_STR(cs_action, peer, CS_MAX_NAME),
	CS_BOOL(cs_action, option_refused),
	CS_BOOL(cs_action, exposed),
	CS_NEST(cs_action, file, &cs_file_shape),
	CS_ARRAY(cs_action, operands, &cs_operand_shape, CS_MAX_OPERANDS),
	CS_BOOL(cs_action, more_operands),
};
SHAPE(action);

static const struct cs_field request_fields[] = {
	CS_U32(cs_request, version),
	CS_FIXED(cs_request, id, CS_ID_LEN),
	CS_STR(cs_request, boot, CS_MAX_NAME),
	CS_NEST(cs_request, subject, &cs_subject_shape),
	CS_NEST(cs_request, requester, &cs_person_shape),
	CS_NEST(cs_request, action, &cs_action_shape),
	CS_STR(cs_request, gate, CS_MAX_NAME),
	CS_STR(cs_request, scope, CS_MAX_SCOPE),
	CS_FIXED(cs_request, policy_digest, CS_DIGEST_LEN),
	CS_STR(cs_request, reason, CS_MAX_REASON),
	CS_STR(cs_request, assurance, CS_MAX_NAME),
	CS_U64(cs_request, created_wall_ms),
	CS_U64(cs_request, created_boot_ms),
	CS_U64(cs_request, lifetime_ms),
	CS_U64(cs_request, use_within_ms),
	CS_U64(cs_request, start_wall_ms),
	CS_U32(cs_request, uses),
	CS_U64(cs_request, session_ms),
	CS_U64(cs_request, objection_ms),
	CS_BOOL(cs_request, self_approval),
	CS_ENUM(cs_request, watch, cs_watch_rule_names),
};
SHAPE(request);

static const struct cs_field approval_fields[] = {
	CS_ENUM(cs_approval, vote, cs_vote_names),
	CS_NEST(cs_approval, person, &cs_person_shape),
	CS_U32(cs_approval, login_uid),
	CS_FIXED(cs_approval, digest, CS_DIGEST_LEN),
	CS_STR(cs_approval, comment, CS_MAX_REASON),
	CS_U64(cs_approval, wall_ms),
	CS_STRV(cs_approval, rules, CS_MAX_RULES, CS_MAX_NAME),
	CS_STRV(cs_approval, because, CS_MAX_RULES, CS_MAX_TEXT),
	CS_STR(cs_approval, assurance, CS_MAX_NAME),
	CS_BOOL(cs_approval, self),
	CS_U64(cs_approval, not_after_wall_ms),
	CS_U64(cs_approval, head_number),
	CS_FIXED(cs_approval, head_chain, CS_DIGEST_LEN),
	CS_BLOB(cs_approval, signature, CS_MAX_SIGNATURE),
};
SHAPE(approval);

static const struct cs_field need_fields[] = {
	CS_STR(cs_need, rule, CS_MAX_NAME),
	CS_STR(cs_need, label, CS_MAX_TEXT),
	CS_U32(cs_need, count),
	CS_U32(cs_need, have),
	CS_STRV(cs_need, by, CS_MAX_VOTES, CS_MAX_NAME),
	CS_STRV(cs_need, who, CS_MAX_WHO, CS_MAX_NAME),
	CS_U32(cs_need, stage),
	CS_STR(cs_need, alternative, CS_MAX_NAME),
	CS_BOOL(cs_need, open),
	CS_U64(cs_need, opens_in_ms),
	CS_U32(cs_need, against),
};
SHAPE(need);

static const struct cs_field decision_fields[] = {
	CS_ENUM(cs_decision, verdict, cs_verdict_names),
	CS_ENUM(cs_decision, reason, cs_reason_names),
	CS_STR(cs_decision, text, CS_MAX_TEXT),
	CS_STR(cs_decision, gate, CS_MAX_NAME),
	CS_STR(cs_decision, scope, CS_MAX_SCOPE),
	CS_U64(cs_decision, number),
	CS_FIXED(cs_decision, id, CS_ID_LEN),
	CS_FIXED(cs_decision, secret, CS_ID_LEN),
	CS_STR(cs_decision, check_code, CS_CODE_LEN),
	CS_ENUM(cs_decision, state, cs_state_names),
	CS_ARRAY(cs_decision, needs, &cs_need_shape, CS_MAX_RULES),
	CS_ARRAY(cs_decision, votes, &cs_approval_shape, CS_MAX_VOTES),
	CS_U64(cs_decision, version),
	CS_U64(cs_decision, remaining_ms),
	CS_U64(cs_decision, hold_ms),
	CS_U32(cs_decision, missing),
	CS_U32(cs_decision, uses),
	CS_U32(cs_decision, used),
	CS_U64(cs_decision, start_wall_ms),
	CS_U64(cs_decision, objection_ms),
	CS_U64(cs_decision, session_ms),
	CS_U32(cs_decision, waiting),
	CS_ARRAY(cs_decision, wanted, &cs_wanted_shape, CS_MAX_OPERANDS),
	CS_BOOL(cs_decision, attend),
	CS_ENUM(cs_decision, watch, cs_watch_rule_names),
	CS_U64(cs_decision, watch_grace_ms),
};
SHAPE(decision);

static const struct cs_field group_query_fields[] = {
	CS_ENUM(cs_group_query, where, cs_where_names),
	CS_STR(cs_group_query, dn, CS_MAX_DN),
	CS_STR(cs_group_query, listed, CS_MAX_NAME),
	CS_STRV(cs_group_query, wanted, CS_MAX_RULES, CS_MAX_NAME),
	CS_U32(cs_group_query, at_least),
};
SHAPE(group_query);

static const struct cs_field listing_query_fields[] = {
	CS_ENUM(cs_listing_query, where, cs_where_names),
	CS_STR(cs_listing_query, dn, CS_MAX_DN),
	CS_STR(cs_listing_query, listed, CS_MAX_NAME),
	CS_STR(cs_listing_query, attribute, CS_MAX_NAME),
	CS_STR(cs_listing_query, value, CS_MAX_NAME),
};
SHAPE(listing_query);

static const struct cs_field attribute_fields[] = {
	CS_STR(cs_attribute, name, CS_MAX_NAME),
	CS_STR(cs_attribute, value, CS_MAX_DN),
};
SHAPE(attribute);

static const struct cs_field membership_fields[] = {
	CS_U32(cs_membership, query),
	CS_STR(cs_membership, group_dn, CS_MAX_DN),
	CS_ARRAY(cs_membership, attributes, &cs_attribute_shape, CS_MAX_ATTRIBUTES),
};
SHAPE(membership);

static const struct cs_field unsure_fields[] = {
	CS_U32(cs_unsure, query),
	CS_STR(cs_unsure, doubt, CS_MAX_TEXT),
};
SHAPE(unsure);

static const struct cs_field facts_fields[] = {
	CS_ENUM(cs_facts, known, cs_known_names),
	CS_NEST(cs_facts, person, &cs_person_shape),
	CS_ARRAY(cs_facts, memberships, &cs_membership_shape, CS_MAX_MEMBERSHIPS),
	CS_STRV(cs_facts, aliases, CS_MAX_ALIASES, CS_MAX_DN),
	CS_ARRAY(cs_facts, unsure, &cs_unsure_shape, CS_MAX_QUERIES),
	CS_STR(cs_facts, source, CS_MAX_TEXT),
	CS_STR(cs_facts, doubt, CS_MAX_TEXT),
	CS_STR(cs_facts, left_out, CS_MAX_TEXT),
	CS_U64(cs_facts, boot_ms),
};
SHAPE(facts);

static const struct cs_field listing_fields[] = {
	CS_ENUM(cs_listing, known, cs_known_names),
	CS_STRV(cs_listing, dns, CS_MAX_LISTING, CS_MAX_DN),
	CS_STRV(cs_listing, names, CS_MAX_LISTING, CS_MAX_NAME),
	CS_STR(cs_listing, doubt, CS_MAX_TEXT),
};
SHAPE(listing);

static const struct cs_field question_fields[] = {
	CS_ARRAY(cs_question, subjects, &cs_subject_shape, CS_MAX_SUBJECTS),
	CS_ARRAY(cs_question, queries, &cs_group_query_shape, CS_MAX_QUERIES),
	CS_ARRAY(cs_question, listings, &cs_listing_query_shape, CS_MAX_LISTINGS),
};
SHAPE(question);

static const struct cs_field answer_fields[] = {
	CS_ARRAY(cs_answer, facts, &cs_facts_shape, CS_MAX_SUBJECTS),
	CS_ARRAY(cs_answer, listings, &cs_listing_shape, CS_MAX_LISTINGS),
};
SHAPE(answer);

static const struct cs_field generation_fields[] = {
	CS_U64(cs_generation, number),
	CS_U64(cs_generation, wall_ms),
	CS_U32(cs_generation, uid),
	CS_STR(cs_generation, author, CS_MAX_NAME),
	CS_STR(cs_generation, comment, CS_MAX_REASON),
	CS_U64(cs_generation, request),
	CS_U64(cs_generation, size),
	CS_FIXED(cs_generation, digest, CS_DIGEST_LEN),
};
SHAPE(generation);

static const struct cs_field change_fields[] = {
	CS_ENUM(cs_change, effect, cs_effect_names),
	CS_STR(cs_change, what, CS_MAX_TEXT),
	CS_STR(cs_change, text, CS_MAX_TEXT),
};
SHAPE(change);

static const struct cs_field event_fields[] = {
	CS_U64(cs_event, number),
	CS_U64(cs_event, wall_ms),
	CS_ENUM(cs_event, kind, cs_event_names),
	CS_U64(cs_event, request),
	CS_FIXED(cs_event, digest, CS_DIGEST_LEN),
	CS_U32(cs_event, actor_uid),
	CS_STR(cs_event, actor_name, CS_MAX_NAME),
	CS_STR(cs_event, actor_id, CS_MAX_NAME),
	CS_ENUM(cs_event, verdict, cs_verdict_names),
	CS_ENUM(cs_event, reason, cs_reason_names),
	CS_STR(cs_event, gate, CS_MAX_NAME),
	CS_STR(cs_event, text, CS_MAX_TEXT),
	CS_FIXED(cs_event, policy_digest, CS_DIGEST_LEN),
	CS_BLOB(cs_event, body, CS_MAX_EVENT),
};
SHAPE(event);

static const struct cs_field grounds_fields[] = {
	CS_U64(cs_grounds, wall_ms),
	CS_U64(cs_grounds, elapsed_ms),
	CS_STR(cs_grounds, boot, CS_MAX_NAME),
	CS_U64(cs_grounds, boot_ms),
	CS_NEST(cs_grounds, requester, &cs_facts_shape),
	CS_ARRAY(cs_grounds, voters, &cs_facts_shape, CS_MAX_VOTES),
	CS_ARRAY(cs_grounds, listings, &cs_listing_shape, CS_MAX_LISTINGS),
	CS_U32V(cs_grounds, listings_of_rule, CS_MAX_RULES),
	CS_ARRAY(cs_grounds, match, &cs_listing_shape, CS_MAX_LISTINGS),
};
SHAPE(grounds);

static const struct cs_field permitted_body_fields[] = {
	CS_NEST(cs_permitted_body, subject, &cs_subject_shape),
	CS_NEST(cs_permitted_body, action, &cs_action_shape),
	CS_STR(cs_permitted_body, scope, CS_MAX_SCOPE),
	CS_NEST(cs_permitted_body, grounds, &cs_grounds_shape),
};
SHAPE(permitted_body);

static const struct cs_field monitored_body_fields[] = {
	CS_NEST(cs_monitored_body, permitted, &cs_permitted_body_shape),
	CS_ENUM(cs_monitored_body, verdict, cs_verdict_names),
	CS_ENUM(cs_monitored_body, reason, cs_reason_names),
	CS_ARRAY(cs_monitored_body, needs, &cs_need_shape, CS_MAX_RULES),
};
SHAPE(monitored_body);

static const struct cs_field requested_body_fields[] = {
	CS_NEST(cs_requested_body, request, &cs_request_shape),
	CS_NEST(cs_requested_body, grounds, &cs_grounds_shape),
};
SHAPE(requested_body);

static const struct cs_field voted_body_fields[] = {
	CS_NEST(cs_voted_body, approval, &cs_approval_shape),
	CS_NEST(cs_voted_body, grounds, &cs_grounds_shape),
};
SHAPE(voted_body);

static const struct cs_field path_fields[] = {
	CS_STR(cs_path, path, CS_MAX_PATH),
	CS_STR(cs_path, resolved, CS_MAX_PATH),
};
SHAPE(path);

static const struct cs_field in_force_fields[] = {
	CS_NEST(cs_in_force, generation, &cs_generation_shape),
	CS_ARRAY(cs_in_force, paths, &cs_path_shape, CS_MAX_PATHS),
};
SHAPE(in_force);

static const struct cs_field segment_fields[] = {
	CS_U64(cs_segment, first),
	CS_U64(cs_segment, last),
	CS_FIXED(cs_segment, chain, CS_DIGEST_LEN),
	CS_FIXED(cs_segment, before, CS_DIGEST_LEN),
	CS_U64(cs_segment, wall_ms),
	CS_FIXED(cs_segment, sha256, CS_DIGEST_LEN),
	CS_STR(cs_segment, file, CS_MAX_NAME),
};
SHAPE(segment);

static const struct cs_field told_body_fields[] = {
	CS_STRV(cs_told_body, recipients, CS_MAX_RECIPIENTS, CS_MAX_NAME),
};
SHAPE(told_body);

static const struct cs_field notice_fields[] = {
	CS_U64(cs_notice, number),
	CS_ENUM(cs_notice, kind, cs_notice_names),
	CS_U64(cs_notice, request),
	CS_U64(cs_notice, event),
	CS_U64(cs_notice, wall_ms),
	CS_U64(cs_notice, deadline_wall_ms),
	CS_STRV(cs_notice, recipients, CS_MAX_RECIPIENTS, CS_MAX_NAME),
	CS_STR(cs_notice, requester, CS_MAX_NAME),
	CS_STR(cs_notice, host, CS_MAX_NAME),
	CS_STR(cs_notice, gate, CS_MAX_NAME),
	CS_STR(cs_notice, scope, CS_MAX_SCOPE),
	CS_STR(cs_notice, reason, CS_MAX_REASON),
	CS_STR(cs_notice, line, CS_MAX_TEXT),
	CS_STR(cs_notice, text, CS_MAX_TEXT),
	CS_STR(cs_notice, command, CS_MAX_TEXT),
	CS_ENUM(cs_notice, state, cs_state_names),
};
SHAPE(notice);

static const struct cs_field statement_fields[] = {
	CS_U32(cs_statement, version),
	CS_ENUM(cs_statement, vote, cs_vote_names),
	CS_FIXED(cs_statement, digest, CS_DIGEST_LEN),
	CS_STR(cs_statement, person, CS_MAX_NAME),
	CS_U64(cs_statement, not_after_wall_ms),
	CS_U64(cs_statement, head_number),
	CS_FIXED(cs_statement, head_chain, CS_DIGEST_LEN),
};
SHAPE(statement);

static const struct cs_field record_fields[] = {
	CS_U64(cs_record, number),
	CS_BLOB(cs_record, bytes, CS_MAX_EVENT + 16384),
	CS_FIXED(cs_record, chain, CS_DIGEST_LEN),
};
SHAPE(record);
