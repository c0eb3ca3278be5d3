/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of PAM services by their name: who asks, and whether somebody waits. The zero value is a service that
 * nobody knows: PAM_USER asks, and nobody waits (A030). */
#ifndef CS_MODULES_SERVICES_H
#define CS_MODULES_SERVICES_H

#include <stdbool.h>

/* Is somebody there who waits while a session is held? */
enum cs_attended {
	CS_ATTENDED_NEVER = 0, /* denied at once, the request stays open */
	CS_ATTENDED_TERMINAL,  /* where there is a terminal (PAM_TTY) */
	CS_ATTENDED_ALWAYS
};

struct cs_service {
	const char *name;
	bool switches; /* from one user to another: the kernel's real uid says who asks, PAM_USER whom he becomes */
	bool tells;    /* and where the real uid is root's, PAM_RUSER says who asks: it is what sudo itself knows */
	enum cs_attended attended;
};

/* Never NULL; what is not in the table is the zero value. */
const struct cs_service *cs_service_find(const char *name);

#endif
