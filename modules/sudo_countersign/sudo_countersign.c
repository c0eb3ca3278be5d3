/* SPDX-License-Identifier: Apache-2.0 */
/* The sudo approval plugin. sudo takes 0 from open for "no plugin" and runs the command, so open says 1 or -1 and every
 * refusal is check's, where only 1 permits. */
#include "args.h"
#include "attend.h"
#include "clock.h"
#include "file.h"
#include "hold.h"
#include "input.h"
#include "operands.h"
#include "mem.h"
#include "released.h"
#include "say.h"
#include "text.h"
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sudo_plugin.h>
#include <syslog.h>
#include <unistd.h>

#define TIME_LINE_MS 60000u
#define LEFT_FDS     64

/* The interface has no place for it: one sudo process has one of these. */
static struct plugin {
	sudo_conv_t converse;
	sudo_printf_t print;
	struct cs_sudo_input input;
	struct cs_action *action; /* what is asked for, while it is */
	struct cs_args args;
	struct cs_client_options options;
	bool ready;    /* nothing was wrong at open; else check denies with refusal */
	char *refusal;
	char *message; /* what *errstr points to; kept until the next open */
	int terminal;  /* /dev/tty, or -1 */
	uint64_t told_ms;
} plugin = { .terminal = -1 };

/* What was asked for first in this process, once it was permitted: with intercept sudo opens this plugin anew and asks again,
 * for what that runs. */
static struct {
	bool runs;
	char *reason; /* or NULL */
	struct cs_sudo_released released;
} first;

/* --- The screen --------------------------------------------------------------------------------------------------- */

/* Information goes to the terminal; where there is none to standard error, and never into the command's output. */
static int show(char *text)
{
	int type = plugin.terminal != -1 ? SUDO_CONV_INFO_MSG | SUDO_CONV_PREFER_TTY : SUDO_CONV_ERROR_MSG;
	int r = 0;

	if (text == NULL)
		return CS_ENOMEM;
	if (text[0] != '\0' && plugin.print(type, "%s", text) < 0 && plugin.terminal != -1)
		r = CS_EPERM;
	free(text);
	return r;
}

/* errstr goes into sudo's own log: one line. */
static void show_error(char *text, const char **errstr)
{
	size_t len = 0;

	cs_free_str(&plugin.message);
	if (text == NULL) {
		*errstr = "countersign: out of memory";
		return;
	}
	(void)plugin.print(SUDO_CONV_ERROR_MSG, "%s", text);
	for (len = strlen(text); len > 0 && text[len - 1] == '\n'; len--)
		text[len - 1] = '\0';
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\n')
			text[i] = ' ';
	plugin.message = text;
	*errstr = text;
}

static int terminal_is_gone(void)
{
	struct pollfd p = { .fd = plugin.terminal, .events = 0 };

	return plugin.terminal != -1 && poll(&p, 1, 0) > 0 && p.revents != 0;
}

/* --- What the hold asks of its caller ----------------------------------------------------------------------------- */

static int open_file(void *arg)
{
	const struct plugin *self = arg;

	return cs_sudo_open_command(&self->input);
}

static int want_files(void *arg, const struct cs_decision *decision)
{
	const struct plugin *self = arg;

	return cs_operands_want(cs_sudo_folder(&self->input), decision, self->action);
}

static int open_operand(void *arg, const struct cs_operand *operand)
{
	const struct plugin *self = arg;

	return cs_operand_open(cs_sudo_folder(&self->input), self->action->argv, self->action->n_argv, operand);
}

static int is_blank(const char *text)
{
	return text[strspn(text, " \t")] == '\0';
}

/* What runs inside a command runs for the same reason. While somebody types nothing can be heard that ends it, so nobody is asked
 * for another. Without a terminal sudo would read the answer from standard input: the command's own. */
static int ask_reason(void *arg, char **ret_reason)
{
	struct plugin *self = arg;
	struct sudo_conv_message message = { .msg_type = SUDO_CONV_PROMPT_ECHO_ON, .msg = "Reason for this request: " };
	struct sudo_conv_reply reply = { 0 };
	int r = CS_EPERM;

	if (first.reason != NULL)
		return cs_set(ret_reason, first.reason);
	if (first.released.number == 0 && self->terminal != -1 && !cs_sudo_is_true(self->input.settings, "noninteractive") &&
		self->converse(1, &message, &reply, NULL) == 0 && reply.reply != NULL && !is_blank(reply.reply)) {
		*ret_reason = reply.reply;
		reply.reply = NULL;
		r = 0;
	}
	free(reply.reply);
	return r;
}

static char *beginning(const struct cs_decision *now)
{
	char *text = NULL;

	if (now->state != CS_APPROVED || now->reason == CS_WHY_COOLING)
		return plugin.terminal != -1 ? cs_say_held(now, CS_AGAIN_COMMAND) : cs_say_waits(now);
	return cs_format(&text, "countersign: request %llu was approved\n", (unsigned long long)now->number) == 0 ? text
		: NULL;
}

static int tell(void *arg, const struct cs_decision *before, const struct cs_decision *now)
{
	struct plugin *self = arg;
	uint64_t at = cs_boot_ms();
	char *news = NULL;

	if (before == NULL) {
		self->told_ms = at;
		return show(beginning(now));
	}
	if (now->verdict != CS_HOLD || self->terminal == -1)
		return 0; /* the last words are check's */
	news = cs_say_changes(before, now);
	if (news == NULL)
		return CS_ENOMEM;
	if (news[0] == '\0' && at - self->told_ms < TIME_LINE_MS) {
		free(news);
		return 0;
	}
	self->told_ms = at;
	if (news[0] != '\0')
		return show(news);
	free(news);
	return show(cs_say_time(now));
}

static int beside(void *arg)
{
	(void)arg;
	return cs_sudo_attend_fd();
}

static void hear(void *arg)
{
	(void)arg;
	cs_sudo_attend_hear();
}

static const struct cs_hold_ops hold_ops = { .open_file = open_file, .want_files = want_files,
	.open_operand = open_operand, .ask_reason = ask_reason, .tell = tell, .beside = beside, .hear = hear };

/* --- check -------------------------------------------------------------------------------------------------------- */

/* Both sudo and the kernel say that root itself asks. */
static int is_root(const struct cs_submit *submit)
{
	return submit->subject.uid == 0 && submit->subject.name != NULL && getuid() == 0;
}

static int fail(const struct cs_submit *submit, int error, const char *why, const char *text, const char **errstr)
{
	if (is_root(submit) && !submit->ahead && cs_could_not_ask(error) == 1) {
		syslog(LOG_AUTHPRIV | LOG_WARNING,
			"sudo_countersign: permitted root without countersignd: not recorded (%s)",
			why != NULL ? why : cs_strerror(error));
		return 1;
	}
	show_error(cs_say_error(error, why, text), errstr);
	return -1;
}

static const char *failure_text(const struct cs_hold *hold, int error)
{
	if (error == CS_EPERM && hold->text == NULL && !hold->gone)
		return plugin.terminal != -1 ? "a reason is needed: type one, or set COUNTERSIGN_REASON"
			: "a reason is needed, and there is no terminal to type it at: set COUNTERSIGN_REASON";
	return NULL;
}

static char *withdraw(const struct cs_hold *hold)
{
	struct cs_decision reply = { 0 };
	int r = cs_hold_cancel(hold, &plugin.options, &reply);
	char *text = cs_say_withdrawn(hold->first.number, r, &reply);

	cs_clear(&cs_decision_shape, &reply);
	return text;
}

/* A person who pressed Ctrl-C withdraws; one whose terminal went away comes back, and the daemon keeps it open. */
static int interrupted(struct cs_hold *hold, const char **errstr)
{
	char *text = NULL;
	int r = 0;

	if (hold->first.number == 0)
		r = cs_format(&text, "countersign: interrupted\n");
	else if (hold->gone || terminal_is_gone())
		r = cs_format(&text, "countersign: request %llu stays open\n", (unsigned long long)hold->first.number);
	else
		text = withdraw(hold);
	show_error(r == 0 ? text : NULL, errstr);
	return -1;
}

/* Asked for ahead: whatever is decided, nothing runs. What was asked for goes to standard output, where nothing else comes
 * from; `countersign request` reads the number there. */
static int conclude_ahead(const struct cs_decision *decision, const char **errstr)
{
	bool asked = cs_asked_ahead(decision) == 1;
	char *text = asked ? cs_say_ahead(decision) : cs_say_denied(decision, NULL, CS_AGAIN_COMMAND);

	if (asked && decision->number != 0) {
		if (text == NULL || plugin.print(SUDO_CONV_INFO_MSG, "%s", text) < 0)
			*errstr = "countersign: asked for ahead, but it could not be said";
		else
			*errstr = "countersign: asked for ahead: nothing was run";
		free(text);
		return 0;
	}
	show_error(text, errstr);
	return 0;
}

/* What the daemon lists and can end is attended to, where sudo.conf has the line for it. */
static void keep_released(const struct cs_decision *decision)
{
	if (!decision->attend || first.runs)
		return;
	first.released.number = decision->number;
	memcpy(first.released.id, decision->id, CS_ID_LEN);
	first.released.watch = decision->watch;
	first.released.watch_grace_ms = decision->watch_grace_ms;
	first.released.session_ms = decision->session_ms;
	first.released.options = plugin.options;
}

struct cs_sudo_released cs_sudo_released(void)
{
	return first.released;
}

static int conclude(const struct cs_hold *hold, const struct cs_decision *decision, const char **errstr)
{
	char *text = NULL;

	if (decision->verdict != CS_PERMIT) {
		show_error(cs_say_denied(decision, hold->first.number != 0 ? &hold->first : NULL, CS_AGAIN_COMMAND),
			errstr);
		return 0;
	}
	keep_released(decision);
	/* What was approved earlier or just now is said; what nobody was asked about goes on silently. */
	if (decision->reason == CS_WHY_APPROVED &&
		cs_format(&text, "countersign: request %llu is approved, and used now\n",
			(unsigned long long)decision->number) == 0)
		(void)show(text);
	return 1;
}

static int ask(struct cs_submit *submit, struct cs_client *client, const char **errstr)
{
	struct cs_hold hold = { .client = client, .submit = submit, .action = &submit->action, .timeout_ms = plugin.args.timeout_ms,
		.watch_fd = plugin.terminal, .ops = &hold_ops, .arg = &plugin };
	struct cs_decision decision = { 0 };
	int result = -1, r = 0;

	plugin.action = &submit->action;
	r = cs_hold_run(&hold, &decision);
	plugin.action = NULL;

	if (submit->ahead && r == 0)
		result = conclude_ahead(&decision, errstr);
	else if (submit->ahead)
		show_error(cs_say_error(r, failure_text(&hold, r), hold.text), errstr);
	else if (r == 0 && is_root(submit) && hold.first.number == 0 && cs_could_not_record(&decision) == 1)
		result = fail(submit, CS_EIO, "it cannot record", NULL, errstr);
	else if (r == 0)
		result = conclude(&hold, &decision, errstr);
	else if (r == CS_EINTR || hold.gone)
		result = interrupted(&hold, errstr);
	else if (hold.first.number != 0) {
		/* held is answered: no exception for root any more */
		show_error(cs_say_error(r, NULL, hold.text), errstr);
		result = -1;
	} else
		result = fail(submit, r, failure_text(&hold, r), hold.text, errstr);
	cs_clear(&cs_decision_shape, &decision);
	cs_hold_clear(&hold);
	return result;
}

static int connect_and_ask(struct cs_submit *submit, const char **errstr)
{
	struct cs_client *client = NULL;
	const char *why = NULL;
	uint32_t server = CS_NO_UID;
	int result = -1, r = 0;

	if (cs_args_server_uid(&plugin.args, &server) < 0)
		return fail(submit, CS_EUNAVAIL, "its user could not be looked up", NULL, errstr);
	plugin.options.path = plugin.args.socket;
	plugin.options.server_uid = (uid_t)server;
	/* Under intercept sudo asks again and again in one process: the connection of the last time is not needed any
	 * more. */
	if (cs_client_resume(&plugin.options, LEFT_FDS, &client) == 0)
		cs_client_close(&client);
	r = cs_client_open(&plugin.options, &client, &why);
	if (r < 0)
		return fail(submit, r, why, NULL, errstr);
	result = ask(submit, client, errstr);
	if (result == 1 && !submit->nested)
		cs_client_leave(&client); /* the session phase confirms on it */
	cs_client_close(&client);
	return result;
}

/* It runs from here on. */
static void begin(struct cs_submit *submit)
{
	first.runs = true;
	if (submit->reason != NULL && !is_blank(submit->reason)) {
		first.reason = submit->reason;
		submit->reason = NULL;
	}
}

static int check(char *const command_info[], char *const run_argv[], char *const run_envp[], const char **errstr)
{
	struct cs_submit submit = { 0 };
	const char *why = NULL;
	int result = -1, r = 0;

	if (!plugin.ready) {
		show_error(plugin.refusal != NULL ? cs_dup(plugin.refusal) : NULL, errstr);
		return -1;
	}
	plugin.input.command_info = command_info;
	plugin.input.run_argv = run_argv;
	plugin.input.run_envp = run_envp;
	submit.nested = first.runs;
	r = cs_sudo_fill(&plugin.input, &submit, &why);
	if (r < 0)
		show_error(cs_say_error(r, why, NULL), errstr);
	else if (cs_sudo_attend_ends() == 1)
		show_error(cs_dup("countersign: denied: what would run this was told to end\n"), errstr);
	else
		result = connect_and_ask(&submit, errstr);
	if (result == 1 && !first.runs)
		begin(&submit);
	cs_clear(&cs_submit_shape, &submit);
	return result;
}

/* --- open, close, version ----------------------------------------------------------------------------------------- */

static void refuse_arguments(const struct cs_args_problem *problem)
{
	char *argument = cs_escaped(problem->argument != NULL ? problem->argument : "");
	char *text = NULL;

	if (argument != NULL && cs_format(&text, "argument %s in sudo.conf %s", argument, problem->what) == 0)
		(void)cs_format(&plugin.refusal, "countersign: denied: %s\n", text);
	syslog(LOG_AUTHPRIV | LOG_ERR, "sudo_countersign: %s: everybody is denied", text != NULL ? text
		: problem->what);
	cs_free_str(&argument);
	cs_free_str(&text);
}

static int read_arguments(char *const plugin_options[])
{
	struct cs_args_problem problem = { 0 };
	const char **arguments = NULL;
	size_t n = 0;
	int r = 0;

	while (plugin_options != NULL && plugin_options[n] != NULL)
		n++;
	arguments = calloc(n + 1, sizeof(*arguments));
	if (arguments == NULL)
		return CS_ENOMEM;
	for (size_t i = 0; i < n; i++)
		arguments[i] = plugin_options[i];
	r = cs_args_parse(CS_MODULE_SUDO, n, arguments, &plugin.args, &problem);
	if (r < 0)
		refuse_arguments(&problem);
	free(arguments);
	return r;
}

static void forget(void)
{
	cs_close(&plugin.terminal);
	cs_free_str(&plugin.refusal);
	cs_free_str(&plugin.message);
	memset(&plugin, 0, sizeof(plugin));
	plugin.terminal = -1;
}

static int open_plugin(unsigned int version, sudo_conv_t conversation, sudo_printf_t sudo_plugin_printf,
	char *const settings[], char *const user_info[], int submit_optind, char *const submit_argv[],
	char *const submit_envp[], char *const plugin_options[], const char **errstr)
{
	(void)submit_optind;
	(void)submit_argv;
	(void)errstr;
	forget();
	plugin.converse = conversation;
	plugin.print = sudo_plugin_printf;
	plugin.input.settings = settings;
	plugin.input.user_info = user_info;
	plugin.input.submit_envp = submit_envp;
	plugin.terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (SUDO_API_VERSION_GET_MAJOR(version) != SUDO_API_VERSION_MAJOR)
		plugin.refusal =
			cs_dup("countersign: denied: this sudo speaks another version of the plugin interface\n");
	else
		plugin.ready = read_arguments(plugin_options) == 0;
	return 1;
}

__attribute__((destructor)) static void unloaded(void)
{
	forget();
	cs_free_str(&first.reason);
}

/* The message stays: sudo logs *errstr around this call. */
static void close_plugin(void)
{
	cs_close(&plugin.terminal);
}

static int show_version(int verbose)
{
	(void)verbose;
	(void)plugin.print(SUDO_CONV_INFO_MSG, "Countersign approval plugin version %s\n", CS_VERSION);
	return 1;
}

__attribute__((visibility("default"))) extern const struct approval_plugin sudo_countersign;

const struct approval_plugin sudo_countersign = {
	.type = SUDO_APPROVAL_PLUGIN,
	.version = SUDO_API_VERSION,
	.open = open_plugin,
	.close = close_plugin,
	.check = check,
	.show_version = show_version,
};
