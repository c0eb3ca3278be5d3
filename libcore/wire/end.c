/* SPDX-License-Identifier: Apache-2.0 */
/* The frames by which logins are registered and ended. */
#include "end.h"

#define LOGIN_MAX 1024u /* bytes of the largest */

static const struct cs_field login_fields[] = {
	CS_U64(cs_login, registration),
	CS_NEST(cs_login, attend, &cs_attend_shape),
};
const struct cs_shape cs_login_shape = CS_SHAPE("login", cs_login, login_fields);

int cs_end_put(struct cs_buf *out, enum cs_end_frame frame, const struct cs_login *login)
{
	static const struct cs_login none;
	struct cs_buf payload;
	int r = 0;

	cs_buf_init(&payload, LOGIN_MAX);
	r = cs_encode(&cs_login_shape, login ? login : &none, &payload);
	if (r == 0)
		r = cs_frame_put(out, (uint8_t)frame, &payload);
	cs_buf_clear(&payload);
	return r;
}

int cs_end_take(struct cs_buf *in, enum cs_end_frame *ret_frame, struct cs_login *ret_login)
{
	const uint8_t *payload = NULL;
	size_t len = 0, total = 0;
	uint8_t type = 0;
	int r = cs_frame_get(in, &type, &payload, &len, &total);

	if (r != 1)
		return r;
	if (type < CS_END_GREETING || type > CS_END_END)
		return CS_EPROTO;
	if (len > LOGIN_MAX)
		return CS_ETOOBIG;
	r = cs_decode_all(&cs_login_shape, payload, len, ret_login);
	if (r < 0)
		return r;
	cs_buf_consume(in, total);
	*ret_frame = (enum cs_end_frame)type;
	return 1;
}
