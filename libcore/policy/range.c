/* SPDX-License-Identifier: Apache-2.0 */
/* Address ranges. Addresses are numbers: no name is ever looked up, and an IPv4 address inside IPv6 is the IPv4 one. */
#include "policy_internal.h"

#include <arpa/inet.h>
#include <string.h>

#define V4_BITS     32u
#define V6_BITS     128u
#define MAPPED_BITS 96u /* of ::ffff:0:0/96, in which IPv4 addresses stand */

struct address {
	uint8_t family;
	uint8_t bytes[16];
};

static bool is_mapped(const uint8_t bytes[16])
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(bytes, prefix, sizeof(prefix)) == 0;
}

/* An address as it is written; one inside IPv6 stays there. */
static bool read_address(const char *text, struct address *ret_address)
{
	*ret_address = (struct address){.family = AF_INET};
	if (inet_pton(AF_INET, text, ret_address->bytes) == 1)
		return true;
	ret_address->family = AF_INET6;
	return inet_pton(AF_INET6, text, ret_address->bytes) == 1;
}

static void unmap(struct address *address)
{
	if (address->family != AF_INET6 || !is_mapped(address->bytes))
		return;
	address->family = AF_INET;
	memmove(address->bytes, address->bytes + 12, 4);
	memset(address->bytes + 4, 0, 12);
}

/* Are all bits of an address from this one on zero? */
static bool zero_from(const uint8_t bytes[16], unsigned bits)
{
	for (unsigned i = bits; i < V6_BITS; i++) {
		if (bytes[i / 8] & 0x80u >> i % 8)
			return false;
	}
	return true;
}

/* "0" to "128", without zeros before it. */
static bool read_bits(const char *text, unsigned most, unsigned *ret_bits)
{
	size_t len = strspn(text, "0123456789");
	unsigned bits = 0;

	if (len == 0 || len > 3 || text[len] || (len > 1 && text[0] == '0'))
		return false;
	for (; *text; text++)
		bits = bits * 10 + (unsigned)(*text - '0');
	*ret_bits = bits;
	return bits <= most;
}

static const char *parse(const char *text, struct cs_range *range)
{
	char name[INET6_ADDRSTRLEN] = "";
	const char *slash = strchrnul(text, '/');
	struct address address;
	unsigned bits;

	if ((size_t)(slash - text) >= sizeof(name))
		return "it is no address";
	memcpy(name, text, (size_t)(slash - text));
	if (!read_address(name, &address))
		return "it is no address; write \"192.0.2.0/24\", \"2001:db8::/32\" or local";
	bits = address.family == AF_INET ? V4_BITS : V6_BITS;
	if (*slash && !read_bits(slash + 1, bits, &bits))
		return "the length behind the '/' is 0 to 32 for IPv4 and 0 to 128 for IPv6";
	if (!zero_from(address.bytes, bits))
		return "the address has bits beyond the length of the range";
	if (address.family == AF_INET6 && bits >= MAPPED_BITS && is_mapped(address.bytes)) {
		unmap(&address);
		bits -= MAPPED_BITS;
	}
	range->family = address.family;
	range->bits = (uint8_t)bits;
	memcpy(range->address, address.bytes, sizeof(range->address));
	return NULL;
}

int cs_range_parse(const char *text, struct cs_range *ret_range, const char **ret_what)
{
	struct cs_range range = {.local = strcmp(text, "local") == 0};

	*ret_what = range.local ? NULL : parse(text, &range);
	if (*ret_what)
		return CS_ECONF;
	*ret_range = range;
	return 0;
}

/* Who logs in over a link-local address comes with its zone behind it: "fe80::1%eth0". */
static bool read_peer(const char *peer, struct address *ret_address)
{
	char name[INET6_ADDRSTRLEN] = "";
	const char *zone = strchrnul(peer, '%');

	if ((size_t)(zone - peer) >= sizeof(name) || (*zone && !zone[1]))
		return false;
	memcpy(name, peer, (size_t)(zone - peer));
	if (!read_address(name, ret_address) || (*zone && ret_address->family != AF_INET6))
		return false;
	unmap(ret_address);
	return true;
}

int cs_range_holds(const struct cs_range *range, const char *peer)
{
	struct address address;

	if (!peer || !*peer)
		return range->local;
	if (!read_peer(peer, &address))
		return CS_EDOUBT;
	if (range->local || address.family != range->family)
		return 0;
	for (unsigned i = 0; i < range->bits; i++) {
		if ((address.bytes[i / 8] ^ range->address[i / 8]) & 0x80u >> i % 8)
			return 0;
	}
	return 1;
}
