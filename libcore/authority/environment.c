/* SPDX-License-Identifier: Apache-2.0 */
/* Variables that change which code runs (A038). sudo's env_reset removes most of them; this holds where it does not. */
#include "internal.h"
#include "mem.h"
#include <string.h>

/* A name ending in '*' stands for every variable that begins so. */
static const char *const steering[] = {
	"LD_*", "DYLD_*", "GCONV_PATH", "GETCONF_DIR", "LOCALDOMAIN", "RES_OPTIONS", "HOSTALIASES", "NLSPATH", "LOCPATH",
	"BASH_ENV", "BASH_FUNC_*", "BASHOPTS", "SHELLOPTS", "ENV", "IFS", "PS4", "PROMPT_COMMAND", "CDPATH", "GLOBIGNORE",
	"PERL*", "PYTHON*", "RUBY*", "NODE_*", "GIT_*", "LUA_*", "TCLLIBPATH", "CLASSPATH", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS",
	"JDK_JAVA_OPTIONS", "GEM_*", "PHPRC", "PHP_INI_SCAN_DIR", "AWKPATH", "AWKLIBPATH", "EDITOR", "VISUAL", "SUDO_EDITOR",
	"PAGER", "MANPAGER", "LESSOPEN", "LESSCLOSE", "TERMINFO", "TERMINFO_DIRS", "TERMCAP", "MALLOC_*", "GLIBC_TUNABLES",
	"OPENSSL_*", "SSL_CERT_*", "KRB5_CONFIG", "LDAP*", "MAKEFLAGS", "RSYNC_*", "SSH_ASKPASS", "TMPDIR",
};

int environment_steers(const char *variable)
{
	const char *equals = strchr(variable, '=');
	size_t len = equals ? (size_t)(equals - variable) : strlen(variable);

	for (size_t i = 0; i < CS_COUNT(steering); i++) {
		size_t n = strlen(steering[i]);

		if (steering[i][n - 1] == '*' ? len >= n - 1 && strncmp(variable, steering[i], n - 1) == 0
					      : len == n && strncmp(variable, steering[i], n) == 0)
			return 1;
	}
	return 0;
}
