/* SPDX-License-Identifier: Apache-2.0 */
/* One small foundation, as LDIF and as a file of people and groups. */
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

#define TREE_LDIF \
	"dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n\n" \
	"dn: cn=countersign,dc=example,dc=org\nobjectClass: applicationProcess\nobjectClass: simpleSecurityObject\n" \
	"cn: countersign\nuserPassword: correct horse\n\n" \
	UNIT("people", "dc=example,dc=org") UNIT("groups", "dc=example,dc=org") UNIT("project", GROUPS) \
	PERSON("alice", "2001", "employeeNumber: 1001\nentryUUID: " UUID("1") "\n") \
	PERSON("alice-adm", "2002", "employeeNumber: 1001\nentryUUID: " UUID("2") "\n") \
	PERSON("bob", "2003", "employeeNumber: 1003\nentryUUID: " UUID("3") "\n") \
	PERSON("carol", "2004", "entryUUID: " UUID("4") "\n") \
	PERSON("lena", "2005", "employeeType: locked\nentryUUID: " UUID("5") "\n") \
	GROUP("tomcat", PROJECTS, OWNER("alice") OWNER("bob") MEMBER("carol")) \
	GROUP("httpd", PROJECTS, OWNER("bob") MEMBER("alice") MEMBER("carol")) \
	GROUP("infra", GROUPS, MEMBER("carol")) \
	GROUP("approvers", GROUPS, MEMBER("bob")) \
	GROUP("approvers", PEOPLE, MEMBER("alice"))

#define TREE_FILE                                                                                                      \
	"person alice { uid = 2001 id = \"" UUID(                                                                      \
		"1") "\" dn = \"uid=alice," PEOPLE "\" human = \"1001\" }\n"                                           \
		     "person alice-adm { uid = 2002 id = \"" UUID(                                                     \
			     "2") "\" dn = \"uid=alice-adm," PEOPLE "\" human = \"1001\" }\n"                          \
				  "person bob { uid = 2003 id = \"" UUID(                                              \
					  "3") "\" dn = \"uid=bob," PEOPLE "\" human = \"1003\" }\n"                   \
					       "person carol { uid = 2004 id = \"" UUID(                               \
						       "4") "\" dn = \"uid=carol," PEOPLE "\" }\n"                     \
							    "person lena { uid = 2005 id = \"" UUID(                   \
								    "5") "\" dn = \"uid=lena," PEOPLE                  \
									 "\" locked = true }\n"                        \
									 "group tomcat { dn = \"cn=tomcat," PROJECTS   \
									 "\" attribute cn { value = \"tomcat\" }\n"    \
									 "  listed owner { people = { alice, bob } } " \
									 "listed member { people = { carol } } }\n"    \
									 "group httpd { dn = \"cn=httpd," PROJECTS     \
									 "\" attribute cn { value = \"httpd\" }\n"     \
									 "  listed owner { people = { bob } } listed " \
									 "member { people = { alice, carol } } }\n"    \
									 "group infra { dn = \"cn=infra," GROUPS       \
									 "\" attribute cn { value = \"infra\" } "      \
									 "listed member { people = { carol } } }\n"    \
									 "group approvers { dn = "                     \
									 "\"cn=approvers," GROUPS                      \
									 "\" attribute cn { value = \"approvers\" } "  \
									 "listed member { people = { bob } } }\n"      \
									 "group approvers2 { dn = "                    \
									 "\"cn=approvers," PEOPLE                      \
									 "\" attribute cn { value = \"approvers\" } "  \
									 "listed member { people = { alice } } }\n"

#endif
