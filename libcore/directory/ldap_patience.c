/* SPDX-License-Identifier: Apache-2.0 */
/* A limit for the TLS handshake. libldap 2.5 with GnuTLS waits for the wrong event in it, repeats what would block for
 * as long as that takes and looks at no time limit, so a server that takes the connection and says nothing would cost
 * a whole processor for ever. A layer below TLS waits instead, and ends it when the time has come. */
#include "clock.h"
#include "ldap_internal.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>

enum { LEVEL = (LBER_SBIOD_LEVEL_PROVIDER + LBER_SBIOD_LEVEL_TRANSPORT) / 2 }; /* above the socket, below TLS */

/* Of the thread and not of the layer, which libldap frees when it likes, and which stays when the connection is handed
 * over to the loop. 0: wait for nothing. */
static _Thread_local uint64_t patient_until_ms;

/* False: the time is over, or nothing is to be waited for; errno says which. */
static bool is_worth_waiting(Sockbuf_IO_Desc *layer, short events)
{
	ber_socket_t fd = -1;
	int error = errno;
	if (patient_until_ms == 0 || error != EAGAIN)
		return false;
	if (ber_sockbuf_ctrl(layer->sbiod_sb, LBER_SB_OPT_GET_FD, &fd) == 1) {
		struct pollfd one = { .fd = fd, .events = events };
		uint64_t now = cs_boot_ms();
		uint64_t left = patient_until_ms > now ? patient_until_ms - now : 0;
		/* What interrupted it, or made it fail, is for the next read or write to see. */
		if (left > 0 && poll(&one, 1, left > INT_MAX ? INT_MAX : (int)left) != 0)
			return true;
		error = ETIMEDOUT;
	}
	errno = error;
	return false;
}

static ber_slen_t patient_read(Sockbuf_IO_Desc *layer, void *data, ber_len_t n)
{
	ber_slen_t r = LBER_SBIOD_READ_NEXT(layer, data, n);
	while (r < 0 && is_worth_waiting(layer, POLLIN))
		r = LBER_SBIOD_READ_NEXT(layer, data, n);
	return r;
}

static ber_slen_t patient_write(Sockbuf_IO_Desc *layer, void *data, ber_len_t n)
{
	ber_slen_t r = LBER_SBIOD_WRITE_NEXT(layer, data, n);
	while (r < 0 && is_worth_waiting(layer, POLLOUT))
		r = LBER_SBIOD_WRITE_NEXT(layer, data, n);
	return r;
}

static int pass_on(Sockbuf_IO_Desc *layer, int option, void *arg)
{
	return LBER_SBIOD_CTRL_NEXT(layer, option, arg);
}

int conn_add_patience(Sockbuf *sb)
{
	static Sockbuf_IO layer = { .sbi_ctrl = pass_on, .sbi_read = patient_read, .sbi_write = patient_write };
	return ber_sockbuf_add_io(sb, &layer, LEVEL, NULL) == 0 ? 0 : -1;
}

void conn_set_patience(uint64_t until_ms)
{
	patient_until_ms = until_ms;
}
