/* SPDX-License-Identifier: Apache-2.0 */
/* The text of every error number. */
#include <countersign/error.h>

#include "mem.h"

static const char *const texts[] = {
	[-CS_OK] = "success",
	[-CS_EINVAL] = "invalid argument",
	[-CS_ENOMEM] = "out of memory",
	[-CS_EIO] = "reading or writing failed",
	[-CS_EPROTO] = "malformed message or record",
	[-CS_ETOOBIG] = "too big",
	[-CS_ENOENT] = "not found",
	[-CS_EEXIST] = "exists already",
	[-CS_EPERM] = "not permitted",
	[-CS_ETIMEDOUT] = "timed out",
	[-CS_EUNAVAIL] = "could not be reached",
	[-CS_ECONFLICT] = "not possible in this state",
	[-CS_ECONF] = "configuration or policy refused",
	[-CS_EDOUBT] = "could not tell",
	[-CS_ECORRUPT] = "stored record is damaged",
	[-CS_EINTR] = "interrupted",
	[-CS_EUNTRUSTED] = "wrong owner or mode, or wrong peer",
	[-CS_EBUSY] = "a limit is reached, try again later",
	[-CS_EVERSION] = "different protocol version",
};

const char *cs_strerror(int error)
{
	if (error > 0 || error <= -(int)CS_COUNT(texts))
		return "unknown error";
	return texts[-error];
}
