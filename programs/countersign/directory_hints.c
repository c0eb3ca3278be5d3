/* SPDX-License-Identifier: Apache-2.0 */
/* The table of sentences for countersign directory test. */
#include "directory_hints.h"
#include "clock.h"
#include "command.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

enum { DAY_S = 24 * 3600 };

/* {name} is a fact of below, or what the configuration says for the option of this name. */
static const struct {
	const char *trouble;
	const char *sentence;
} sentences[] = {
	{"name", "DNS does not know {about}; write a name into uri that this host can look up"},
	{"srv",
	 "DNS does not name the servers of {srv_domain}: {about}; look at the SRV records _ldaps._tcp (with starttls "
	 "_ldap._tcp) of that domain, or write the servers into uri"},
	{"refused", "nothing listens at {about}; start the server, or correct the host or the port in uri"},
	{"silent",
	 "no answer within {deadline} ({about}); a firewall between, a server that hangs, or with keytab a KDC that "
	 "does not answer"},
	{"socket",
	 "there is no socket {about}, or the daemon's user may not use it; write the path into uri with each '/' as "
	 "%2F"},
	{"starttls",
	 "the server offers no StartTLS; set up TLS there, or use uri = \"ldaps://{host}\" without starttls"},
	{"certificate_over", "the server's certificate ended on {until}; renew it there"},
	{"certificate_early",
	 "the server's certificate is valid only from {from} on; look at the clocks of both hosts"},
	{"certificate_name",
	 "the server's certificate is for {names}, not for {host}; write one of these names into uri, or "
	 "give the server a certificate with this name"},
	{"certificate_self",
	 "the server's certificate is signed by itself ({issuer}); if it is the right one, ca_file has to "
	 "hold it, and it has to be marked as a CA; better is one that your CA signed"},
	{"certificate_ca", "the server's certificate was issued by {issuer}, which {ca_file} does not lead to; put the "
			   "certificate of that CA into ca_file"},
	{"certificate_soon", "the server's certificate ends in {days} days, on {until}; renew it there"},
	{"tls", "TLS failed: {about}; does the server want a client certificate (tls_certificate, tls_key)?"},
	{"own_files", "{about}; the daemon's user has to be able to read {ca_file}, and tls_key has to be the key of "
		      "tls_certificate"},
	{"password", "the server refuses the password or does not know {bind_dn}; put the right password into "
		     "{bind_secret_file}"},
	{"bind", "the server refuses the bind: {about}"},
	{"no_gssapi", "keytab needs Kerberos for SASL, which is not installed; on Debian: apt install "
		      "libsasl2-modules-gssapi-mit"},
	{"kerberos",
	 "Kerberos failed: {about}; look at {keytab} with klist -k, at /etc/krb5.conf, and whether the realm knows "
	 "ldap/{host}"},
	{"stronger", "the server wants more protection for this bind: {about}; use ldaps:// or starttls = true"},
	{"anonymous",
	 "the bind succeeded, but the server takes us for nobody; give the account a mapping there (authz-regexp "
	 "for SASL), or use bind_dn"},
	{"identity", "the server takes us for {about} and not for {bind_dn}; write that into bind_dn if it is meant"},
	{"plain", "nothing is encrypted; that is only for tests on this host: set starttls = true"},
	{"search", "a search failed: {about}"},
	{"people_base",
	 "{people_base} is not there, or the bind account may not read it; the server's nearest naming context is "
	 "\"{about}\": correct people_base, or give the account the right to read below it"},
	{"nobody",
	 "nothing below {people_base} matches {about}, or the bind account may not read it; correct people_base, "
	 "schema or people_filter"},
	{"size_limit",
	 "the server gives this account only {about} entries of a search; lists of people would be doubt: raise "
	 "its size limit there"},
	{"login_attribute", "login_attribute {about}: no entry has it, or the bind account may not read it"},
	{"uid_attribute",
	 "uid_attribute {about}: no entry has it, or the bind account may not read it; then nobody's number can "
	 "be compared"},
	{"id_attribute",
	 "id_attribute {about}: no entry has it, or the bind account may not read it; correct id_attribute or "
	 "schema, or let the DN stand in with id_attribute = dn"},
	{"person_attribute",
	 "person_attribute {about}: no entry has it, or the bind account may not read it; then two accounts "
	 "of one human count as two"},
	{"member_of",
	 "member_of {about}: no entry has it, or the bind account may not read it; then nobody is in any group"},
	{"some",
	 "some entries do not have {about}; whoever is without it is no person to the daemon, or with person_attribute "
	 "counts by the account alone"},
	{"locked_filter",
	 "locked_filter {about}: the server knows none of these attributes, so the filter locks nobody out"},
	{"accounts",
	 "the server has no attribute by which a locked account could be known; say in locked_filter what locks one "
	 "here"},
	{"groups_base",
	 "groups_base is not there, or the bind account may not read it; the server's nearest naming context is "
	 "\"{about}\""},
	{"no_groups", "no groups below \"{about}\", or the bind account may not read them"},
	{"schema", "what is there looks like another kind of directory: schema = {about}"},
	{"replica",
	 "mode = replica needs syncrepl, which this server does not offer (OpenLDAP: the overlay syncprov); load it "
	 "there, or use mode = lookup"},
};

void cs_uri_host(const char *uri, char ret_host[256])
{
	const char *at = strstr(uri, "://");
	at = at != NULL ? at + 3 : uri;
	bool bracket = *at == '[';
	size_t n = bracket ? strcspn(++at, "]") : strcspn(at, ":/");
	n = n < 256 ? n : 255;
	memcpy(ret_host, at, n);
	ret_host[n] = '\0';
}

int64_t cs_certificate_days(const struct cs_hint *hint)
{
	int64_t left = hint->certificate->until_s - hint->now_s;
	return left < 0 ? -1 : left / DAY_S;
}

const char *cs_certificate_trouble(const struct cs_hint *hint, bool refused)
{
	const struct cs_certificate *c = hint->certificate;
	if (c->until_s < hint->now_s)
		return "certificate_over";
	if (c->from_s > hint->now_s)
		return "certificate_early";
	if (!refused)
		return cs_certificate_days(hint) < CS_CERTIFICATE_DAYS ? "certificate_soon" : "";
	if (!c->for_host)
		return "certificate_name";
	return c->self_signed ? "certificate_self" : "certificate_ca";
}

/* --- Filling in --- */

static void put_names(struct cs_buf *out, const struct cs_certificate *certificate)
{
	for (size_t i = 0; i < certificate->n_names; i++)
		cs_put(out, "%s%s", i == 0 ? "" : i + 1 < certificate->n_names ? ", " : " and ", certificate->names[i]);
	if (certificate->n_names == 0)
		cs_put(out, "no host at all");
}

static void put_day(struct cs_buf *out, int64_t seconds)
{
	char text[21];
	cs_time_text(seconds > 0 ? (uint64_t)seconds * 1000 : 0, text);
	text[10] = '\0';
	cs_put(out, "%s", text);
}

/* True when it is one of the certificate's. */
static bool put_of_certificate(struct cs_buf *out, const struct cs_hint *hint, const char *name)
{
	const struct cs_certificate *c = hint->certificate;
	if (c == NULL)
		return false;
	if (strcmp(name, "issuer") == 0)
		cs_put(out, "%s", c->issuer);
	else if (strcmp(name, "names") == 0)
		put_names(out, c);
	else if (strcmp(name, "until") == 0)
		put_day(out, c->until_s);
	else if (strcmp(name, "from") == 0)
		put_day(out, c->from_s);
	else if (strcmp(name, "days") == 0)
		cs_put(out, "%lld", (long long)cs_certificate_days(hint));
	else
		return false;
	return true;
}

static void put_fact(struct cs_buf *out, const struct cs_hint *hint, const char *name)
{
	char host[256], span[16];
	if (strcmp(name, "about") == 0) {
		cs_put(out, "%s", hint->about);
	} else if (strcmp(name, "host") == 0) {
		cs_uri_host(hint->uri, host);
		cs_put(out, "%s", host);
	} else if (strcmp(name, "deadline") == 0) {
		cs_span_text(hint->settings->deadline_ms, span);
		cs_put(out, "%s", span);
	} else if (!put_of_certificate(out, hint, name)) {
		cs_put(out, "%s", cs_conf_str(hint->section, name, name));
	}
}

static void fill_in(struct cs_buf *out, const char *sentence, const struct cs_hint *hint)
{
	while (*sentence != '\0') {
		size_t n = strcspn(sentence, "{");
		char name[32] = "";
		cs_buf_put(out, sentence, n);
		sentence += n;
		if (*sentence == '\0')
			return;
		n = strcspn(sentence, "}");
		if (n - 1 < sizeof(name))
			memcpy(name, sentence + 1, n - 1);
		put_fact(out, hint, name);
		sentence += n + (sentence[n] == '}' ? 1 : 0);
	}
}

char *cs_hint_text(const char *trouble, const struct cs_hint *hint)
{
	struct cs_buf out;
	char *text = NULL;
	cs_buf_init(&out, CS_OUTPUT_MAX);
	for (size_t i = 0; i < CS_COUNT(sentences); i++)
		if (strcmp(sentences[i].trouble, trouble) == 0)
			fill_in(&out, sentences[i].sentence, hint);
	if (cs_buf_error(&out) == 0)
		text = strndup(out.len > 0 ? (const char *)out.data : "", out.len);
	cs_buf_clear(&out);
	return text;
}
