/* SPDX-License-Identifier: Apache-2.0 */
/* countersign doctor --coverage: what a file's capabilities come to. */
#include "doctor.h"
#include "mem.h"
#include "output.h"

/* By their numbers in linux/capability.h; those that make root of who has them, and the commonest others. */
static const struct {
	unsigned bit;
	const char *name;
	bool root;
} capabilities[] = {
	{ 0, "cap_chown", true },
	{ 1, "cap_dac_override", true },
	{ 2, "cap_dac_read_search", true },
	{ 3, "cap_fowner", true },
	{ 6, "cap_setgid", true },
	{ 7, "cap_setuid", true },
	{ 8, "cap_setpcap", true },
	{ 10, "cap_net_bind_service", false },
	{ 12, "cap_net_admin", false },
	{ 13, "cap_net_raw", false },
	{ 16, "cap_sys_module", true },
	{ 17, "cap_sys_rawio", true },
	{ 18, "cap_sys_chroot", true },
	{ 19, "cap_sys_ptrace", true },
	{ 21, "cap_sys_admin", true },
	{ 27, "cap_mknod", true },
	{ 31, "cap_setfcap", true },
	{ 39, "cap_bpf", true },
};

void cs_put_capabilities(struct cs_buf *out, uint64_t bits, bool *ret_root)
{
	size_t begin = out->len;
	bool root = false;

	for (unsigned bit = 0; bit < 64; bit++) {
		size_t i = 0;

		if ((bits >> bit & 1) == 0)
			continue;
		while (i < CS_COUNT(capabilities) && capabilities[i].bit != bit)
			i++;
		root = root || i == CS_COUNT(capabilities) || capabilities[i].root;
		cs_put(out, "%s", out->len > begin ? ", " : "");
		if (i < CS_COUNT(capabilities))
			cs_put(out, "%s", capabilities[i].name);
		else
			cs_put(out, "cap_%u", bit);
	}
	*ret_root = root;
}
