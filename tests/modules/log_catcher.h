/* SPDX-License-Identifier: Apache-2.0 */
/* What modules write to the system log lands in memory here. */
#ifndef TEST_LOG_CATCHER_H
#define TEST_LOG_CATCHER_H

/* Everything since the last forget, one line a message, each begun by its priority as "<4>". */
const char *logged(void);
void logged_forget(void);

#endif
