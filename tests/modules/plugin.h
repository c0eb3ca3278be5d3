/* SPDX-License-Identifier: Apache-2.0 */
/* The shared object of sudo's plugins, as sudo loads it: once in a process. */
#ifndef TEST_PLUGIN_H
#define TEST_PLUGIN_H

/* What the object exports under this name; the test fails where there is nothing. */
void *plugin_symbol(const char *name);

/* As if the next call came in a process of its own. */
void plugin_unload(void);

#endif
