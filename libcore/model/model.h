/* SPDX-License-Identifier: Apache-2.0 */
/* The nouns of Countersign (docs/glossary.md), each a struct with its shape. All strings are owned and may be NULL,
 * which counts as "". Free any of them with cs_clear(&cs_X_shape, &x). */
#ifndef CS_MODEL_H
#define CS_MODEL_H

#include "countersign/error.h"
#include "countersign/types.h"
#include "shape.h"

/* Bounds. What is over them is refused, never cut. */
enum {
	CS_MAX_NAME = 256,        /* names of people, gates, roles, permissions, services */
	CS_MAX_SCOPE = 256,
	CS_MAX_DN = 1024,
	CS_MAX_PATH = 4096,
	CS_MAX_ARGS = 16384,      /* arguments; together they have to fit CS_MAX_EVENT as well */
	CS_MAX_ARG = 65536,       /* bytes of one argument */
	CS_MAX_GROUPS = 65536,    /* supplementary groups (NGROUPS_MAX) */
	CS_MAX_ENV = 256,
	CS_MAX_REASON = 1024,     /* bytes of a reason or a comment */
	CS_MAX_TEXT = 4096,
	CS_MAX_VOTES = 256,
	CS_MAX_RULES = 32,
	CS_MAX_PATHS = 4096,      /* that a policy names and that lead elsewhere */
	CS_MAX_WHO = 256,         /* names listed as possible approvers */
	CS_MAX_LIST = 500,        /* requests in one list reply */
	CS_MAX_QUERIES = 256,
	CS_MAX_MEMBERSHIPS = 4096,
	CS_MAX_ATTRIBUTES = 64,   /* values of the attributes that one membership brings back */
	CS_MAX_LISTING = 16384,    /* people listed by one listing query */
	CS_MAX_SUBJECTS = CS_MAX_VOTES + 8, /* of one question: everybody who voted, who asked, who votes now */
	CS_MAX_LISTINGS = CS_MAX_QUERIES,    /* of one question */
	CS_MAX_ALIASES = 32,
	CS_MAX_KEYS = 32,         /* ssh keys of one person */
	CS_MAX_KEY = 1024,        /* bytes of one key's blob, and of its text */
	CS_MAX_SIGNATURE = 4096,  /* bytes of an SSHSIG */
	CS_MAX_RECIPIENTS = 256,  /* of one notice */
	CS_MAX_OPERANDS = 32,     /* arguments of one action that name files */
	CS_MAX_WANTED = 16,       /* files of one action that are hashed, beside what runs */
	CS_MAX_STREAM = 32768,    /* bytes of a terminal in one message */
	CS_MAX_EVENT = 131072     /* bytes of one evidence record */
};

#define CS_NO_UID UINT32_MAX /* never a principal */

extern const struct cs_names cs_verdict_names[], cs_state_names[], cs_vote_names[], cs_reason_names[], cs_known_names[],
	cs_where_names[], cs_event_names[],
	cs_notice_names[], cs_watch_rule_names[];

/* What the directory knows: yes, no, or it could not tell. */
enum cs_known { CS_KNOWN_NO = 0, CS_KNOWN_YES = 1, CS_KNOWN_DOUBT = 2 };

/* A person as the kernel or an enforcing module states it. */
struct cs_subject {
	uint32_t uid;       /* CS_NO_UID when only the name is known */
	uint32_t login_uid; /* audit login uid; CS_NO_UID when none is set. It only takes away: whoever logged in as
	                     * somebody else does not approve what that one asks */
	char *name;         /* login name */
};
extern const struct cs_shape cs_subject_shape;

/* The stable identity that is compared. */
struct cs_person {
	char *id;    /* entryUUID or the configured attribute; what is compared */
	char *human; /* the configured person attribute (two accounts, one human); "" when none */
	char *dn;
	char *name;  /* login name as the directory spells it; display and look-up only */
	uint32_t uid;
	bool locked;
	char **keys; /* fingerprints of all ssh public keys that the directory lists for the person, "SHA256:…" as
	              * ssh-keygen -l prints them; whether they may sign is decided elsewhere. Two persons with one key are
	              * one human */
	size_t n_keys;
};
extern const struct cs_shape cs_person_shape;

/* 1 when both are certainly the same human: same id, same DN, same uid, same non-empty human, or a key of one is a key
 * of the other. 0 when certainly not.
 * CS_EDOUBT when either has no id; treat it as the same. */
int cs_same_human(const struct cs_person *a, const struct cs_person *b);

/* The file that is to run, as the daemon measured it on an open descriptor. */
struct cs_file {
	bool present;
	uint8_t sha256[CS_DIGEST_LEN];
	uint64_t device, inode, size;
	uint32_t mode, uid, gid;
};
extern const struct cs_shape cs_file_shape;

/* An argument that names a file, as the module found it. What an approver sees and what runs are one file only where it
 * is hashed, at the request and again at its release. */
struct cs_operand {
	uint32_t arg;        /* index in argv */
	char *suffix;        /* what the gate's artefact adds to the argument: ".asc"; else "" */
	char *path;          /* with every symlink resolved */
	bool exposed;        /* others than root can change it or a folder above it */
	struct cs_file file; /* stamped by the daemon where a descriptor came with it; else absent */
};
extern const struct cs_shape cs_operand_shape;

/* What is to be done. */
struct cs_action {
	char *service;  /* sudo, sudoedit, sshd, login, … */
	char *host;     /* stamped by the daemon */
	char *command;  /* absolute path as it will be executed; a word for what an application does; "" for a login */
	char *resolved; /* command with every symlink resolved; "" when there is none */
	char **argv;
	size_t n_argv;
	uint32_t target_uid, target_gid;
	uint32_t *target_groups; /* all supplementary gids */
	size_t n_target_groups;
	char *target_name; /* display only */
	char *cwd;
	char **env; /* NAME=value outside the fixed safe set */
	size_t n_env;
	char *tty;
	char *peer;         /* numeric remote address; "" when local */
	bool option_refused; /* chroot, another host: never combined with a gate */
	bool exposed;        /* others than root can change the file or a folder above it */
	struct cs_file file; /* stamped by the daemon */
	struct cs_operand *operands; /* arguments that name files, in order */
	size_t n_operands;
	bool more_operands;  /* and there are more than are listed */
};
extern const struct cs_shape cs_action_shape;

/* What kind of command it is, as its name tells (class.c). */
enum cs_class {
	CS_CLASS_PLAIN = 0,      /* it does what its arguments say */
	CS_CLASS_OPEN_ENDED = 1, /* it can do anything: a shell, an interpreter, an editor, a pager, what starts others */
	CS_CLASS_EDIT = 2        /* sudoedit: what is written is chosen after the approval */
};
extern const struct cs_names cs_class_names[]; /* "plain", "open-ended", "edit" */
enum cs_class cs_action_class(const struct cs_action *action);
/* The arguments, as indexes into argv, that name files which this action runs beside its command: the script of a shell,
 * the program behind env. How many, also where that is more than CS_MAX_WANTED, which are too many to look at; what an
 * argument names need not be there. */
size_t cs_action_scripts(const struct cs_action *action, uint32_t ret_args[CS_MAX_WANTED]);

/* A file that the daemon has to see before it decides: an argument, or beside it (cs_operand.suffix). */
struct cs_wanted {
	uint32_t arg;
	char *suffix;
};
extern const struct cs_shape cs_wanted_shape;

/* Whether others may look on while it runs. */
enum cs_watch_rule {
	CS_WATCH_NONE = 0,    /* nobody */
	CS_WATCH_ALLOWED = 1, /* who could approve it may look on, and end it */
	CS_WATCH_REQUIRED = 2 /* it goes on only while somebody does */
};

/* One subject asking for one action once. Immutable once stored; the digest of its encoding is what is approved. */
struct cs_request {
	uint32_t version; /* of this encoding: 3 */
	uint8_t id[CS_ID_LEN];
	char *boot;            /* boot id of the host when it was made */
	struct cs_subject subject;
	struct cs_person requester;
	struct cs_action action;
	char *gate;
	char *scope;
	uint8_t policy_digest[CS_DIGEST_LEN];
	char *reason;
	char *assurance;       /* how votes are authenticated: "local-uid" (the kernel's word; a vote may be signed as
	                        * well), "signature" (only signed votes count) */
	uint64_t created_wall_ms, created_boot_ms;
	uint64_t lifetime_ms;   /* how long it waits for people */
	uint64_t use_within_ms; /* how long an approval waits for its use; with start_wall_ms from then, if that is later */
	uint64_t start_wall_ms; /* asked for ahead: not to be used before; 0: at once */
	uint32_t uses;          /* how often an approval may be used: 1, or what the gate allows; CS_USES_ANY */
	uint64_t session_ms;    /* how long what it starts may last; 0: no limit */
	uint64_t objection_ms;  /* lazy consensus: how long after it was made it goes ahead if nobody objects; 0: never */
	bool self_approval;     /* the gate lets the requester's own vote count; said in every record about it */
	enum cs_watch_rule watch; /* whether others may look on while it runs */
};
#define CS_USES_ANY UINT32_MAX
extern const struct cs_shape cs_request_shape;

/* One other person's vote on one request. */
struct cs_approval {
	enum cs_vote vote;
	struct cs_person person;
	uint32_t login_uid;            /* audit login uid of the session that voted; CS_NO_UID when none is set */
	uint8_t digest[CS_DIGEST_LEN]; /* of the request it is about */
	char *comment;
	uint64_t wall_ms;
	char **rules;   /* names of the approval rules that this person could fill when the vote was cast */
	size_t n_rules;
	char **because; /* one for each: the membership it counted on, who told it and how old that was: "role infra in
	                 * * by member of cn=infra,…, from ldaps://ldap2.example.org, 0s old" */
	size_t n_because;
	char *assurance;            /* how this vote was authenticated: "local-uid", or the key that signed it:
	                             * "ssh-ed25519 SHA256:…" */
	bool self;                  /* the requester's own, where the gate takes that */
	uint64_t not_after_wall_ms; /* signed: the vote counts until then; 0 when it is not signed */
	uint64_t head_number;       /* signed: the head of the evidence that the voter saw before; 0: none */
	uint8_t head_chain[CS_DIGEST_LEN];
	uint8_t *signature;         /* an SSHSIG, as bytes (not armored), over cs_statement_encode; empty: not signed */
	size_t n_signature;
};
extern const struct cs_shape cs_approval_shape;

/* One approval rule of a gate and how far it is filled. */
struct cs_need {
	char *rule;  /* its name in the policy */
	char *label; /* "1 of Infrastructure (role infra in *)" */
	uint32_t count;
	uint32_t have;
	char **by; /* names of the approvers counted for it */
	size_t n_by;
	char **who; /* names of people who could fill it; empty when the directory could not list them; the last is
	             * "(and others)" where there are too many to name */
	size_t n_who;
	uint32_t stage;     /* 1, 2, …: rules of a later stage are open when all of the earlier ones are filled */
	char *alternative;  /* rules with one name are needed together, and one such name suffices; "": always needed */
	bool open;          /* a vote may count for it now: its stage is reached and its time has come */
	uint64_t opens_in_ms; /* escalation: until then it is not open; 0: no such time, or it has come */
	uint32_t against;   /* rejects that count against it (where one does not end the request) */
};
extern const struct cs_shape cs_need_shape;

/* The answer at this moment. */
struct cs_decision {
	enum cs_verdict verdict;
	enum cs_reason reason;
	char *text; /* a sentence for the person; unescaped */
	char *gate;
	char *scope;
	uint64_t number; /* of the request; 0 when there is none */
	uint8_t id[CS_ID_LEN];
	uint8_t secret[CS_ID_LEN]; /* what the waiting connection proves itself with; all zero in every other reply */
	char *check_code;
	enum cs_state state;
	struct cs_need *needs;
	size_t n_needs;
	struct cs_approval *votes;
	size_t n_votes;
	uint64_t version;      /* rises with every change of the request; for wait */
	uint64_t remaining_ms; /* until the request (pending) or the approval (approved) expires; with CS_WHY_COOLING,
	                        * and wherever else an approval waits for its time, until it may be used */
	uint64_t hold_ms;      /* how much longer it is held on line before it is parked */
	uint32_t missing;      /* how many people are missing, over what is needed; of alternatives the nearest */
	uint32_t uses;         /* how often it may be used */
	uint32_t used;         /* and was */
	uint64_t start_wall_ms; /* not to be used before; 0: at once */
	uint64_t objection_ms; /* lazy consensus: until it goes ahead if nobody objects; 0: not so */
	uint64_t session_ms;   /* how long what it starts may last; 0: no limit. At confirm the PAM session line sets the
	                        * timer */
	uint32_t waiting;      /* connections that wait for it: identical calls join one request */
	struct cs_wanted *wanted; /* CS_WHY_NEEDS_FILES: ask again with a descriptor of each */
	size_t n_wanted;
	bool attend;           /* released by a gate: what runs is listed, and can be ended; attend to it */
	enum cs_watch_rule watch; /* whether others may look on */
	uint64_t watch_grace_ms;  /* REQUIRED: how long nobody may; 0: not at all */
};
extern const struct cs_shape cs_decision_shape;

/* --- What is asked of the directory ------------------------------------------------------------------------------ */

enum cs_where {
	CS_GROUP_AT = 1,    /* the group with this DN */
	CS_GROUPS_BELOW = 2, /* every group under this DN */
	CS_NETGROUP = 3      /* listings only: the netgroup with this DN (RFC 2307 nisNetgroup) and those nested in it */
};

/* Is the person listed by this attribute of that group, or of which groups below that DN? */
struct cs_group_query {
	enum cs_where where;
	char *dn;
	char *listed;  /* attribute that lists people by DN: owner, member, … */
	char **wanted; /* attributes of the group to bring back, for scope templates */
	size_t n_wanted;
	uint32_t at_least; /* a group that lists fewer people than this is doubted (cs_facts.unsure); 0: whatever it
	                    * lists is believed */
};
extern const struct cs_shape cs_group_query_shape;

/* Who is listed by this attribute of the group at dn, or of the groups below dn whose attribute has this value (of all
 * below where attribute is empty)? Of a netgroup: which hosts does it hold? listed is then "nisNetgroupTriple", and the
 * answer's dns and names are host names as they are written, "*" for a triple that is open to every host. */
struct cs_listing_query {
	enum cs_where where;
	char *dn;
	char *listed;
	char *attribute; /* below: which attribute */
	char *value;     /* below: has which value */
};
extern const struct cs_shape cs_listing_query_shape;

struct cs_attribute {
	char *name;
	char *value;
};
extern const struct cs_shape cs_attribute_shape;

struct cs_membership {
	uint32_t query; /* index of the cs_group_query it answers */
	char *group_dn;
	struct cs_attribute *attributes; /* those wanted: every value of each, several in a row under one name. A group
	                                  * with more than CS_MAX_ATTRIBUTES of them is doubt, never cut */
	size_t n_attributes;
};
extern const struct cs_shape cs_membership_shape;

/* A group query whose answer is not to be believed, though the server gave one: what it lists may be told among the
 * memberships or not, and decides nothing. */
struct cs_unsure {
	uint32_t query;
	char *doubt; /* "cn=infra,… lists 1, and at_least says 3" */
};
extern const struct cs_shape cs_unsure_shape;

/* What the directory says of one subject. known is about the person; with CS_KNOWN_YES every query was answered in
 * full, but for those in unsure. If any query could not be answered, known is CS_KNOWN_DOUBT. */
struct cs_facts {
	enum cs_known known;
	struct cs_person person;
	struct cs_membership *memberships;
	size_t n_memberships;
	char **aliases;     /* DNs of the other entries of the same human, where a listing was asked for: display and
	                     * early refusal only, so empty also when they could not be told */
	size_t n_aliases;
	struct cs_unsure *unsure;
	size_t n_unsure;
	char *source;       /* which server or file answered: "ldaps://ldap2.example.org", "replica of ldaps://…" */
	char *doubt;        /* what could not be told, and why; "" otherwise */
	char *left_out;     /* what his entry says beside that, is of no use, and nothing rests on: a value that is no
	                     * ssh key; "" otherwise */
	uint64_t boot_ms;   /* when it was certainly so: when it was asked, or when the replica was last known to be
	                     * current */
};
extern const struct cs_shape cs_facts_shape;

/* People listed by one listing query; names are the login part of the DN (display) and dns what is listed. */
struct cs_listing {
	enum cs_known known; /* NO: there is no such group */
	char **dns;
	size_t n_dns;
	char **names;
	size_t n_names;
	char *doubt;         /* what could not be told, and why; "" otherwise */
};
extern const struct cs_shape cs_listing_shape;

/* One question to the directory: facts for each subject, listings for each listing query. */
struct cs_question {
	struct cs_subject *subjects; /* looked up by uid where it is not CS_NO_UID, and by name: both must agree */
	size_t n_subjects;
	struct cs_group_query *queries; /* asked about every subject */
	size_t n_queries;
	struct cs_listing_query *listings;
	size_t n_listings;
};
extern const struct cs_shape cs_question_shape;

struct cs_answer {
	struct cs_facts *facts; /* one per subject, in order */
	size_t n_facts;
	struct cs_listing *listings; /* one per listing query */
	size_t n_listings;
};
extern const struct cs_shape cs_answer_shape;

/* --- Policy ------------------------------------------------------------------------------------------------------- */

/* One numbered state of the policy. Its text is kept beside it; text and digest never change. */
struct cs_generation {
	uint64_t number;   /* 1, 2, 3, … the newest is in force */
	uint64_t wall_ms;  /* when it came into force */
	uint32_t uid;      /* of the author: the kernel's word */
	char *author;      /* his name in the directory; "root" for uid 0 */
	char *comment;
	uint64_t request;  /* the request by which others approved it; 0 when none was needed */
	uint64_t size;     /* bytes of the text */
	uint8_t digest[CS_DIGEST_LEN]; /* of the text, domain CS_DOMAIN_POLICY */
};
extern const struct cs_shape cs_generation_shape;
#define CS_DOMAIN_POLICY "countersign policy v1"
#define CS_POLICY_TEXT_MAX (16u * 1024u * 1024u) /* bytes of a policy's text */

/* What a change of the policy does to what people may do and to what guards it. */
enum cs_effect {
	CS_EFFECT_NONE = 0,     /* words only: labels, texts */
	CS_EFFECT_STRONGER = 1, /* somebody loses a right, or more is asked */
	CS_EFFECT_WEAKER = 2,   /* somebody gains a right, or less is asked; also whatever is not surely stronger */
};
extern const struct cs_names cs_effect_names[]; /* "same", "stronger", "weaker" */

struct cs_change {
	enum cs_effect effect;
	char *what; /* "role pmc", "gate deploy", "service sudo" */
	char *text; /* one sentence: "listed as owner of a group below ou=…: gains release.approve in project/%{cn}" */
};
extern const struct cs_shape cs_change_shape;

/* --- Evidence ----------------------------------------------------------------------------------------------------- */

enum cs_event_kind {
	CS_EVENT_NONE = 0,
	CS_EVENT_START = 1,     /* the daemon began to serve */
	CS_EVENT_POLICY = 2,    /* a generation of the policy came into force; body is cs_in_force */
	CS_EVENT_PERMITTED = 3, /* permitted at once: unguarded, root, right held */
	CS_EVENT_DENIED = 4,    /* denied at once or at claim */
	CS_EVENT_REQUESTED = 5, /* a request was made; body is cs_requested_body */
	CS_EVENT_VOTED = 6,     /* body is cs_voted_body */
	CS_EVENT_VOTE_REFUSED = 7,
	CS_EVENT_APPROVED = 8,
	CS_EVENT_REJECTED = 9,
	CS_EVENT_CANCELLED = 10,
	CS_EVENT_EXPIRED = 11,
	CS_EVENT_CLAIMED = 12,  /* the release: written before it leaves the daemon */
	CS_EVENT_CONFIRMED = 13, /* the session confirmed that it is the one that was released */
	CS_EVENT_PARKED = 14,
	CS_EVENT_UNCONFIRMED = 15, /* released, but the session never confirmed */
	CS_EVENT_REOPENED = 16,    /* a vote was taken back or changed, and the others do not suffice */
	CS_EVENT_BREAK_GLASS = 17, /* somebody went past the approvals; its request is the debt */
	CS_EVENT_DRILL = 18,       /* that this would work was tried */
	CS_EVENT_ARCHIVED = 19,    /* a segment of the evidence was sealed and moved out; body is its cs_segment */
	CS_EVENT_UNTOLD = 20,      /* people could not be told, or were told too much already; text says whom and why. Body
	                            * is a cs_told_body where who was to be asked is known and was given up */
	CS_EVENT_TOLD = 21,        /* people were told of a request that goes ahead unless one of them objects; body is a
	                            * cs_told_body */
	CS_EVENT_ENDED = 22,       /* what runs was told to end; text says by whom or by what, and why */
	CS_EVENT_CLOSED = 23,      /* what ran is over */
	CS_EVENT_WATCHED = 24      /* somebody began to look on, or ended that; text says which */
};

/* What a decision was made from, frozen into the event so that anybody can decide again from the record alone
 * (cs_decide with the policy whose digest the event has). Memberships that decide nothing in the gate's scope may be
 * left out (cs_grounds_freeze proves that the verdict is the same without them). */
struct cs_grounds {
	uint64_t wall_ms;            /* when it was decided: what time windows were compared with */
	uint64_t elapsed_ms;         /* since the request was made, as its deadline counts */
	char *boot;                  /* boot id of the host then, and its CLOCK_BOOTTIME: */
	uint64_t boot_ms;            /* what deadlines were counted with */
	struct cs_facts requester;   /* all zero where the directory was not asked */
	struct cs_facts *voters;     /* of every vote that stood, in the order of cs_store_votes; in a voted event the
	                              * voter alone */
	size_t n_voters;
	struct cs_listing *listings; /* only where a rule counts a part of who could (majority, all), or nobody objected */
	size_t n_listings;
	uint32_t *listings_of_rule;
	size_t n_listings_of_rule;
	struct cs_listing *match;    /* what matching the action needed (cs_policy_match_needs) */
	size_t n_match;
};
extern const struct cs_shape cs_grounds_shape;

/* Bodies of events. permitted and denied at once, requested, voted; approved and claimed are cs_grounds alone. */
struct cs_permitted_body {
	struct cs_subject subject;
	struct cs_action action;
	char *scope;
	struct cs_grounds grounds;
};
extern const struct cs_shape cs_permitted_body_shape;
/* Permitted by a gate that only monitors (CS_WHY_MONITORED): what is permitted, and what the gate would have said. */
struct cs_monitored_body {
	struct cs_permitted_body permitted;
	enum cs_verdict verdict; /* deny or hold */
	enum cs_reason reason;
	struct cs_need *needs;   /* who would have been missing; without names where those do not fit a record */
	size_t n_needs;
};
extern const struct cs_shape cs_monitored_body_shape;
struct cs_requested_body {
	struct cs_request request;
	struct cs_grounds grounds;
};
extern const struct cs_shape cs_requested_body_shape;
struct cs_voted_body {
	struct cs_approval approval;
	struct cs_grounds grounds;
};
extern const struct cs_shape cs_voted_body_shape;

/* Who was told of a request that waits for objections, or was to be asked and could not be told: login names. */
struct cs_told_body {
	char **recipients;
	size_t n_recipients;
};
extern const struct cs_shape cs_told_body_shape;

/* Permitted and denied where a module asks for a plain right: as cs_permitted_body, with an action that is nothing but the
 * permission as its command, and of the grounds the requester alone. Permitted where it asks for a role: the role is the
 * target's name instead. */

/* Body of a policy event, and of a start where one is in force: which, and where the paths that it names led on this host
 * (those that led elsewhere), which decides what an action meets. */
struct cs_path {
	char *path;
	char *resolved;
};
extern const struct cs_shape cs_path_shape;
struct cs_in_force {
	struct cs_generation generation;
	struct cs_path *paths; /* none where they are too many for a record */
	size_t n_paths;
};
extern const struct cs_shape cs_in_force_shape;

/* A part of the chain that was moved out of the store, whole and from its beginning. */
struct cs_segment {
	uint64_t first;               /* number of its first event */
	uint64_t last;
	uint8_t chain[CS_DIGEST_LEN]; /* the chain's value after the last */
	uint8_t before[CS_DIGEST_LEN]; /* and before the first */
	uint64_t wall_ms;             /* when it was moved out */
	uint8_t sha256[CS_DIGEST_LEN]; /* of the file */
	char *file;                   /* its name, no folder */
};
extern const struct cs_shape cs_segment_shape;

struct cs_event {
	uint64_t number;  /* 1, 2, 3, … without gaps; set by the store's append */
	uint64_t wall_ms;
	enum cs_event_kind kind;
	uint64_t request; /* number; 0 when none */
	uint8_t digest[CS_DIGEST_LEN]; /* of the request; zero when none */
	uint32_t actor_uid;
	char *actor_name;
	char *actor_id; /* person id; "" when not looked up */
	enum cs_verdict verdict;
	enum cs_reason reason;
	char *gate;
	char *text;
	uint8_t policy_digest[CS_DIGEST_LEN];
	uint8_t *body;
	size_t n_body;
};
extern const struct cs_shape cs_event_shape;

/* A stored event: the bytes that are hashed and the chain's value after them. */
struct cs_record {
	uint64_t number;
	uint8_t *bytes; /* encoding of the cs_event */
	size_t n_bytes;
	uint8_t chain[CS_DIGEST_LEN];
};
extern const struct cs_shape cs_record_shape;

/* --- Telling people ------------------------------------------------------------------------------------------------ */

enum cs_notice_kind {
	CS_NOTICE_NONE = 0,
	CS_NOTICE_ASKED = 1,       /* to those who can approve it now */
	CS_NOTICE_REMINDER = 2,    /* to those who still can, before the deadline */
	CS_NOTICE_ESCALATED = 3,   /* to those who can from now on */
	CS_NOTICE_HANDLED = 4,     /* to those who were asked and are not needed any more: by whom, and how */
	CS_NOTICE_OUTCOME = 5,     /* to the requester */
	CS_NOTICE_BREAK_GLASS = 6, /* to everybody who was passed over */
	CS_NOTICE_DRILL = 7        /* the same, as an exercise */
};

/* Something to tell: a row of the outbox, written in the transaction of the event that it tells of. It carries no
 * authority: it names the command to run, never a code or a link that does anything. */
struct cs_notice {
	uint64_t number;        /* 1, 2, 3, … given by the store */
	enum cs_notice_kind kind;
	uint64_t request;       /* number; 0 when none */
	uint64_t event;         /* number of the event that it tells of */
	uint64_t wall_ms;       /* when it was written */
	uint64_t deadline_wall_ms; /* until when an answer counts; 0: none is asked for */
	char **recipients;      /* login names, each once */
	size_t n_recipients;
	char *requester;
	char *host;
	char *gate;
	char *scope;
	char *reason;
	char *line;             /* cs_action_line */
	char *text;             /* what happened, a sentence: unescaped, and by whom */
	char *command;          /* what to run: "countersign show 12" */
	enum cs_state state;
};
extern const struct cs_shape cs_notice_shape;

/* --- Signed votes -------------------------------------------------------------------------------------------------- */

/* What an approver signs: the message of the SSHSIG. One namespace for each kind of statement, so that none can stand for
 * another (A121). */
struct cs_statement {
	uint32_t version;              /* 1 */
	enum cs_vote vote;
	uint8_t digest[CS_DIGEST_LEN]; /* of the request */
	char *person;                  /* cs_person.id of the approver */
	uint64_t not_after_wall_ms;
	uint64_t head_number;          /* of the evidence, as the approver last saw it; 0 and zero bytes: never */
	uint8_t head_chain[CS_DIGEST_LEN];
};
extern const struct cs_shape cs_statement_shape;
#define CS_NAMESPACE_APPROVE "approve.v1@countersign"
#define CS_NAMESPACE_REJECT "reject.v1@countersign"
#define CS_NAMESPACE_ROSTER "roster.v1@countersign"
#define CS_NAMESPACE_RECEIPT "receipt.v1@countersign"
#define CS_NAMESPACE_SEGMENT "segment.v1@countersign"
/* The namespace of a vote; NULL for one that is not signed: a withdrawal only takes away. */
const char *cs_vote_namespace(enum cs_vote vote);
/* The statement of a vote by this person, encoded: what is signed. 0 or CS_E…. */
int cs_statement_encode(const struct cs_approval *approval, struct cs_buf *out);

/* --- Small rules about nouns -------------------------------------------------------------------------------------- */

/* Distinguished names (dn.c, RFC 4514). 1 when s is a DN of at most CS_MAX_DN bytes whose every part has a type and a
 * value; 0 otherwise, and for "". */
int cs_dn_is_valid(const char *s);
/* The value of the first part of a DN without its escapes: "alice" of uid=alice,ou=people. For display.
 * 0 and an allocated string; CS_EPROTO where it is no DN or holds a NUL; CS_ENOMEM. */
int cs_dn_first_value(const char *dn, char **ret_value);
/* A DN in the one spelling that is compared: types and values in lower case, blanks around ',', '=' and '+' left out,
 * several blanks one, each escape in one form. Equal keys mean the same entry; unequal ones may (names that are not
 * ASCII, OIDs, parts joined by '+' in another order), which only denies. 0; CS_ETOOBIG; CS_EINVAL (none at all, a NUL,
 * a quotation mark). */
int cs_dn_key(const char *dn, char ret_key[CS_MAX_DN + 1]);
bool cs_dn_same(const char *a, const char *b);
/* The entry with this key is the one with the key base or below it. */
bool cs_dn_key_below(const char *key, const char *base);

/* The canonical bytes of a request, which are hashed (domain CS_DOMAIN_REQUEST) and approved. Appended to out. */
int cs_request_encode(const struct cs_request *request, struct cs_buf *out);
#define CS_DOMAIN_REQUEST "countersign request v1"

/* The bytes by which a later call is "identical": subject and action without tty. Appended to out.
 * Hashed with domain CS_DOMAIN_ACTION. */
int cs_action_key_encode(const struct cs_subject *subject, const struct cs_action *action, struct cs_buf *out);
#define CS_DOMAIN_ACTION "countersign action v1"

/* The four digits shown to the requester and typed by the approver, from the request's digest. */
void cs_check_code(const uint8_t digest[CS_DIGEST_LEN], char ret_code[CS_CODE_LEN + 1]);

/* A request's deadline has passed. Within one boot by CLOCK_BOOTTIME alone; across boots by the wall clock, where a
 * clock that went back more than 60 s counts as passed (A093). since_*: when the span began. 1 or 0. */
struct cs_now;
int cs_deadline_passed(const char *boot_id, uint64_t since_boot_ms, uint64_t since_wall_ms, uint64_t span_ms,
	const struct cs_now *now, uint64_t *ret_remaining_ms);

/* How long an approval from since_wall_ms on may be used: use_within_ms, and where it was asked for ahead that long after
 * its start. By the wall clock of the approval alone, so that a clock that is set later changes nothing. */
uint64_t cs_use_span_ms(uint64_t since_wall_ms, uint64_t start_wall_ms, uint64_t use_within_ms);

/* Checks a draft as it came from a module: absolute paths, required fields, bounds. A command may be a word instead of
 * a path ("project.delete"), for an application that does not run a file; never for sudo. 0, CS_EINVAL with *ret_what a
 * static text that names the field. */
int cs_action_check(const struct cs_action *action, const char **ret_what);
/* 1 when the action runs a file: its command is a path. 0 for a login and for what an application does. */
int cs_action_runs(const struct cs_action *action);

/* A one-line display of an action: "sudo /usr/local/sbin/deploy-release tomcat 10.1" or "sshd login", each argument
 * escaped (cs_escape) and quoted where it holds a blank, so that the words can be told apart. For tables only: the
 * full view shows one argument a line. NULL when out of memory; the caller frees. */
char *cs_action_line(const struct cs_action *action);

#endif
