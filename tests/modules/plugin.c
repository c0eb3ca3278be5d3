/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin.h"
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void *library;

void plugin_unload(void)
{
	if (library && dlclose(library) != 0)
		fail_msg("%s", dlerror());
	library = NULL;
}

void *plugin_symbol(const char *name)
{
	void *symbol = NULL;

	if (!library)
		library = dlopen(CS_SUDO_PLUGIN, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		fail_msg("%s", dlerror());
	symbol = dlsym(library, name);
	if (!symbol)
		fail_msg("%s", dlerror());
	return symbol;
}
