/* SPDX-License-Identifier: Apache-2.0 */
/* Error numbers of every Countersign function: 0 is success, below 0 is one of these. */
#ifndef COUNTERSIGN_ERROR_H
#define COUNTERSIGN_ERROR_H

enum cs_error {
	CS_OK = 0,
	CS_EINVAL = -1,      /* the caller's arguments make no sense */
	CS_ENOMEM = -2,      /* out of memory */
	CS_EIO = -3,         /* reading or writing failed */
	CS_EPROTO = -4,      /* a message or record is malformed */
	CS_ETOOBIG = -5,     /* a length is over its bound */
	CS_ENOENT = -6,      /* there is no such thing */
	CS_EEXIST = -7,      /* it is there already */
	CS_EPERM = -8,       /* the caller may not do this */
	CS_ETIMEDOUT = -9,   /* the deadline passed */
	CS_EUNAVAIL = -10,   /* the other side could not be reached */
	CS_ECONFLICT = -11,  /* the state does not allow it (any more) */
	CS_ECONF = -12,      /* a configuration or policy file is refused */
	CS_EDOUBT = -13,     /* could not tell; never counts as yes */
	CS_ECORRUPT = -14,   /* a stored record is not what it was */
	CS_EINTR = -15,      /* a signal ended the wait */
	CS_EUNTRUSTED = -16, /* wrong owner or mode of a file, wrong peer on a socket */
	CS_EBUSY = -17,      /* a limit is reached; try again later */
	CS_EVERSION = -18    /* the two sides speak different versions */
};

/* A short English text for an error number, such as "could not tell". Static; never NULL. */
const char *cs_strerror(int error);

#endif
