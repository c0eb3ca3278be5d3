/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the library asks. */
#include "daemon.h"
#include "args.h"
#include "countersign/client.h"

/* Without such a user on the machine only root may be behind the socket. */
static uid_t server_uid(void)
{
	const struct cs_args args = { .server = CS_DEFAULT_SERVER };
	uint32_t uid = 0;

	return cs_args_server_uid(&args, &uid) == 0 ? (uid_t)uid : 0;
}

int cs_library_open(const char *socket_path, struct cs_client **ret_client)
{
	struct cs_client_options options = { .path = socket_path != NULL ? socket_path : COUNTERSIGN_PEOPLE_SOCKET };

	options.server_uid = server_uid();
	return cs_client_open(&options, ret_client, NULL);
}
