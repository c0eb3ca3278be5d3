/* SPDX-License-Identifier: Apache-2.0 */
/* The table of subcommands, their help, and the way from the first word to one of them. */
#include "command.h"
#include "apply.h"
#include "mem.h"
#include "source.h"

#include <stdio.h>
#include <string.h>

#ifndef CS_VERSION
#error "CS_VERSION is given by CMake"
#endif

#define CODE_HELP    "  --code NNNN        the check code, as the requester sees it; once for each request\n"
#define COMMENT_HELP "  --comment TEXT     a comment for the requester and the evidence\n"
#define YES_HELP     "  --yes              ask nothing; what is needed is on the command line\n"
#define BUNDLE_HELP \
	"  --bundle           print it for `sign` on another machine\n" \
	"  --key FILE         with --bundle: the key that is to sign there\n" ROSTER_HELP
#define ROSTER_HELP  "  --roster FILE      another roster than /etc/countersign/roster\n"
#define SIGN_HELP \
	"  --key FILE         sign with this ssh key\n" \
	"  --unsigned         do not sign, also where a key is at hand\n" ROSTER_HELP
#define LIVE_HELP    "  --live             ask the daemon's directory about people, also for a file\n"
#define IN_HELP      "  --in KIND          only in scopes of this kind, such as wg\n"
#define EDIT_HELP    "  --policy FILE      change nothing: print this file's text with the change\n"
#define AT_HELP      "  --at TIME          not before: 2026-11-21T22:00, 22:00 or +2h\n"
#define REASON_HELP  "  --reason TEXT      why; the approvers read it\n"
#define ASKED_HELP   "  --wait             wait until it is decided\n"
#define CONDITION_HELP \
	"  --host NAME        on this host\n" \
	"  --peer ADDRESS     from this address\n"

static const struct cs_command home = { "", "", "What waits for you, and what you asked for", "", cs_run_home };

static const struct cs_command commands[] = {
	{ "list", "[--waiting] [--mine] [--all] [--before REQUEST]", "Requests that you may see, newest first",
		"  --waiting          only what waits for your vote\n"
		"  --mine             only what you asked for\n"
		"  --all              closed ones too\n"
		"  --before REQUEST   only those before this one: the next page\n",
		cs_run_list },
	{ "show", "REQUEST [--bundle]", "Everything about one request", BUNDLE_HELP, cs_run_show },
	{ "watch", "[REQUEST]", "Follow what changes, live; of one request also what it runs", "", cs_run_watch },
	{ "wait", "REQUEST [--timeout SPAN]", "Wait until a request is decided",
		"  --timeout SPAN     at most so long: 90s, 15m, 2h\n", cs_run_wait },
	{ "request", "[--at TIME] [--reason TEXT] [--wait] -- sudo COMMAND [ARGUMENT…]",
		"Ask ahead for what sudo is to run later", AT_HELP REASON_HELP ASKED_HELP, cs_run_request },
	{ "repeat", "REQUEST [--at TIME] [--ahead] [--reason TEXT] [--wait]", "Ask once more for what you asked earlier",
		AT_HELP "  --ahead            only ask; run nothing now\n" REASON_HELP ASKED_HELP, cs_run_repeat },
	{ "run", "--gate NAME [--reason TEXT] [--env NAME[=VALUE]]… [--no-wait] [--ahead [--at TIME]] -- COMMAND [ARGUMENT…]",
		"Run a command as yourself, once others have approved it",
		"  --gate NAME        the gate of the policy that has to guard it\n" REASON_HELP
		"  --env NAME[=VALUE] keep or set this variable; the approvers see it\n"
		"  --no-wait          do not wait: ask, and run it again when it is approved\n"
		"  --ahead            only ask, print the number, and run nothing now\n" AT_HELP,
		cs_run_run },
	{ "approve", "REQUEST… [--code NNNN]… [--comment TEXT] [--key FILE] [--yes]", "Approve requests of somebody else",
		CODE_HELP COMMENT_HELP SIGN_HELP YES_HELP, cs_run_approve },
	{ "reject", "REQUEST… [--comment TEXT] [--key FILE] [--yes]", "Reject requests of somebody else",
		COMMENT_HELP SIGN_HELP YES_HELP, cs_run_reject },
	{ "sign", "FILE [--reject] [--code NNNN] [--comment TEXT] [--key FILE] [--yes]",
		"Sign a vote on a request of another machine, which `show --bundle` printed there",
		"  --reject           reject instead of approving\n" CODE_HELP COMMENT_HELP
		"  --key FILE         sign with this ssh key\n" YES_HELP, cs_run_sign },
	{ "submit-vote", "FILE", "Send a vote that `sign` printed", "", cs_run_submit_vote },
	{ "withdraw", "REQUEST [--comment TEXT]", "Take back your own vote, while the request is open", COMMENT_HELP,
		cs_run_withdraw },
	{ "cancel", "REQUEST…", "Withdraw requests of your own", "", cs_run_cancel },
	{ "sessions", "[REQUEST] [--mine]", "What runs, and who is in, because of which request",
		"  --mine             only what you asked for\n", cs_run_sessions },
	{ "end", "REQUEST --reason TEXT", "End what runs because of a request",
		"  --reason TEXT      why: it is told, and recorded\n", cs_run_end },
	{ "break-glass", "[NAME] --reason TEXT [--for TIME]", "Past the approvals for a while, in an emergency",
		"  --reason TEXT      why: everybody will read it\n"
		"  --for TIME         how long, such as 15m (default: as long as the policy allows)\n",
		cs_run_break_glass },
	{ "drill", "[NAME]", "Would break-glass work? Opens nothing", "", cs_run_drill },
	{ "can", "USER PERMISSION SCOPE", "Does the user hold the permission in the scope?", CS_SOURCE_HELP,
		cs_run_can },
	{ "why", "USER PERMISSION SCOPE", "The same, step by step", CS_SOURCE_HELP, cs_run_why },
	{ "why-not", "USER PERMISSION SCOPE", "What is missing, and what would supply it", CS_SOURCE_HELP,
		cs_run_why_not },
	{ "who-can", "PERMISSION SCOPE [--because]", "Everybody who holds the permission in the scope",
		"  --because          with what each holds it by\n" CS_SOURCE_HELP, cs_run_who_can },
	{ "what-can", "[USER]", "Everything that a user holds, and where", CS_SOURCE_HELP, cs_run_what_can },
	{ "role list", "", "The roles of the policy and what they carry",
		"  --policy FILE      of this policy; a number or `current` is a generation\n", cs_run_role_list },
	{ "role grant", "ROLE PERMISSION… [--in KIND]", "Give permissions to a role", IN_HELP EDIT_HELP CS_APPLY_HELP,
		cs_run_role_grant },
	{ "role revoke", "ROLE PERMISSION… [--in KIND]", "Take permissions from a role",
		IN_HELP EDIT_HELP CS_APPLY_HELP, cs_run_role_revoke },
	{ "role define", "NAME [--label TEXT] [--permission NAME]… [--inherits ROLE]…", "Add a role",
		"  --label TEXT       how people read it\n"
		"  --permission NAME  what it carries; may be repeated\n"
		"  --inherits ROLE    whose permissions it has as well; may be repeated\n" EDIT_HELP CS_APPLY_HELP,
		cs_run_role_define },
	{ "policy check", "[FILE] [--live] [--strict]", "Check a policy, and with a directory whether it can be met",
		LIVE_HELP "  --strict           warnings fail too\n" CS_SOURCE_HELP, cs_run_policy_check },
	{ "policy test", "FILE…", "Run files of expected answers", CONDITION_HELP CS_SOURCE_HELP,
		cs_run_policy_test },
	{ "policy try", "USER SERVICE [COMMAND [ARGUMENT…]]", "What would be decided of an action?",
		"  --approved-by USER as if this person had approved it; may be repeated\n"
		"  --rejected-by USER as if this person had rejected it; may be repeated\n"
		"  --after TIME       as if it had been asked so long ago, such as 30m\n"
		CONDITION_HELP CS_SOURCE_HELP, cs_run_policy_try },
	{ "policy diff", "A B [--live]", "What B lets people do that A does not, and the other way round",
		LIVE_HELP CS_SOURCE_HELP, cs_run_policy_diff },
	{ "policy apply", "[FILE]", "Put a policy in force, after showing what changes", CS_APPLY_HELP,
		cs_run_policy_apply },
	{ "policy history", "", "The generations of the policy", "", cs_run_policy_history },
	{ "policy show", "[NUMBER]", "The text of a generation", "", cs_run_policy_show },
	{ "policy rollback", "NUMBER", "Put an earlier generation in force again", CS_APPLY_HELP,
		cs_run_policy_rollback },
	{ "evidence verify", "[FILE…] [--live] [--head NUMBER:HEX]…",
		"Check that the evidence is whole, and derive every permit again",
		"  --live             go on with the daemon's record where the files end\n"
		"  --head NUMBER:HEX  a head of the chain as known from elsewhere; may be repeated\n"
		"  --log FILE         heads from the daemon's lines in this log; may be repeated\n"
		"  --receipts FILE    heads that an approver keeps; may be repeated\n"
		"  --host NAME        of these only those of this host\n"
		"  --roster FILE      signed votes count only by keys of this roster; may be repeated\n",
		cs_run_evidence_verify },
	{ "evidence export", "[--from NUMBER] [--to NUMBER]", "Print the evidence as JSON lines",
		"  --from NUMBER      the first event\n"
		"  --to NUMBER        the last event\n",
		cs_run_evidence_export },
	{ "evidence show", "[--from NUMBER]", "Print the evidence, one line an event",
		"  --from NUMBER      the first event\n", cs_run_evidence_show },
	{ "report", "[--since TIME] [--until TIME] [--gate NAME] [--file FILE]…",
		"What was asked, held, approved and used, and what gates that monitor would have held",
		"  --since TIME       from then on: 7d ago, 2026-11-01, 2026-11-01T08:00Z\n"
		"  --until TIME       only before then\n"
		"  --gate NAME        of this gate alone\n"
		"  --file FILE        of this export, without the daemon; may be repeated\n",
		cs_run_report },
	{ "roster list", "[--roster FILE]", "Whose ssh keys may sign votes", ROSTER_HELP, cs_run_roster_list },
	{ "roster add", "NAME KEY-FILE [--id ID] [--officer] [--hardware-only]", "Let a key sign votes",
		"  --id ID            the person's id in the directory (default: as the directory says)\n"
		"  --officer          may sign the roster\n"
		"  --hardware-only    of this person only security keys count\n" ROSTER_HELP, cs_run_roster_add },
	{ "roster remove", "NAME [FINGERPRINT]", "Take a key, or a person with all keys, out of the roster", ROSTER_HELP,
		cs_run_roster_remove },
	{ "roster verify", "[--roster FILE]", "Is the roster right, and who signed it?", ROSTER_HELP,
		cs_run_roster_verify },
	{ "roster sign", "[--key FILE]", "Sign the roster, as one of its officers",
		"  --key FILE         sign with this ssh key\n" ROSTER_HELP, cs_run_roster_sign },
	{ "evidence archive", "--before NUMBER|DATE --to FOLDER", "Move the oldest events into a signed file",
		"  --before WHEN      events before this number, or before this date, such as 2026-01-01\n"
		"  --to FOLDER        where the file goes\n",
		cs_run_evidence_archive },
	{ "receipt", "REQUEST | --verify FILE --key KEY", "All that is recorded of one request, signed by the host",
		"  --policy           with the policy's text, as root's receipts have it\n"
		"  --verify FILE      check a receipt; needs no daemon\n"
		"  --key KEY          by this public key of the host, or a file that begins with it\n",
		cs_run_receipt },
	{ "directory test", "[USER] [--config FILE] [--policy FILE]",
		"Does the directory answer, and does it say what the daemon needs?",
		"  --config FILE      the daemon's configuration (default /etc/countersign/countersignd.conf)\n"
		"  --policy FILE      the groups that this policy asks of USER; a number or `current` is a generation\n",
		cs_run_directory_test },
	{ "quiet", "[on [--until TIME] | off]", "Whether you are told of requests that you can approve",
		"  --until TIME       on until then: 2h, 3d, 2026-12-24, 2026-12-24T18:00Z\n", cs_run_quiet },
	{ "notice", "--as text|mail|chat [--template FILE] [--domain NAME] [--from ADDRESS]",
		"For programs that tell people: print a notice from standard input",
		"  --as SINK          for a terminal, for sendmail -t, for a chat's webhook\n"
		"  --template FILE    with these words\n"
		"  --domain NAME      mail: behind each recipient\n"
		"  --from ADDRESS     mail: who sends it\n", cs_run_notice },
	{ "doctor", "[--coverage] [--quiet] [--root DIR]", "What in this machine's configuration is wrong for Countersign",
		"  --coverage         every way to privilege, and whether a gate sees it\n"
		"  --quiet            no hints\n"
		"  --root DIR         look at the machine whose root folder this is, such as an image\n"
		"  --checks           list what is looked for\n",
		cs_run_doctor },
	{ "enable", "sudo|sshd|su [--dry-run] [--confirm-within SPAN]",
		"Connect sudo, sshd or su, so that it can be undone",
		"  --dry-run          only show what would change\n"
		"  --confirm-within SPAN put everything back unless it is confirmed so soon (default 120s)\n"
		"  --confirm          it works: keep it\n"
		"  --front            sshd: people read what they wait for, and give the reason\n"
		"  --try-as USER      who tries it (default: whoever became root, where no gate can hold him)\n"
		"  --recover          put back what was left half done, or not confirmed in time\n"
		"  --root DIR         in the machine whose root folder this is; nothing is tried there\n",
		cs_run_enable },
	{ "disable", "sudo|sshd|su [--dry-run]", "Undo enable: every file as it was",
		"  --dry-run          only show which lines would go\n"
		"  --root DIR         in the machine whose root folder this is\n",
		cs_run_disable },
	{ "status", "", "How the daemon is", "", cs_run_status },
	{ "help", "[COMMAND]", "This text, or that of one command", "", cs_run_help },
};

const struct cs_command *cs_command_at(size_t i)
{
	return i < CS_COUNT(commands) ? &commands[i] : NULL;
}

static int same_two_words(const char *name, const char *first, const char *second)
{
	size_t n = strlen(first);

	return strncmp(name, first, n) == 0 && name[n] == ' ' && strcmp(name + n + 1, second) == 0;
}

const struct cs_command *cs_command_find(char *const *words, size_t n, size_t *ret_words)
{
	const struct cs_command *command = NULL;

	for (size_t i = 0; n > 0 && (command = cs_command_at(i)) != NULL; i++) {
		if (strcmp(command->name, words[0]) == 0) {
			*ret_words = 1;
			return command;
		}
		if (n > 1 && same_two_words(command->name, words[0], words[1])) {
			*ret_words = 2;
			return command;
		}
	}
	return NULL;
}

static void help_of_all(struct cs_buf *out)
{
	const struct cs_command *command = NULL;

	cs_put(out, "Usage: countersign [OPTION…] [COMMAND …]\n\n"
		    "See who waits for approval, approve or reject it, and look after policy and evidence.\n"
		    "Without a command: what waits for you, and what you asked for.\n"
		    "A REQUEST is its number, or at least four of the first digits of its id.\n\nCommands:\n");
	for (size_t i = 0; (command = cs_command_at(i)) != NULL; i++)
		cs_put(out, "  %-16s %s\n", command->name, command->summary);
	cs_put(out, "\nOptions of every command:\n"
		    "  --json             print JSON\n"
		    "  --socket DIR       the folder of another daemon's sockets (default /run/countersign)\n"
		    "  --server-user NAME the user that the daemon runs as (default countersign)\n"
		    "  --help             the help of the command\n"
		    "  --version          the version of this program\n\n"
		    "`countersign help COMMAND` says more. Exit statuses are in countersign(1).\n");
}

void cs_command_help(struct cs_buf *out, const struct cs_command *command)
{
	if (command == NULL) {
		help_of_all(out);
		return;
	}
	cs_put(out, "Usage: countersign%s%s%s%s\n\n%s.\n", *command->name == '\0' ? "" : " ", command->name, *command->usage == '\0' ? "" : " ",
		command->usage, command->summary);
	if (*command->details != '\0')
		cs_put(out, "\n%s", command->details);
}

/* Where what an option does stands, and goes on. */
#define HELP_GOES_ON 21

static int print_help(const struct cs_run *run, const struct cs_command *command)
{
	struct cs_buf out;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_command_help(&out, command);
	return cs_print_wrapped(&run->look, &out, HELP_GOES_ON);
}

static int print_version(void)
{
	struct cs_buf out;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put(&out, "countersign " CS_VERSION "\n");
	return cs_print(&out);
}

/* The second words that belong to a first one, as "list, grant, revoke"; nothing where it is no first word. */
static void put_second_words(struct cs_buf *out, const char *first)
{
	const struct cs_command *command = NULL;
	size_t n = strlen(first);

	for (size_t i = 0; (command = cs_command_at(i)) != NULL; i++) {
		if (strncmp(command->name, first, n) == 0 && command->name[n] == ' ')
			cs_put(out, "%s%s", out->len == 0 ? "" : ", ", command->name + n + 1);
	}
}

/* words[0] alone, or with what follows, is no command. */
static int fail_unknown(char *const *words, size_t n)
{
	char *where = NULL, *next = NULL;
	struct cs_buf second;

	cs_buf_init(&second, CS_OUTPUT_MAX);
	put_second_words(&second, words[0]);
	if (second.len > 0) {
		cs_buf_put_u8(&second, 0);
		(void)cs_format(&where, "%s%s%s", words[0], n > 1 ? " " : "", n > 1 ? words[1] : "");
		if (cs_buf_error(&second) == 0)
			(void)cs_format(&next, "%s goes with %s", words[0], (const char *)second.data);
	}
	(void)cs_fail(CS_EXIT_USAGE, "there is no such command", cs_text_or(where, words[0]),
		cs_text_or(next, "see `countersign help`"));
	cs_free_str(&where);
	cs_free_str(&next);
	cs_buf_clear(&second);
	return CS_EXIT_USAGE;
}

int cs_run_help(struct cs_run *run, char **args, size_t n)
{
	const struct cs_command *command = NULL;
	size_t words = 0;
	int status = cs_options_read(run, args, n, NULL, 0, 0, 2, &n);

	if (status != 0)
		return status;
	if (n > 0 && ((command = cs_command_find(args, n, &words)) == NULL || words != n))
		return fail_unknown(args, n);
	return print_help(run, command);
}

/* What is left of the command line after the leading options: a command, or nothing. */
static int dispatch(struct cs_run *run, char **words, size_t n)
{
	size_t used = 0;
	int status = 0;

	run->command = n == 0 || words[0][0] == '-' ? &home : cs_command_find(words, n, &used);
	if (run->command == NULL)
		return fail_unknown(words, n);
	status = run->command->run(run, words + used, n - used);
	return run->help ? print_help(run, run->command) : status;
}

int cs_command_main(int argc, char **argv)
{
	struct cs_run run = { .socket = "/run/countersign", .server_user = "countersign" };
	size_t n = argc > 0 ? (size_t)argc - 1 : 0;
	size_t used = 0;
	int status = 0;

	cs_look_at_output(&run.look);
	status = cs_options_leading(&run, argv + 1, n, &used);
	if (status == 0 && run.help)
		status = print_help(&run, NULL);
	else if (status == 0 && run.version)
		status = print_version();
	else if (status == 0)
		status = dispatch(&run, argv + 1 + used, n - used);
	cs_hang_up(&run);
	return status;
}
