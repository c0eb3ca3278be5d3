/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of command is it? Some do what their arguments say; others do whatever somebody types, or whatever a file
 * says: shells, interpreters, editors, pagers, and what starts other programs (A046). One table says which, and where a
 * file stands among their arguments that they run. It goes by names, so it is for what an administrator installed: a
 * copy of a shell under another name is a file that no gate should name. */
#include "model.h"
#include "text.h"
#include <stdbool.h>
#include <string.h>

enum how {
	ALWAYS,  /* open-ended however it is called, and no argument is a file that it runs */
	WITH,    /* open-ended only with one of these options or words */
	SCRIPT,  /* its first operand is what it runs */
	OPTIONS, /* what it runs stands behind an option, or in the arguments themselves */
	WRAPS,   /* runs another command, which stands behind its own options and `skip` operands */
	MANY     /* one file for many programs: its own name, or else its first argument, says which */
};

struct row {
	const char *names;  /* in blanks; each stands for itself and for itself with a version: python, python3.11. "vim*":
	                     * whatever begins so */
	enum how how;
	const char *takes;  /* short options whose argument may be the next word */
	const char *inside; /* short options after which no file is run: what runs is in the arguments, or comes from
	                     * standard input */
	const char *files;  /* short options whose argument is a file that is run; WITH: short options that count */
	const char *words;  /* long options like `files`, in blanks; WITH: whole words, and long options however shortened */
	unsigned skip;
};

static const struct row rows[] = {
	{ .names = "sh bash rbash dash ash zsh ksh ksh93 mksh lksh pdksh oksh yash posh csh tcsh fish osh", .how = SCRIPT,
	  .takes = "oO", .inside = "cs", .words = "rcfile init-file" },
	{ .names = "python pypy", .how = SCRIPT, .takes = "WXQ", .inside = "cm" },
	{ .names = "perl", .how = SCRIPT, .inside = "eE" },
	{ .names = "ruby", .how = SCRIPT, .takes = "rICE", .inside = "e" },
	{ .names = "lua luajit", .how = SCRIPT, .takes = "l", .inside = "e" },
	{ .names = "node nodejs", .how = SCRIPT, .takes = "r", .inside = "ep" },
	{ .names = "php php-cgi", .how = SCRIPT, .takes = "dcz", .inside = "rBRE", .files = "fF", .words = "file" },
	{ .names = "tclsh wish guile escript Rscript julia ocaml runghc groovy elixir scheme", .how = SCRIPT,
	  .inside = "e" },
	{ .names = "expect", .how = SCRIPT, .inside = "c", .files = "fb" },
	{ .names = "awk gawk mawk nawk original-awk", .how = OPTIONS, .takes = "vF", .files = "fEi",
	  .words = "file exec include" },
	{ .names = "sed", .how = OPTIONS, .takes = "el", .files = "f", .words = "file" },
	{ .names = "make gmake", .how = OPTIONS, .takes = "CIjlotW", .files = "f", .words = "file makefile" },
	{ .names = "env", .how = WRAPS, .takes = "uC", .inside = "S" },
	{ .names = "xargs", .how = WRAPS, .takes = "adEILnPs" },
	{ .names = "parallel ssh-agent dbus-run-session fakeroot nohup setsid time setarch linux32 linux64 "
	  "valgrind catchsegv systemd-inhibit setpriv", .how = WRAPS, .takes = "ngjPfo", .inside = "c" },
	{ .names = "nice", .how = WRAPS, .takes = "n" },
	{ .names = "ionice", .how = WRAPS, .takes = "cnpPu" },
	{ .names = "stdbuf", .how = WRAPS, .takes = "ioe" },
	{ .names = "systemd-cat", .how = WRAPS, .takes = "tp" },
	{ .names = "strace ltrace", .how = WRAPS, .takes = "eoopsuaESPbIXO" },
	{ .names = "timeout", .how = WRAPS, .takes = "ks", .skip = 1 },
	{ .names = "chroot taskset chrt", .how = WRAPS, .takes = "TPD", .skip = 1 },
	{ .names = "flock", .how = WRAPS, .takes = "wE", .inside = "c", .skip = 1 },
	{ .names = "find", .how = WITH, .words = "-exec -execdir -ok -okdir" },
	{ .names = "tar", .how = WITH, .files = "IF",
	  .words = "--to-command --checkpoint-action --use-compress-program --rsh-command --info-script "
	  "--new-volume-script --rmt-command" },
	{ .names = "zip", .how = WITH, .words = "-T -TT --test --unzip-command" },
	{ .names = "tcpdump", .how = WITH, .files = "z" },
	{ .names = "wget", .how = WITH, .words = "--use-askpass" },
	{ .names = "nmap", .how = WITH, .words = "--script --interactive" },
	{ .names = "ip", .how = WITH, .words = "exec -batch" },
	{ .names = "systemctl", .how = WITH, .words = "edit link" },
	{ .names = "vi vim* view rview ex nvim nano rnano pico emacs* ed red joe jed jmacs jstar mcedit mc "
	  "ne micro kak hx vipw vigr visudo gedit kate", .how = ALWAYS },
	{ .names = "less zless more most pg man w3m lynx links elinks", .how = ALWAYS },
	{ .names = "ftp sftp telnet ssh scp rsync git hg svn mysql mariadb psql sqlite mail mailx mutt dc "
	  "gnuplot", .how = ALWAYS },
	{ .names = "su runuser sudo doas pkexec newgrp sg capsh nsenter unshare systemd-run machinectl "
	  "start-stop-daemon", .how = ALWAYS },
	{ .names = "screen tmux script watch at batch crontab gdb lldb perf entr", .how = ALWAYS },
	{ .names = "docker podman nerdctl ctr crictl kubectl lxc lxc-attach lxc-exec", .how = ALWAYS },
	{ .names = "apt apt-get aptitude dpkg rpm yum dnf snap pip npm gem cpan", .how = ALWAYS },
	{ .names = "java jshell deno bun irb erl ghci R cmake ninja", .how = ALWAYS },
	{ .names = "busybox toybox", .how = MANY },
};

/* The words of a command: argv, or what stands in it behind a wrapper. */
struct line {
	const char *name; /* by which the table knows it */
	char *const *argv;
	size_t n;
	size_t from;      /* argv[from] is the command */
};

struct scripts {
	uint32_t *args;
	size_t n, max;
};

#define DEPTH_MAX 8 /* a wrapper of wrappers: further down nobody looks, and it is open-ended in any case */

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* --- Words of the table ---------------------------------------------------------------------------------------------- */

static bool is_version(const char *s)
{
	return s[strspn(s, "0123456789.")] == '\0';
}

static bool is_named(const char *word, size_t len, const char *name)
{
	if (word[len - 1] == '*')
		return strncmp(word, name, len - 1) == 0;
	return strncmp(word, name, len) == 0 && is_version(name + len);
}

static bool is_long(const char *word, size_t len, const char *name)
{
	return strlen(name) == len && strncmp(word, name, len) == 0;
}

/* An option may be shortened as far as it is not another one, and what would be another is refused by the program
 * itself. "-exec" and "edit" are whole words. */
static bool is_short_of(const char *word, size_t len, const char *name)
{
	size_t n = strcspn(name, "=");

	if (strncmp(word, "--", 2) != 0)
		return is_long(word, len, name);
	return n > 2 && n <= len && strncmp(word, name, n) == 0;
}

static bool has_word(const char *words, const char *name, bool (*is)(const char *, size_t, const char *))
{
	for (words = words != NULL ? words : ""; *words != '\0'; words += strspn(words, " ")) {
		size_t len = strcspn(words, " ");

		if (is(words, len, name))
			return true;
		words += len;
	}
	return false;
}

static const struct row *row_of(const char *name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (has_word(rows[i].names, name, is_named))
			return &rows[i];
	return NULL;
}

static bool has_letter(const char *letters, char c)
{
	return letters != NULL && c != '\0' && strchr(letters, c) != NULL;
}

/* --- Options --------------------------------------------------------------------------------------------------------- */

static void add_script(struct scripts *scripts, size_t arg)
{
	for (size_t i = 0; i < scripts->n && i < scripts->max; i++)
		if (scripts->args[i] == arg)
			return;
	if (scripts->n < scripts->max)
		scripts->args[scripts->n] = (uint32_t)arg;
	scripts->n++;
}

/* A walk over the options of a command. */
struct walk {
	const struct row *row;
	struct scripts *scripts;
	size_t at;
	bool inside; /* what runs is in the arguments, or comes from standard input */
};

/* "-xvf FILE", "-fFILE": an argument that holds more than the file's name is no name of a file, and nothing will be found
 * there to hash. */
static void walk_short(struct walk *walk, const char *word)
{
	for (const char *c = word + 1; *c != '\0'; c++) {
		size_t arg = c[1] != '\0' ? walk->at : walk->at + 1;

		if (has_letter(walk->row->inside, *c)) {
			walk->inside = true;
			return;
		}
		if (has_letter(walk->row->files, *c))
			add_script(walk->scripts, arg);
		if (has_letter(walk->row->files, *c) || has_letter(walk->row->takes, *c)) {
			walk->at = arg;
			return;
		}
	}
}

static void walk_long(struct walk *walk, const char *word)
{
	const char *name = word + 2;
	char known[32];
	size_t len = strcspn(name, "=");

	if (len >= sizeof(known))
		return;
	memcpy(known, name, len);
	known[len] = '\0';
	if (!has_word(walk->row->words, known, is_long))
		return;
	walk->at += name[len] == '\0';
	add_script(walk->scripts, walk->at);
}

static bool is_assignment(const char *word)
{
	const char *equals = strchr(word, '=');

	return equals != NULL && memchr(word, '/', (size_t)(equals - word)) == NULL;
}

static bool is_option(const struct walk *walk, const char *word)
{
	if (walk->row->how == SCRIPT && word[0] == '+' && word[1] != '\0')
		return true; /* sh +x */
	return word[0] == '-' && word[1] != '\0';
}

/* Where its operands begin; line->n where there are none, or none that is run. */
static size_t operands_of(struct walk *walk, const struct line *line)
{
	for (walk->at = line->from + 1; walk->at < line->n; walk->at++) {
		const char *word = line->argv[walk->at];

		if (strcmp(word, "--") == 0)
			return walk->at + 1;
		if (walk->row->how == WRAPS && is_assignment(word))
			continue;
		if (!is_option(walk, word))
			return walk->at;
		if (strncmp(word, "--", 2) == 0)
			walk_long(walk, word);
		else
			walk_short(walk, word);
		if (walk->inside)
			return line->n;
	}
	return line->n;
}

/* --- Commands -------------------------------------------------------------------------------------------------------- */

static bool has_counting(const struct row *row, const struct line *line)
{
	for (size_t i = line->from + 1; i < line->n; i++) {
		const char *word = line->argv[i];
		bool letters = (word[0] == '-' && word[1] != '-') || i == line->from + 1; /* tar cIf PROGRAM */

		if (has_word(row->words, word, is_short_of) || (letters && row->files != NULL && strpbrk(word, row->files) != NULL))
			return true;
	}
	return false;
}

/* What is behind a wrapper: a file where it is named by a path, and the next command. 1, or 0: nothing. */
static int unwrap(const struct row *row, struct scripts *scripts, struct line *line)
{
	struct walk walk = { .row = row, .scripts = scripts };
	size_t at = operands_of(&walk, line);

	if (row->how == WRAPS)
		at = at < line->n && row->skip < line->n - at ? at + row->skip : line->n;
	while (row->how == WRAPS && at < line->n && is_assignment(line->argv[at]))
		at++;
	if (at >= line->n)
		return 0;
	if (row->how == SCRIPT || strchr(line->argv[at], '/') != NULL)
		add_script(scripts, at);
	line->from = at;
	line->name = base_of(line->argv[at]);
	return row->how == WRAPS;
}

/* busybox sh, or sh where it leads to busybox. */
static int of_many(const struct row *row, struct line *line)
{
	const char *called = line->n > line->from ? base_of(line->argv[line->from]) : "";

	if (row_of(called) == row && line->n > line->from + 1)
		called = base_of(line->argv[++line->from]);
	line->name = called;
	return row_of(called) != row;
}

static enum cs_class look(struct line *line, struct scripts *scripts)
{
	enum cs_class found = CS_CLASS_PLAIN;

	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		const struct row *row = row_of(line->name);
		struct walk walk = { .row = row, .scripts = scripts };

		if (row == NULL || (row->how == WITH && !has_counting(row, line)))
			return found;
		found = CS_CLASS_OPEN_ENDED;
		if (row->how == OPTIONS)
			(void)operands_of(&walk, line);
		if (row->how == MANY ? !of_many(row, line)
		    : row->how == WRAPS || row->how == SCRIPT ? !unwrap(row, scripts, line) : true)
			return found;
	}
	return found;
}

/* Where a name leads counts more than the name: a link to a shell is a shell. */
static const char *name_of(const struct cs_action *action)
{
	const char *name = base_of(action->resolved != NULL ? action->resolved : "");

	if (row_of(name) == NULL)
		name = base_of(action->command != NULL ? action->command : "");
	return name;
}

static enum cs_class look_at(const struct cs_action *action, struct scripts *scripts)
{
	struct line line = { .name = name_of(action), .argv = action->argv, .n = action->n_argv };

	if (action->service != NULL && strcmp(action->service, "sudoedit") == 0)
		return CS_CLASS_EDIT;
	return cs_action_runs(action) ? look(&line, scripts) : CS_CLASS_PLAIN;
}

enum cs_class cs_action_class(const struct cs_action *action)
{
	struct scripts none = { 0 };

	return look_at(action, &none);
}

size_t cs_action_scripts(const struct cs_action *action, uint32_t ret_args[CS_MAX_WANTED])
{
	struct scripts scripts = { .args = ret_args, .max = CS_MAX_WANTED };

	(void)look_at(action, &scripts);
	return scripts.n;
}
