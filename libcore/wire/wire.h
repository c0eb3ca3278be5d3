/* SPDX-License-Identifier: Apache-2.0 */
/* The protocol of module.sock and people.sock; docs/protocol.md is written from this header and model/calls.h.
 *
 * A connection begins with eight bytes from the client: "CSGN" and uint32 CS_WIRE_VERSION. Then frames (base/frame.h):
 * the client sends a call, the server exactly one reply, in order, one call at a time. Frame type of a call is its
 * cs_call_type, of its reply the same with CS_WIRE_REPLY set. A reply is uint32 error (0, or the positive value of a
 * cs_error), string text, and where error is 0 the reply's shape. */
#ifndef CS_WIRE_H
#define CS_WIRE_H

#include "calls.h"
#include "frame.h"

#define CS_WIRE_MAGIC "CSGN"
#define CS_WIRE_VERSION 5u
#define CS_WIRE_HELLO_LEN 8u
#define CS_WIRE_REPLY 0x80u

/* The doors a call may come through. */
enum cs_door { CS_DOOR_NONE = 0, CS_DOOR_MODULE = 1, CS_DOOR_PEOPLE = 2 };

/* One row per call. */
struct cs_message {
	enum cs_call_type type;
	const char *name; /* as in logs and documentation: "submit" */
	const struct cs_shape *call;
	const struct cs_shape *reply;
	unsigned doors;      /* bits of 1 << cs_door */
	bool root_only;      /* on people.sock */
	bool takes_descriptor;
};

/* The row of a call type, or NULL for a number that is none. */
const struct cs_message *cs_message_find(unsigned type);

/* Appends hello; checks eight bytes: 0, CS_EPROTO (not our magic), CS_EVERSION. */
void cs_wire_put_hello(struct cs_buf *out);
int cs_wire_check_hello(const uint8_t bytes[CS_WIRE_HELLO_LEN]);

/* Appends the frame of a call or of a reply. For an error reply (error < 0) reply may be NULL. 0, CS_ETOOBIG,
 * CS_ENOMEM, CS_EINVAL; out is unchanged on failure. */
int cs_wire_put_call(struct cs_buf *out, const struct cs_message *message, const void *call);
int cs_wire_put_reply(struct cs_buf *out, const struct cs_message *message, int error, const char *text,
	const void *reply);

/* Decodes the payload of a call frame into *ret_call (sized by message->call; clear with cs_clear). 0 or CS_E…. */
int cs_wire_get_call(const struct cs_message *message, const uint8_t *payload, size_t len, void *ret_call);

/* Decodes the payload of a reply frame. 0: *ret_reply is filled. A negative number: either the reply carries that
 * error (*ret_text says what, caller frees) or it is malformed (CS_EPROTO, *ret_text NULL). */
int cs_wire_get_reply(const struct cs_message *message, const uint8_t *payload, size_t len, void *ret_reply,
	char **ret_text);

#endif
