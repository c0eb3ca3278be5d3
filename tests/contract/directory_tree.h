/* SPDX-License-Identifier: Apache-2.0 */
/* One small foundation, as LDIF (for slapd, and read as it is) and as a file of people and groups. */
#ifndef CS_TEST_DIRECTORY_TREE_H
#define CS_TEST_DIRECTORY_TREE_H

#define PEOPLE "ou=people,dc=example,dc=org"
#define GROUPS "ou=groups,dc=example,dc=org"
#define PROJECTS "ou=project," GROUPS
#define UUID(N) "00000000-0000-4000-8000-00000000000" N

#define UNIT(OU, ABOVE) "dn: ou=" OU "," ABOVE "\nobjectClass: organizationalUnit\nou: " OU "\n\n"
#define PERSON(UID, NUMBER, REST)                                                                                      \
	"dn: uid=" UID "," PEOPLE                                                                                      \
	"\nobjectClass: inetOrgPerson\nobjectClass: posixAccount\nobjectClass: shadowAccount\n"                        \
	"uid: " UID "\ncn: " UID "\nsn: " UID "\nuidNumber: " NUMBER "\ngidNumber: " NUMBER                            \
	"\nhomeDirectory: /home/" UID "\n" REST "\n"
#define MEMBER(UID) "member: uid=" UID "," PEOPLE "\n"
#define OWNER(UID) "owner: uid=" UID "," PEOPLE "\n"
#define GROUP(CN, BELOW, REST) "dn: cn=" CN "," BELOW "\nobjectClass: groupOfNames\ncn: " CN "\n" REST "\n"

#define NETGROUPS "ou=netgroup,dc=example,dc=org"
#define NETGROUP(CN, REST) "dn: cn=" CN "," NETGROUPS "\nobjectClass: nisNetgroup\ncn: " CN "\n" REST "\n"
#define TRIPLE(T) "nisNetgroupTriple: " T "\n"
#define NESTED(CN) "memberNisNetgroup: " CN "\n"

/* d0 names d1 and so on to d8, which is as deep as it goes from d0 and too deep from d. */
#define NETGROUPS_LDIF \
	UNIT("netgroup", "dc=example,dc=org") \
	NETGROUP("release", TRIPLE("(Rel1,-,-)") TRIPLE("(rel2.Example.org,,)") TRIPLE("(-,alice,)") NESTED("spare")) \
	NETGROUP("spare", TRIPLE("(rel3,-,)") TRIPLE("(REL1,bob,)") NESTED("release") NESTED("SPARE")) \
	NETGROUP("any", TRIPLE("(,-,)")) NETGROUP("empty", "") NETGROUP("broken", TRIPLE("(rel1,,)") NESTED("ghost")) \
	NETGROUP("d", NESTED("d0")) NETGROUP("d0", NESTED("d1")) NETGROUP("d1", NESTED("d2")) \
	NETGROUP("d2", NESTED("d3")) NETGROUP("d3", NESTED("d4")) NETGROUP("d4", NESTED("d5")) \
	NETGROUP("d5", NESTED("d6")) NETGROUP("d6", NESTED("d7")) NETGROUP("d7", NESTED("d8")) \
	NETGROUP("d8", TRIPLE("(deep,-,)"))

#define NETGROUP_IN_FILE(CN, REST) "netgroup " CN " { dn = \"cn=" CN "," NETGROUPS "\" " REST " }\n"
#define NETGROUPS_FILE \
	NETGROUP_IN_FILE("release", "hosts = { Rel1, rel2.Example.org } netgroups = spare") \
	NETGROUP_IN_FILE("spare", "hosts = { rel3, REL1 } netgroups = { release, SPARE }") \
	NETGROUP_IN_FILE("any", "hosts = \"*\"") NETGROUP_IN_FILE("empty", "") \
	NETGROUP_IN_FILE("broken", "hosts = rel1 netgroups = ghost") \
	NETGROUP_IN_FILE("d", "netgroups = d0") NETGROUP_IN_FILE("d0", "netgroups = d1") \
	NETGROUP_IN_FILE("d1", "netgroups = d2") NETGROUP_IN_FILE("d2", "netgroups = d3") \
	NETGROUP_IN_FILE("d3", "netgroups = d4") NETGROUP_IN_FILE("d4", "netgroups = d5") \
	NETGROUP_IN_FILE("d5", "netgroups = d6") NETGROUP_IN_FILE("d6", "netgroups = d7") \
	NETGROUP_IN_FILE("d7", "netgroups = d8") NETGROUP_IN_FILE("d8", "hosts = deep")

#define TREE_LDIF \
	"dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n\n" \
	"dn: cn=countersign,dc=example,dc=org\nobjectClass: applicationProcess\nobjectClass: simpleSecurityObject\n" \
	"cn: countersign\nuserPassword: correct horse\n\n" \
	UNIT("people", "dc=example,dc=org") UNIT("groups", "dc=example,dc=org") UNIT("project", GROUPS) \
	PERSON("alice", "2001", "employeeNumber: 1001\nentryUUID: " UUID("1") "\n") \
	PERSON("alice-adm", "2002", "employeeNumber: 1001\nentryUUID: " UUID("2") "\n") \
	PERSON("bob", "2003", "employeeNumber: 1003\nentryUUID: " UUID("3") "\n") \
	PERSON("carol", "2004", "entryUUID: " UUID("4") "\n") \
	PERSON("lena", "2005", "employeeType: locked\npwdAccountLockedTime: 000001010000Z\nentryUUID: " \
		UUID("5") "\n") \
	GROUP("tomcat", PROJECTS, "businessCategory: wg\nbusinessCategory: active\n" \
		OWNER("alice") OWNER("bob") MEMBER("carol")) \
	GROUP("httpd", PROJECTS, OWNER("bob") MEMBER("alice") MEMBER("carol")) \
	GROUP("infra", GROUPS, MEMBER("carol")) \
	GROUP("approvers", GROUPS, MEMBER("bob")) \
	GROUP("approvers", PEOPLE, MEMBER("alice")) \
	NETGROUPS_LDIF

#define PERSON_IN_FILE(NAME, UID, N, REST) \
	"person " NAME " { uid = " UID " id = \"" UUID(N) "\" dn = \"uid=" NAME "," PEOPLE "\"" REST " }\n"
#define GROUP_IN_FILE(NAME, CN, BASE, REST) \
	"group " NAME " { dn = \"cn=" CN "," BASE "\" attribute cn { value = \"" CN "\" }\n" REST " }\n"
#define TREE_FILE \
	PERSON_IN_FILE("alice", "2001", "1", " human = \"1001\"") \
	PERSON_IN_FILE("alice-adm", "2002", "2", " human = \"1001\"") \
	PERSON_IN_FILE("bob", "2003", "3", " human = \"1003\"") \
	PERSON_IN_FILE("carol", "2004", "4", "") \
	PERSON_IN_FILE("lena", "2005", "5", " locked = true") \
	GROUP_IN_FILE("tomcat", "tomcat", PROJECTS, "attribute businessCategory { value = { wg, active } }\n" \
		"  listed owner { people = { alice, bob } } listed member { people = { carol } }") \
	GROUP_IN_FILE("httpd", "httpd", PROJECTS, \
		"  listed owner { people = { bob } } listed member { people = { alice, carol } }") \
	GROUP_IN_FILE("infra", "infra", GROUPS, "listed member { people = { carol } }") \
	GROUP_IN_FILE("approvers", "approvers", GROUPS, "listed member { people = { bob } }") \
	GROUP_IN_FILE("approvers2", "approvers", PEOPLE, "listed member { people = { alice } }") \
	NETGROUPS_FILE

#endif
